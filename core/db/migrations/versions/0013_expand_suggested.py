"""Whom a request's people are told of first.

With a default, so that the previous release goes on writing without it.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE requests ADD COLUMN suggested UUID[] DEFAULT '{}' NOT NULL")
