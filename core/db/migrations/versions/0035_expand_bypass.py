"""What a bypass is for, what was done under it, how it was extended, and what its review found; a bypass waits for a second factor.

The columns have defaults and the tables are new: the previous release goes on without them.
"""

from alembic import op

revision = "0035"
down_revision = "0029"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE bypasses
    ADD COLUMN environment TEXT NOT NULL DEFAULT '',
    ADD COLUMN reason TEXT NOT NULL DEFAULT '',
    ADD COLUMN incident TEXT NOT NULL DEFAULT '',
    ADD COLUMN assurance TEXT NOT NULL DEFAULT 'click',
    ADD COLUMN reminders INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN level INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN checklist JSONB NOT NULL DEFAULT '[]',
    ADD COLUMN findings JSONB NOT NULL DEFAULT '{}',
    ADD COLUMN risk_after JSONB;

ALTER TABLE step_ups DROP CONSTRAINT ck_step_ups_purpose;

ALTER TABLE step_ups ADD CONSTRAINT ck_step_ups_purpose CHECK (purpose IN ('vote', 'bypass', 'signin'));

CREATE INDEX ix_bypasses_granted ON bypasses (tenant_id, granted_at);

CREATE TABLE bypass_uses (
    tenant_id TEXT NOT NULL,
    decision_id UUID NOT NULL,
    bypass_id UUID NOT NULL,
    user_id UUID,
    action TEXT NOT NULL,
    resource_name TEXT NOT NULL,
    context JSONB NOT NULL,
    before JSONB,
    after JSONB NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE NOT NULL,
    outcome TEXT,
    CONSTRAINT pk_bypass_uses PRIMARY KEY (tenant_id, decision_id),
    CONSTRAINT fk_bypass_uses_bypasses FOREIGN KEY(tenant_id, bypass_id) REFERENCES bypasses (tenant_id, bypass_id),
    CONSTRAINT fk_bypass_uses_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_bypass_uses_bypass ON bypass_uses (tenant_id, bypass_id, used_at);

CREATE TABLE bypass_extensions (
    tenant_id TEXT NOT NULL,
    extension_id UUID NOT NULL,
    bypass_id UUID NOT NULL,
    extra_s INTEGER NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_by UUID NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_bypass_extensions PRIMARY KEY (tenant_id, extension_id),
    CONSTRAINT ck_bypass_extensions_state CHECK (state IN ('asked', 'confirmed', 'declined', 'lapsed')),
    CONSTRAINT fk_bypass_extensions_bypasses FOREIGN KEY(tenant_id, bypass_id) REFERENCES bypasses (tenant_id, bypass_id),
    CONSTRAINT fk_bypass_extensions_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_bypass_extensions_bypass ON bypass_extensions (tenant_id, bypass_id);

CREATE UNIQUE INDEX uq_bypass_extensions_asked ON bypass_extensions (tenant_id, bypass_id) WHERE state = 'asked';

CREATE TABLE bypass_remediations (
    tenant_id TEXT NOT NULL,
    remediation_id UUID NOT NULL,
    bypass_id UUID NOT NULL,
    title TEXT NOT NULL,
    owner_id UUID NOT NULL,
    state TEXT NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    note TEXT NOT NULL,
    closed_by UUID,
    closed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_bypass_remediations PRIMARY KEY (tenant_id, remediation_id),
    CONSTRAINT ck_bypass_remediations_state CHECK (state IN ('open', 'overdue', 'done', 'dropped')),
    CONSTRAINT fk_bypass_remediations_bypasses FOREIGN KEY(tenant_id, bypass_id) REFERENCES bypasses (tenant_id, bypass_id),
    CONSTRAINT fk_bypass_remediations_users FOREIGN KEY(tenant_id, owner_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_bypass_remediations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_bypass_remediations_bypass ON bypass_remediations (tenant_id, bypass_id);

ALTER TABLE bypass_uses ENABLE ROW LEVEL SECURITY;

ALTER TABLE bypass_uses FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON bypass_uses
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON bypass_uses TO countersign_app;

ALTER TABLE bypass_extensions ENABLE ROW LEVEL SECURITY;

ALTER TABLE bypass_extensions FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON bypass_extensions
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON bypass_extensions TO countersign_app;

ALTER TABLE bypass_remediations ENABLE ROW LEVEL SECURITY;

ALTER TABLE bypass_remediations FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON bypass_remediations
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON bypass_remediations TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
