"""Usage is written by the thousand, and is not tied to its tenant by a key that would be asked at each row.

The previous release writes as before: what is dropped only ever refused.
"""

from alembic import op

revision = "0051"
down_revision = "0061"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE usage_ledger DROP CONSTRAINT fk_usage_ledger_tenants;

ALTER TABLE usage_keys DROP CONSTRAINT fk_usage_keys_tenants;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
