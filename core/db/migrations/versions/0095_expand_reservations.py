"""What platforms have reserved of budgets before they spend it.

The table is new: the previous release reserves nothing, and counts what is told as before.
"""

from alembic import op

revision = "0095"
down_revision = "0086"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE budget_reservations (
    tenant_id TEXT NOT NULL,
    usage_id TEXT NOT NULL,
    project TEXT NOT NULL,
    agent TEXT NOT NULL,
    meter_class TEXT NOT NULL,
    amount NUMERIC NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_budget_reservations PRIMARY KEY (tenant_id, usage_id),
    CONSTRAINT ck_budget_reservations_amount CHECK (amount > 0),
    CONSTRAINT fk_budget_reservations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE budget_reservations ENABLE ROW LEVEL SECURITY;

ALTER TABLE budget_reservations FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON budget_reservations
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON budget_reservations TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
