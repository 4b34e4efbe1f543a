"""At night only those months of the ledger are read whose sums are others than those that agreed with it.

The previous release compares everything and keeps nothing here.
"""

from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE cost_month_checks (
    tenant_id TEXT NOT NULL,
    month DATE NOT NULL,
    digest TEXT NOT NULL,
    lines BIGINT NOT NULL,
    compared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_cost_month_checks PRIMARY KEY (tenant_id, month),
    CONSTRAINT fk_cost_month_checks_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE cost_month_checks ENABLE ROW LEVEL SECURITY;

ALTER TABLE cost_month_checks FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON cost_month_checks
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON cost_month_checks TO countersign_app;

ALTER TABLE cost_checks ADD COLUMN months TEXT[] NOT NULL DEFAULT '{}';
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
