"""Dead deliveries may be dismissed, by whom and why.

The previous release dismisses none, and goes on with its own.
"""

from alembic import op

revision = "0210"
down_revision = "0200"
branch_labels = None
depends_on = None

STATES = "state IN ('pending', 'done', 'dead', 'dismissed')"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN dismissed_by TEXT, ADD COLUMN dismissed_because TEXT")
    op.execute("ALTER TABLE deliveries DROP CONSTRAINT ck_deliveries_state")
    op.execute(f"ALTER TABLE deliveries ADD CONSTRAINT ck_deliveries_state CHECK ({STATES}) NOT VALID")
    op.execute("ALTER TABLE deliveries VALIDATE CONSTRAINT ck_deliveries_state")
