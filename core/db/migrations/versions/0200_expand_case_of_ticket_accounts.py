"""Accounts in systems that take two spellings of one for the same, whatever their case.

Those that are there are compared as before, exactly, until they are set again.
"""

from alembic import op

revision = "0200"
down_revision = "0190"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE ticket_accounts ADD COLUMN ignores_case BOOLEAN NOT NULL DEFAULT false")
