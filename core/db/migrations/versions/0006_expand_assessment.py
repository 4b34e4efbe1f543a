"""What a request's circumstances meant under its policy when it was asked: risk, conditions, and the values they saw."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE requests ADD COLUMN assessment JSONB DEFAULT '{}' NOT NULL")
