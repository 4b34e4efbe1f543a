"""Sums that are updated all day leave room on their pages, so that an update touches no index.

Of the updates of `cost_rollups` nine in ten wrote into both of its indexes, since the new row found no place beside the
old one; what is there already is rewritten as it is updated. The previous release goes on as before.
"""

from alembic import op

revision = "0092"
down_revision = "0085"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE cost_rollups SET (fillfactor = 50);

ALTER TABLE budget_periods SET (fillfactor = 50);
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
