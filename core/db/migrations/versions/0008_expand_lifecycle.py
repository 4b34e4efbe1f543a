"""Stages whose time stands still, and requests that ask again what an earlier one asked.

The new columns are nullable: the previous release goes on writing without them.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE request_stages ADD COLUMN paused_at TIMESTAMP WITH TIME ZONE")
    op.execute("ALTER TABLE requests ADD COLUMN reopens INTEGER")
