"""The ledger of usage and its sums.

The tables are new: the previous release goes on without them. The ledger is parted by month; its parts are made by a
function of the owner's, since the service's role makes no tables.
"""

from alembic import op

revision = "0050"
down_revision = "0060"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE usage_ledger (
    tenant_id TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    line_id UUID NOT NULL,
    usage_id TEXT NOT NULL,
    is_reversal BOOLEAN NOT NULL,
    project TEXT NOT NULL,
    agent TEXT NOT NULL,
    meter TEXT NOT NULL,
    meter_class TEXT NOT NULL,
    quantity NUMERIC NOT NULL,
    amount NUMERIC NOT NULL,
    currency TEXT NOT NULL,
    priced_amount NUMERIC NOT NULL,
    priced_currency TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_usage_ledger PRIMARY KEY (tenant_id, at, line_id),
    CONSTRAINT fk_usage_ledger_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
) PARTITION BY RANGE (at);

CREATE TABLE usage_keys (
    tenant_id TEXT NOT NULL,
    usage_id TEXT NOT NULL,
    digest BYTEA NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    corrected_by TEXT,
    CONSTRAINT pk_usage_keys PRIMARY KEY (tenant_id, usage_id),
    CONSTRAINT fk_usage_keys_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE usage_months (
    tenant_id TEXT NOT NULL,
    meter TEXT NOT NULL,
    month DATE NOT NULL,
    since DATE NOT NULL,
    quantity NUMERIC NOT NULL,
    CONSTRAINT pk_usage_months PRIMARY KEY (tenant_id, meter, month, since),
    CONSTRAINT fk_usage_months_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE cost_rollups (
    tenant_id TEXT NOT NULL,
    day DATE NOT NULL,
    project TEXT NOT NULL,
    agent TEXT NOT NULL,
    meter TEXT NOT NULL,
    meter_class TEXT NOT NULL,
    currency TEXT NOT NULL,
    quantity NUMERIC NOT NULL,
    amount NUMERIC NOT NULL,
    events BIGINT NOT NULL,
    CONSTRAINT pk_cost_rollups PRIMARY KEY (tenant_id, day, project, agent, meter, meter_class, currency),
    CONSTRAINT fk_cost_rollups_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_cost_rollups_project ON cost_rollups (tenant_id, project, day);

CREATE TABLE cost_checks (
    tenant_id TEXT NOT NULL,
    check_id UUID NOT NULL,
    checked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lines BIGINT NOT NULL,
    differing INTEGER NOT NULL,
    repaired BOOLEAN NOT NULL,
    differences JSONB NOT NULL,
    CONSTRAINT pk_cost_checks PRIMARY KEY (tenant_id, check_id),
    CONSTRAINT fk_cost_checks_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE SCHEMA IF NOT EXISTS countersign_parts;

CREATE FUNCTION countersign_usage_part(month DATE) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part TEXT := 'usage_ledger_' || to_char(month, 'YYYYMM');
BEGIN
    IF month IS NULL OR month <> date_trunc('month', month)::date OR month < '2000-01-01' OR month > '2199-12-01' THEN
        RAISE EXCEPTION 'no month: %', month;
    END IF;
    IF to_regclass('countersign_parts.' || part) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('usage_ledger parts', 0));
    IF to_regclass('countersign_parts.' || part) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE countersign_parts.%I (LIKE public.usage_ledger INCLUDING DEFAULTS)', part);
    EXECUTE format('ALTER TABLE countersign_parts.%I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE countersign_parts.%I FORCE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE public.usage_ledger ATTACH PARTITION countersign_parts.%I FOR VALUES FROM (%L) TO (%L)',
        part, month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
END $$;

REVOKE ALL ON FUNCTION countersign_usage_part(DATE) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION countersign_usage_part(DATE) TO countersign_app;
"""
EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
RIGHTS = {
    "usage_ledger": "SELECT, INSERT",  # it is only ever added to
    "usage_keys": EVERYTHING,
    "usage_months": EVERYTHING,
    "cost_rollups": EVERYTHING,
    "cost_checks": EVERYTHING,
}
ISOLATION = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;

ALTER TABLE {table} FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON {table}
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT {rights} ON {table} TO countersign_app;
"""


def upgrade() -> None:
    isolation = (ISOLATION.format(table=table, rights=rights) for table, rights in RIGHTS.items())
    for statements in (STATEMENTS, *isolation):
        for statement in statements.strip().split("\n\n"):  # asyncpg takes them one at a time
            op.execute(statement)
