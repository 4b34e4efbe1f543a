"""The change registry: changes, and the evidence for their gates.

The tables are new: the previous release goes on without them.
"""

from alembic import op

revision = "0031"
down_revision = "0035"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE changes (
    tenant_id TEXT NOT NULL,
    change_id UUID NOT NULL,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    change_type TEXT NOT NULL,
    template TEXT DEFAULT '' NOT NULL,
    resources TEXT[] NOT NULL,
    reach TEXT[] DEFAULT '{}' NOT NULL,
    state TEXT NOT NULL,
    requester_id UUID NOT NULL,
    requirements JSONB NOT NULL,
    risk JSONB,
    risk_level TEXT,
    request_id UUID,
    starts_at TIMESTAMP WITH TIME ZONE,
    ends_at TIMESTAMP WITH TIME ZONE,
    scheduled_at TIMESTAMP WITH TIME ZONE,
    implementer_id UUID,
    started_at TIMESTAMP WITH TIME ZONE,
    completed_at TIMESTAMP WITH TIME ZONE,
    bypass_id UUID,
    owed TEXT[] DEFAULT '{}' NOT NULL,
    validation JSONB,
    review_state TEXT,
    review_due_at TIMESTAMP WITH TIME ZONE,
    review JSONB,
    note TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_changes PRIMARY KEY (tenant_id, change_id),
    CONSTRAINT uq_changes_tenant_id_number UNIQUE (tenant_id, number),
    CONSTRAINT ck_changes_state CHECK (state IN ('draft', 'assess', 'authorise', 'schedule', 'implement', 'validate', 'review', 'closed', 'rolled_back', 'failed', 'cancelled')),
    CONSTRAINT ck_changes_risk_level CHECK (risk_level IN ('low', 'medium', 'high')),
    CONSTRAINT ck_changes_review_state CHECK (review_state IN ('due', 'overdue', 'done')),
    CONSTRAINT ck_changes_times CHECK (starts_at < ends_at),
    CONSTRAINT fk_changes_users FOREIGN KEY(tenant_id, requester_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_changes_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_changes_request ON changes (tenant_id, request_id) WHERE request_id IS NOT NULL;

CREATE INDEX ix_changes_state ON changes (tenant_id, state, number);

CREATE INDEX ix_changes_times ON changes (tenant_id, starts_at) WHERE starts_at IS NOT NULL;

CREATE INDEX ix_changes_type ON changes (tenant_id, change_type, ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE change_evidence (
    tenant_id TEXT NOT NULL,
    evidence_id UUID NOT NULL,
    change_id UUID NOT NULL,
    gate TEXT NOT NULL,
    result TEXT NOT NULL,
    summary TEXT NOT NULL,
    url TEXT DEFAULT '' NOT NULL,
    author_id UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_change_evidence PRIMARY KEY (tenant_id, evidence_id),
    CONSTRAINT ck_change_evidence_gate CHECK (gate IN ('testing', 'rollback_plan', 'communication')),
    CONSTRAINT ck_change_evidence_result CHECK (result IN ('passed', 'failed')),
    CONSTRAINT fk_change_evidence_changes FOREIGN KEY(tenant_id, change_id) REFERENCES changes (tenant_id, change_id),
    CONSTRAINT fk_change_evidence_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_change_evidence_change ON change_evidence (tenant_id, change_id, evidence_id);

ALTER TABLE changes ENABLE ROW LEVEL SECURITY;

ALTER TABLE changes FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON changes
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON changes TO countersign_app;

ALTER TABLE change_evidence ENABLE ROW LEVEL SECURITY;

ALTER TABLE change_evidence FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON change_evidence
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON change_evidence TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
