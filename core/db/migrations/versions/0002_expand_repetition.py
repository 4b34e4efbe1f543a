"""A key remembers that its call was carried out, in the transaction that did it; see core/idempotency.

A delivery counts how often it was only asked to wait, which is no failure.

The gate finds the running operations on an agent by its name, however long the history of decisions is.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE idempotency_keys "
        "ADD COLUMN carried_out TEXT, ADD COLUMN carried_out_subject UUID, ADD COLUMN attempt UUID"
    )
    op.execute("ALTER TABLE deliveries ADD COLUMN throttled INTEGER DEFAULT '0' NOT NULL")
    op.execute("CREATE INDEX ix_decisions_running ON decisions (tenant_id, resource_name) WHERE operation = 'running'")
