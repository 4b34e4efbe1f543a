"""What a throttle has let through of spending is kept beside what it has let through of governed actions.

The two are written under different locks. The column stays empty under the previous release, which keeps both in one.
"""

from alembic import op

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE budget_periods ADD COLUMN spending_paced_until TIMESTAMPTZ")
