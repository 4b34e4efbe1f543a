"""Which note tells of a delivery's event, once it is known to be there.

The column stays empty under the previous release, which looks for no note but the delivery's own.
"""

from alembic import op

revision = "0100"
down_revision = "0099"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN told_as TEXT")
