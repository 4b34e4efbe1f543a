"""When a requester last reminded the people who are asked.

Nullable and without a default: the previous release goes on writing without it.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE requests ADD COLUMN nudged_at TIMESTAMP WITH TIME ZONE")
