"""Budgets, their periods with the counters, and the requests about them.

The tables are new: the previous release goes on without them.
"""

from alembic import op

revision = "0055"
down_revision = "0080"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE budgets (
    tenant_id TEXT NOT NULL,
    budget_id UUID NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    declared TEXT DEFAULT '' NOT NULL,
    declared_digest TEXT DEFAULT '' NOT NULL,
    project TEXT DEFAULT '' NOT NULL,
    agent TEXT DEFAULT '' NOT NULL,
    meter_class TEXT DEFAULT '' NOT NULL,
    amount NUMERIC NOT NULL,
    currency TEXT NOT NULL,
    schemes JSONB NOT NULL,
    roll_over TEXT NOT NULL,
    roll_over_cap NUMERIC,
    thresholds NUMERIC[] NOT NULL,
    has_forecast BOOLEAN NOT NULL,
    controls JSONB NOT NULL,
    owners UUID[] DEFAULT '{}' NOT NULL,
    changed BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_budgets PRIMARY KEY (tenant_id, budget_id),
    CONSTRAINT ck_budgets_amount CHECK (amount > 0),
    CONSTRAINT ck_budgets_roll_over CHECK (roll_over IN ('none', 'carry')),
    CONSTRAINT fk_budgets_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE UNIQUE INDEX ix_budgets_number ON budgets (tenant_id, number);

CREATE UNIQUE INDEX ix_budgets_declared ON budgets (tenant_id, declared) WHERE declared <> '';

CREATE INDEX ix_budgets_changed ON budgets (tenant_id, changed);

CREATE TABLE budget_periods (
    tenant_id TEXT NOT NULL,
    budget_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    spent NUMERIC DEFAULT '0' NOT NULL,
    charges BIGINT DEFAULT '0' NOT NULL,
    carried NUMERIC DEFAULT '0' NOT NULL,
    extra NUMERIC DEFAULT '0' NOT NULL,
    forgiven NUMERIC DEFAULT '0' NOT NULL,
    reset_at TIMESTAMP WITH TIME ZONE,
    alerted TEXT[] DEFAULT '{}' NOT NULL,
    throttle_per_hour INTEGER,
    paced_until TIMESTAMP WITH TIME ZONE,
    acknowledged_by UUID,
    acknowledged_at TIMESTAMP WITH TIME ZONE,
    closed_amount NUMERIC,
    closed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_budget_periods PRIMARY KEY (tenant_id, budget_id, starts_at),
    CONSTRAINT fk_budget_periods_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
) WITH (fillfactor = 50);

CREATE TABLE budget_requests (
    tenant_id TEXT NOT NULL,
    request_id UUID NOT NULL,
    budget_id UUID NOT NULL,
    wanted NUMERIC NOT NULL,
    lasts TEXT NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_budget_requests PRIMARY KEY (tenant_id, request_id),
    CONSTRAINT ck_budget_requests_lasts CHECK (lasts IN ('period', 'always')),
    CONSTRAINT fk_budget_requests_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_budget_requests_budget_id ON budget_requests (tenant_id, budget_id);

"""

TABLES = ("budgets", "budget_periods", "budget_requests")


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant_isolation ON {table}"
            " USING (tenant_id = current_setting('app.tenant_id', true))"
            " WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO countersign_app")
