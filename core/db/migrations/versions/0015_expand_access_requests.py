"""Denials that can be asked about, the tasks that come of them, and addresses that may be told."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE access_evaluations (
    tenant_id TEXT NOT NULL,
    evaluation_id UUID NOT NULL,
    user_id UUID NOT NULL,
    digest TEXT NOT NULL,
    evaluated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_access_evaluations PRIMARY KEY (tenant_id, evaluation_id),
    CONSTRAINT fk_access_evaluations_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_access_evaluations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_access_evaluations_expiry ON access_evaluations (tenant_id, expires_at);

CREATE TABLE access_tasks (
    tenant_id TEXT NOT NULL,
    task_id UUID NOT NULL,
    approval_id UUID NOT NULL,
    evaluation_id UUID NOT NULL,
    user_id UUID NOT NULL,
    request_id UUID NOT NULL,
    digest TEXT NOT NULL,
    body_digest TEXT NOT NULL,
    idempotency_key TEXT,
    requested_until TIMESTAMP WITH TIME ZONE,
    callback_endpoint TEXT,
    callback_state TEXT,
    callback_events TEXT[] DEFAULT '{}' NOT NULL,
    status TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    approved_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_access_tasks PRIMARY KEY (tenant_id, task_id),
    CONSTRAINT uq_access_tasks_tenant_id_evaluation_id UNIQUE (tenant_id, evaluation_id),
    CONSTRAINT uq_access_tasks_tenant_id_approval_id UNIQUE (tenant_id, approval_id),
    CONSTRAINT uq_access_tasks_tenant_id_user_id_idempotency_key UNIQUE (tenant_id, user_id, idempotency_key),
    CONSTRAINT ck_access_tasks_status
        CHECK (status IN ('pending', 'approved', 'denied', 'expired', 'cancelled')),
    CONSTRAINT ck_access_tasks_ended CHECK ((status = 'pending') = (ended_at IS NULL)),
    CONSTRAINT ck_access_tasks_approved CHECK ((status = 'approved') = (approved_until IS NOT NULL)),
    CONSTRAINT fk_access_tasks_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_access_tasks_requests FOREIGN KEY(tenant_id, request_id)
        REFERENCES requests (tenant_id, request_id),
    CONSTRAINT fk_access_tasks_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_access_tasks_pending ON access_tasks (tenant_id, request_id) WHERE status = 'pending';

CREATE TABLE access_callbacks (
    tenant_id TEXT NOT NULL,
    callback_id UUID NOT NULL,
    endpoint TEXT NOT NULL,
    secret TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_access_callbacks PRIMARY KEY (tenant_id, callback_id),
    CONSTRAINT fk_access_callbacks_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_access_callbacks_endpoint ON access_callbacks (tenant_id, endpoint);
"""

GUARDS = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;

ALTER TABLE {table} FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON {table}
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO countersign_app;
"""


def upgrade() -> None:
    guards = [GUARDS.format(table=table) for table in ("access_evaluations", "access_tasks", "access_callbacks")]
    for part in (TABLES, *guards):
        for statement in part.strip().split("\n\n"):  # asyncpg takes them one at a time
            op.execute(statement)
