"""When we last moved a ticket ourselves is kept beside it, so that no look takes our move for somebody else's.

The previous release leaves the columns as they are, and hears of its own moves as before.
"""

from alembic import op

revision = "0160"
down_revision = "0150"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE tickets ADD COLUMN moving_until TIMESTAMPTZ")
    op.execute("ALTER TABLE tickets ADD COLUMN has_arrived BOOLEAN DEFAULT true NOT NULL")
    op.execute("ALTER TABLE tickets ADD COLUMN is_look_due BOOLEAN DEFAULT false NOT NULL")
    op.execute("CREATE INDEX ix_tickets_look_due ON tickets (tenant_id, system) WHERE is_look_due")
