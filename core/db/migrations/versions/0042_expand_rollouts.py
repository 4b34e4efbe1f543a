"""Rollouts of changes and drills, their checks; of a change its rollback's approval, its recovery and its alarm.

Tables and columns are new: the previous release goes on without them.
"""

from alembic import op

revision = "0042"
down_revision = "0031"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE rollouts (
    tenant_id TEXT NOT NULL,
    rollout_id UUID NOT NULL,
    kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    reference TEXT NOT NULL,
    title TEXT NOT NULL,
    resources TEXT[] NOT NULL,
    environment TEXT DEFAULT '' NOT NULL,
    state TEXT NOT NULL,
    progress INTEGER DEFAULT '0' NOT NULL,
    message TEXT DEFAULT '' NOT NULL,
    metrics JSONB DEFAULT '{}' NOT NULL,
    plan JSONB NOT NULL,
    reasons TEXT[] DEFAULT '{}' NOT NULL,
    ordered_by TEXT NOT NULL,
    moved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    heard_at TIMESTAMP WITH TIME ZONE NOT NULL,
    told_silent_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_rollouts PRIMARY KEY (tenant_id, rollout_id),
    CONSTRAINT ck_rollouts_kind CHECK (kind IN ('change', 'drill')),
    CONSTRAINT ck_rollouts_state CHECK (state IN ('starting', 'running', 'watching', 'succeeded', 'rolling_back', 'recovering', 'rolled_back', 'failed')),
    CONSTRAINT ck_rollouts_progress CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT fk_rollouts_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_rollouts_kind ON rollouts (tenant_id, kind, rollout_id);

CREATE INDEX ix_rollouts_subject ON rollouts (tenant_id, subject_id, created_at);

CREATE TABLE rollout_checks (
    tenant_id TEXT NOT NULL,
    rollout_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    passed BOOLEAN NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT pk_rollout_checks PRIMARY KEY (tenant_id, rollout_id, at, name),
    CONSTRAINT fk_rollout_checks_rollouts FOREIGN KEY(tenant_id, rollout_id) REFERENCES rollouts (tenant_id, rollout_id),
    CONSTRAINT fk_rollout_checks_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE changes ADD COLUMN rollback_request_id UUID;

ALTER TABLE changes ADD COLUMN recovery JSONB;

ALTER TABLE changes ADD COLUMN alarm JSONB;

CREATE INDEX ix_changes_rollback_request ON changes (tenant_id, rollback_request_id) WHERE rollback_request_id IS NOT NULL;

ALTER TABLE rollouts ENABLE ROW LEVEL SECURITY;

ALTER TABLE rollouts FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON rollouts
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON rollouts TO countersign_app;

ALTER TABLE rollout_checks ENABLE ROW LEVEL SECURITY;

ALTER TABLE rollout_checks FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON rollout_checks
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON rollout_checks TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
