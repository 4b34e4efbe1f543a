"""An alert of an objective keeps the worst that it was; an incident keeps what was suspected of it.

Both stay empty for what was before, and under the previous release.
"""

from alembic import op

revision = "0170"
down_revision = "0101"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE sla_alerts ADD COLUMN worst JSONB")
    op.execute("ALTER TABLE incidents ADD COLUMN suspected JSONB")
