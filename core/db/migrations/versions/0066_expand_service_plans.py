"""Plans that improve service levels, and actions with their effect.

The tables are new: the previous release goes on without them.
"""

from alembic import op

revision = "0066"
down_revision = "0075"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE sla_plans (
    tenant_id TEXT NOT NULL,
    plan_id UUID NOT NULL,
    number INTEGER NOT NULL,
    service TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    findings JSONB NOT NULL,
    before JSONB NOT NULL,
    author_id UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    adopted_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    note TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_sla_plans PRIMARY KEY (tenant_id, plan_id),
    CONSTRAINT uq_sla_plans_tenant_id_number UNIQUE (tenant_id, number),
    CONSTRAINT ck_sla_plans_state CHECK (state IN ('draft', 'adopted', 'done', 'dropped')),
    CONSTRAINT fk_sla_plans_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_sla_plans_service ON sla_plans (tenant_id, service, number);

CREATE TABLE sla_actions (
    tenant_id TEXT NOT NULL,
    action_id UUID NOT NULL,
    plan_id UUID,
    service TEXT NOT NULL,
    title TEXT NOT NULL,
    why TEXT DEFAULT '' NOT NULL,
    owner_id UUID,
    due_at TIMESTAMP WITH TIME ZONE,
    state TEXT NOT NULL,
    before JSONB,
    evidence TEXT DEFAULT '' NOT NULL,
    done_by UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_sla_actions PRIMARY KEY (tenant_id, action_id),
    CONSTRAINT ck_sla_actions_state CHECK (state IN ('open', 'done', 'dropped')),
    CONSTRAINT fk_sla_actions_sla_plans FOREIGN KEY(tenant_id, plan_id) REFERENCES sla_plans (tenant_id, plan_id),
    CONSTRAINT fk_sla_actions_users FOREIGN KEY(tenant_id, owner_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_sla_actions_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_sla_actions_plan ON sla_actions (tenant_id, plan_id);

CREATE INDEX ix_sla_actions_state ON sla_actions (tenant_id, state, due_at);

ALTER TABLE sla_plans ENABLE ROW LEVEL SECURITY;

ALTER TABLE sla_plans FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON sla_plans
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON sla_plans TO countersign_app;

ALTER TABLE sla_actions ENABLE ROW LEVEL SECURITY;

ALTER TABLE sla_actions FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON sla_actions
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON sla_actions TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
