"""Until when a named ticket stood last, and at most may where it took another's place after people had decided.

Both stay empty under the previous release, which lets such a ticket bound the approval by its own window alone.
"""

from alembic import op

revision = "0190"
down_revision = "0160"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE named_tickets ADD COLUMN stood_until TIMESTAMPTZ, ADD COLUMN at_most_until TIMESTAMPTZ")
