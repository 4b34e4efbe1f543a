"""What is known of the platform of a rollout: whether it has it at all, has the order to undo it, has said that it is undone.

Of what the previous release opens it is taken that it has begun: what is said of it is heard as that release hears it.
"""

from alembic import op

revision = "0150"
down_revision = "0170"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE rollouts ADD COLUMN known TEXT DEFAULT 'begun' NOT NULL"
        " CONSTRAINT ck_rollouts_known CHECK (known IN ('nothing', 'begun', 'undoing', 'undone'))"
    )
