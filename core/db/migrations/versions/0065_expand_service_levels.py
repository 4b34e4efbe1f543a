"""Service levels: objectives, services, samples and what they add up to, alerts.

The tables are new: the previous release goes on without them.
"""

from alembic import op

revision = "0065"
down_revision = "0050"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE sla_objectives (
    tenant_id TEXT NOT NULL,
    objective_id UUID NOT NULL,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    objective JSONB NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    author_id UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sla_objectives PRIMARY KEY (tenant_id, objective_id),
    CONSTRAINT uq_sla_objectives_tenant_id_service_name UNIQUE (tenant_id, service, name),
    CONSTRAINT fk_sla_objectives_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE sla_services (
    tenant_id TEXT NOT NULL,
    service TEXT NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    heard_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sla_services PRIMARY KEY (tenant_id, service),
    CONSTRAINT fk_sla_services_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE sla_samples (
    tenant_id TEXT NOT NULL,
    service TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    position BIGINT GENERATED ALWAYS AS IDENTITY,
    response_time DOUBLE PRECISION NOT NULL,
    success BOOLEAN NOT NULL,
    CONSTRAINT pk_sla_samples PRIMARY KEY (tenant_id, service, at, position) INCLUDE (response_time),
    CONSTRAINT fk_sla_samples_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE sla_slices (
    tenant_id TEXT NOT NULL,
    grain TEXT NOT NULL,
    service TEXT NOT NULL,
    minute INTEGER NOT NULL,
    total BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    sketch BYTEA NOT NULL,
    shares BYTEA NOT NULL,
    CONSTRAINT pk_sla_slices PRIMARY KEY (tenant_id, grain, service, minute),
    CONSTRAINT ck_sla_slices_grain CHECK (grain IN ('minute', 'hour')),
    CONSTRAINT ck_sla_slices_failed CHECK (failed >= 0 AND failed <= total),
    CONSTRAINT fk_sla_slices_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE sla_alerts (
    tenant_id TEXT NOT NULL,
    alert_id UUID NOT NULL,
    service TEXT NOT NULL,
    objective TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    state TEXT NOT NULL,
    words TEXT NOT NULL,
    figures JSONB NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    clear_since TIMESTAMP WITH TIME ZONE,
    resolved_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_sla_alerts PRIMARY KEY (tenant_id, alert_id),
    CONSTRAINT ck_sla_alerts_state CHECK (state IN ('firing', 'resolved')),
    CONSTRAINT ck_sla_alerts_severity CHECK (severity IN ('critical', 'high', 'medium', 'low')),
    CONSTRAINT fk_sla_alerts_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_sla_alerts_started ON sla_alerts (tenant_id, started_at);

CREATE UNIQUE INDEX uq_sla_alerts_firing ON sla_alerts (tenant_id, service, objective) WHERE state = 'firing';

ALTER TABLE sla_objectives ENABLE ROW LEVEL SECURITY;

ALTER TABLE sla_objectives FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON sla_objectives
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON sla_objectives TO countersign_app;

ALTER TABLE sla_services ENABLE ROW LEVEL SECURITY;

ALTER TABLE sla_services FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON sla_services
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON sla_services TO countersign_app;

ALTER TABLE sla_samples ENABLE ROW LEVEL SECURITY;

ALTER TABLE sla_samples FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON sla_samples
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON sla_samples TO countersign_app;

ALTER TABLE sla_slices ENABLE ROW LEVEL SECURITY;

ALTER TABLE sla_slices FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON sla_slices
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON sla_slices TO countersign_app;

ALTER TABLE sla_alerts ENABLE ROW LEVEL SECURITY;

ALTER TABLE sla_alerts FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON sla_alerts
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON sla_alerts TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
