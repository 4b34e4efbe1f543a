"""Workflow automation: rules, what they did, and which rules stand behind a subject.

The tables are new and the new column may be NULL: the previous release goes on without them.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE tickets ADD COLUMN subject_type TEXT;

ALTER TABLE tickets ADD CONSTRAINT ck_tickets_subject_type CHECK (subject_type IN ('request', 'bypass', 'ticket'));

CREATE TABLE origins (
    tenant_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    rules TEXT[] NOT NULL,
    kept_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_origins PRIMARY KEY (tenant_id, subject),
    CONSTRAINT fk_origins_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE automation_rules (
    tenant_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    paused_at TIMESTAMP WITH TIME ZONE,
    paused_by TEXT DEFAULT '' NOT NULL,
    limit_told_at TIMESTAMP WITH TIME ZONE,
    stop_told_version TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_automation_rules PRIMARY KEY (tenant_id, rule),
    CONSTRAINT fk_automation_rules_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE automation_runs (
    tenant_id TEXT NOT NULL,
    run_id UUID NOT NULL,
    rule TEXT NOT NULL,
    version TEXT NOT NULL,
    event_id UUID NOT NULL,
    event_type TEXT NOT NULL,
    subject TEXT NOT NULL,
    result TEXT NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    chain TEXT[] DEFAULT '{}' NOT NULL,
    ran_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT uq_automation_runs_tenant_id_rule_event_id UNIQUE (tenant_id, rule, event_id),
    CONSTRAINT ck_automation_runs_result CHECK (result IN ('fired', 'rehearsed', 'unclear', 'suppressed', 'stopped')),
    CONSTRAINT pk_automation_runs PRIMARY KEY (tenant_id, run_id),
    CONSTRAINT fk_automation_runs_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_automation_runs_recent ON automation_runs (tenant_id, rule, ran_at);

CREATE TABLE automation_effects (
    tenant_id TEXT NOT NULL,
    effect_id UUID NOT NULL,
    run_id UUID NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    system TEXT DEFAULT '' NOT NULL,
    filled JSONB NOT NULL,
    delivery_id UUID,
    done_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_automation_effects PRIMARY KEY (tenant_id, effect_id),
    CONSTRAINT fk_automation_effects_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_automation_effects_run ON automation_effects (tenant_id, run_id);

ALTER TABLE origins ENABLE ROW LEVEL SECURITY;

ALTER TABLE origins FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON origins
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON origins TO countersign_app;

ALTER TABLE automation_rules ENABLE ROW LEVEL SECURITY;

ALTER TABLE automation_rules FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON automation_rules
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON automation_rules TO countersign_app;

ALTER TABLE automation_runs ENABLE ROW LEVEL SECURITY;

ALTER TABLE automation_runs FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON automation_runs
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON automation_runs TO countersign_app;

ALTER TABLE automation_effects ENABLE ROW LEVEL SECURITY;

ALTER TABLE automation_effects FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON automation_effects
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON automation_effects TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
