"""A request can be amended: it has revisions, and people vote anew on what it asks then."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE requests ADD COLUMN revision INTEGER DEFAULT '1' NOT NULL")
    op.execute(
        "ALTER TABLE votes DROP CONSTRAINT pk_votes, "
        "ADD CONSTRAINT pk_votes PRIMARY KEY (tenant_id, request_id, stage, voter_id, digest)"
    )
