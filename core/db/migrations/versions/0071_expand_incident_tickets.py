"""Tickets may stand for incidents.

The previous release makes no such ticket, and goes on with its own.
"""

from alembic import op

revision = "0071"
down_revision = "0055"
branch_labels = None
depends_on = None

KINDS = "subject_type IN ('request', 'bypass', 'incident', 'ticket')"


def upgrade() -> None:
    op.execute("ALTER TABLE tickets DROP CONSTRAINT ck_tickets_subject_type")
    op.execute(f"ALTER TABLE tickets ADD CONSTRAINT ck_tickets_subject_type CHECK ({KINDS}) NOT VALID")
    op.execute("ALTER TABLE tickets VALIDATE CONSTRAINT ck_tickets_subject_type")
