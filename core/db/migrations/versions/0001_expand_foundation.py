"""The foundation: tenants, people, agents, the gate, approvals, emergency, audit, outbox, deadlines, links.

Lock time-out and statement time-out are the defaults: the tables are new.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE tenants (
    tenant_id TEXT NOT NULL,
    name TEXT NOT NULL,
    policy JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_tenants PRIMARY KEY (tenant_id)
);

CREATE TABLE agents (
    tenant_id TEXT NOT NULL,
    agent_id UUID NOT NULL,
    name TEXT NOT NULL,
    agent_type TEXT NOT NULL,
    state TEXT NOT NULL,
    sponsor TEXT NOT NULL,
    owner TEXT NOT NULL,
    business_service TEXT NOT NULL,
    attributes JSONB DEFAULT '{}' NOT NULL,
    created_by TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    CONSTRAINT pk_agents PRIMARY KEY (tenant_id, agent_id),
    CONSTRAINT uq_agents_tenant_id_name UNIQUE (tenant_id, name),
    CONSTRAINT ck_agents_state CHECK (state IN ('registered', 'deployed', 'retired')),
    CONSTRAINT fk_agents_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE audit_events (
    tenant_id TEXT NOT NULL,
    event_id UUID NOT NULL,
    position BIGINT GENERATED ALWAYS AS IDENTITY,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    category TEXT NOT NULL,
    user_id TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    result TEXT NOT NULL,
    compliance_tags TEXT[] NOT NULL,
    subject_id UUID,
    record TEXT NOT NULL,
    CONSTRAINT pk_audit_events PRIMARY KEY (tenant_id, event_id),
    CONSTRAINT fk_audit_events_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_audit_events_position ON audit_events (tenant_id, position);

CREATE INDEX ix_audit_events_subject ON audit_events (tenant_id, subject_id, position);

CREATE TABLE deadlines (
    tenant_id TEXT NOT NULL,
    subject_id UUID NOT NULL,
    kind TEXT NOT NULL,
    part TEXT DEFAULT '' NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    data JSONB DEFAULT '{}' NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    last_error TEXT,
    CONSTRAINT pk_deadlines PRIMARY KEY (tenant_id, subject_id, kind, part),
    CONSTRAINT fk_deadlines_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_deadlines_due ON deadlines (due_at);

CREATE TABLE decisions (
    tenant_id TEXT NOT NULL,
    decision_id UUID NOT NULL,
    user_id UUID,
    user_email TEXT NOT NULL,
    action TEXT NOT NULL,
    resource_name TEXT NOT NULL,
    resource JSONB NOT NULL,
    context JSONB NOT NULL,
    decision TEXT NOT NULL,
    reasons JSONB NOT NULL,
    request_id UUID,
    bypass_id UUID,
    agent_id UUID,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    operation TEXT NOT NULL,
    outcome JSONB,
    outcome_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_decisions PRIMARY KEY (tenant_id, decision_id),
    CONSTRAINT ck_decisions_decision CHECK (decision IN ('allow', 'deny', 'pending')),
    CONSTRAINT ck_decisions_operation CHECK (operation IN ('none', 'running', 'succeeded', 'failed', 'lapsed')),
    CONSTRAINT fk_decisions_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_decisions_bypass ON decisions (tenant_id, bypass_id) WHERE bypass_id IS NOT NULL;

CREATE INDEX ix_decisions_request ON decisions (tenant_id, request_id);

CREATE TABLE deliveries (
    tenant_id TEXT NOT NULL,
    event_id UUID NOT NULL,
    subscriber TEXT NOT NULL,
    position BIGINT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT,
    CONSTRAINT pk_deliveries PRIMARY KEY (tenant_id, event_id, subscriber),
    CONSTRAINT ck_deliveries_state CHECK (state IN ('pending', 'done', 'dead')),
    CONSTRAINT fk_deliveries_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_deliveries_due ON deliveries (due_at) WHERE state = 'pending';

CREATE INDEX ix_deliveries_order ON deliveries (tenant_id, subscriber, subject, position) WHERE state = 'pending';

CREATE TABLE idempotency_keys (
    tenant_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER,
    headers JSONB,
    body BYTEA,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (tenant_id, actor, key),
    CONSTRAINT fk_idempotency_keys_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_idempotency_keys_expiry ON idempotency_keys (expires_at);

CREATE TABLE outbox_events (
    tenant_id TEXT NOT NULL,
    event_id UUID NOT NULL,
    position BIGINT GENERATED ALWAYS AS IDENTITY,
    subject TEXT NOT NULL,
    type TEXT NOT NULL,
    data JSONB NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    routed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_outbox_events PRIMARY KEY (tenant_id, event_id),
    CONSTRAINT fk_outbox_events_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_outbox_events_unrouted ON outbox_events (position) WHERE routed_at IS NULL;

CREATE TABLE policy_versions (
    tenant_id TEXT NOT NULL,
    policy_key TEXT NOT NULL,
    version TEXT NOT NULL,
    document JSONB NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_policy_versions PRIMARY KEY (tenant_id, policy_key, version),
    CONSTRAINT fk_policy_versions_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE posted_messages (
    tenant_id TEXT NOT NULL,
    subject_id UUID NOT NULL,
    platform TEXT NOT NULL,
    place TEXT NOT NULL,
    role TEXT NOT NULL,
    channel TEXT,
    message_id TEXT,
    content_hash TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_posted_messages PRIMARY KEY (tenant_id, subject_id, platform, place, role),
    CONSTRAINT fk_posted_messages_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_posted_messages_message ON posted_messages (tenant_id, platform, channel, message_id);

CREATE TABLE quota_counters (
    tenant_id TEXT NOT NULL,
    quota TEXT NOT NULL,
    used BIGINT NOT NULL,
    CONSTRAINT pk_quota_counters PRIMARY KEY (tenant_id, quota),
    CONSTRAINT ck_quota_counters_not_negative CHECK (used >= 0),
    CONSTRAINT fk_quota_counters_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE reference_counters (
    tenant_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    last INTEGER NOT NULL,
    CONSTRAINT pk_reference_counters PRIMARY KEY (tenant_id, kind),
    CONSTRAINT fk_reference_counters_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE tickets (
    tenant_id TEXT NOT NULL,
    subject_id UUID NOT NULL,
    system TEXT NOT NULL,
    kind TEXT NOT NULL,
    external_id TEXT NOT NULL,
    number TEXT NOT NULL,
    url TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_tickets PRIMARY KEY (tenant_id, subject_id, system),
    CONSTRAINT uq_tickets_tenant_id_system_external_id UNIQUE (tenant_id, system, external_id),
    CONSTRAINT fk_tickets_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE users (
    tenant_id TEXT NOT NULL,
    user_id UUID NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT DEFAULT '' NOT NULL,
    time_zone TEXT DEFAULT 'UTC' NOT NULL,
    active BOOLEAN DEFAULT 'true' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT uq_users_tenant_id_email UNIQUE (tenant_id, email),
    CONSTRAINT ck_users_email_lower CHECK (email = lower(email)),
    CONSTRAINT fk_users_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE api_tokens (
    tenant_id TEXT NOT NULL,
    token_id UUID NOT NULL,
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    scopes TEXT[],
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_api_tokens PRIMARY KEY (tenant_id, token_id),
    CONSTRAINT fk_api_tokens_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_api_tokens_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_api_tokens_user ON api_tokens (tenant_id, user_id);

CREATE TABLE bypasses (
    tenant_id TEXT NOT NULL,
    bypass_id UUID NOT NULL,
    number INTEGER NOT NULL,
    requester_id UUID NOT NULL,
    action TEXT NOT NULL,
    resource_name TEXT NOT NULL,
    justification TEXT NOT NULL,
    state TEXT NOT NULL,
    risk JSONB NOT NULL,
    granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    acknowledged_by UUID,
    acknowledged_at TIMESTAMP WITH TIME ZONE,
    review_due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    review_state TEXT NOT NULL,
    reviewed_by UUID,
    reviewed_at TIMESTAMP WITH TIME ZONE,
    review_verdict TEXT,
    review_notes TEXT,
    CONSTRAINT pk_bypasses PRIMARY KEY (tenant_id, bypass_id),
    CONSTRAINT uq_bypasses_tenant_id_number UNIQUE (tenant_id, number),
    CONSTRAINT ck_bypasses_state CHECK (state IN ('active', 'ended', 'expired')),
    CONSTRAINT ck_bypasses_review_state CHECK (review_state IN ('due', 'overdue', 'done')),
    CONSTRAINT fk_bypasses_users FOREIGN KEY(tenant_id, requester_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_bypasses_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_bypasses_active ON bypasses (tenant_id, requester_id) WHERE state = 'active';

CREATE TABLE chat_accounts (
    tenant_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    chat_user TEXT NOT NULL,
    user_id UUID NOT NULL,
    linked_by TEXT NOT NULL,
    linked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_chat_accounts PRIMARY KEY (tenant_id, platform, workspace, chat_user),
    CONSTRAINT fk_chat_accounts_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_chat_accounts_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_chat_accounts_user ON chat_accounts (tenant_id, user_id, platform);

CREATE TABLE grants (
    tenant_id TEXT NOT NULL,
    grant_id UUID NOT NULL,
    user_id UUID NOT NULL,
    role TEXT NOT NULL,
    scope_kind TEXT NOT NULL,
    scope_id TEXT DEFAULT '' NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_grants PRIMARY KEY (tenant_id, grant_id),
    CONSTRAINT uq_grants_tenant_id_user_id_role_scope_kind_scope_id UNIQUE (tenant_id, user_id, role, scope_kind, scope_id),
    CONSTRAINT fk_grants_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_grants_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE requests (
    tenant_id TEXT NOT NULL,
    request_id UUID NOT NULL,
    number INTEGER NOT NULL,
    action TEXT NOT NULL,
    resource_name TEXT NOT NULL,
    resource JSONB NOT NULL,
    justification TEXT NOT NULL,
    requester_id UUID NOT NULL,
    state TEXT NOT NULL,
    policy_key TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    digest TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    used_by UUID,
    CONSTRAINT pk_requests PRIMARY KEY (tenant_id, request_id),
    CONSTRAINT uq_requests_tenant_id_number UNIQUE (tenant_id, number),
    CONSTRAINT ck_requests_state CHECK (state IN ('pending', 'approved', 'rejected', 'withdrawn', 'expired')),
    CONSTRAINT fk_requests_users FOREIGN KEY(tenant_id, requester_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_requests_policy_versions FOREIGN KEY(tenant_id, policy_key, policy_version) REFERENCES policy_versions (tenant_id, policy_key, version),
    CONSTRAINT fk_requests_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_requests_requester ON requests (tenant_id, requester_id, number);

CREATE INDEX ix_requests_state ON requests (tenant_id, state, number);

CREATE INDEX ix_requests_usable ON requests (tenant_id, action, resource_name) WHERE state = 'approved' AND used_by IS NULL;

CREATE UNIQUE INDEX uq_requests_live ON requests (tenant_id, action, resource_name) WHERE state = 'pending';

CREATE TABLE comments (
    tenant_id TEXT NOT NULL,
    comment_id UUID NOT NULL,
    request_id UUID NOT NULL,
    author_id UUID NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_comments PRIMARY KEY (tenant_id, comment_id),
    CONSTRAINT ck_comments_kind CHECK (kind IN ('comment', 'question', 'answer')),
    CONSTRAINT fk_comments_requests FOREIGN KEY(tenant_id, request_id) REFERENCES requests (tenant_id, request_id),
    CONSTRAINT fk_comments_users FOREIGN KEY(tenant_id, author_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_comments_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_comments_request ON comments (tenant_id, request_id, created_at);

CREATE TABLE request_stages (
    tenant_id TEXT NOT NULL,
    request_id UUID NOT NULL,
    stage TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    status TEXT NOT NULL,
    roles TEXT[] NOT NULL,
    escalation_level INTEGER DEFAULT '0' NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE,
    due_at TIMESTAMP WITH TIME ZONE,
    decided_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_request_stages PRIMARY KEY (tenant_id, request_id, stage),
    CONSTRAINT ck_request_stages_status CHECK (status IN ('waiting', 'open', 'approved', 'rejected', 'skipped')),
    CONSTRAINT fk_request_stages_requests FOREIGN KEY(tenant_id, request_id) REFERENCES requests (tenant_id, request_id),
    CONSTRAINT fk_request_stages_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE stage_approvers (
    tenant_id TEXT NOT NULL,
    request_id UUID NOT NULL,
    stage TEXT NOT NULL,
    user_id UUID NOT NULL,
    delegated_to UUID,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_stage_approvers PRIMARY KEY (tenant_id, request_id, stage, user_id),
    CONSTRAINT fk_stage_approvers_request_stages FOREIGN KEY(tenant_id, request_id, stage) REFERENCES request_stages (tenant_id, request_id, stage),
    CONSTRAINT fk_stage_approvers_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_stage_approvers_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_stage_approvers_user ON stage_approvers (tenant_id, user_id);

CREATE TABLE votes (
    tenant_id TEXT NOT NULL,
    request_id UUID NOT NULL,
    stage TEXT NOT NULL,
    voter_id UUID NOT NULL,
    decision TEXT NOT NULL,
    reason TEXT NOT NULL,
    criteria JSONB NOT NULL,
    digest TEXT NOT NULL,
    door TEXT NOT NULL,
    cast_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_votes PRIMARY KEY (tenant_id, request_id, stage, voter_id),
    CONSTRAINT ck_votes_decision CHECK (decision IN ('approve', 'reject')),
    CONSTRAINT fk_votes_request_stages FOREIGN KEY(tenant_id, request_id, stage) REFERENCES request_stages (tenant_id, request_id, stage),
    CONSTRAINT fk_votes_users FOREIGN KEY(tenant_id, voter_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_votes_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);
"""

# The queues and the tenant list are read across tenants by the dispatcher and the deadline runner, which say so by
# setting app.scope; every other table knows tenants only.
QUEUES = ("tenants", "outbox_events", "deliveries", "deadlines", "idempotency_keys")
TENANT_TABLES = (
    "agents",
    "audit_events",
    "decisions",
    "policy_versions",
    "posted_messages",
    "quota_counters",
    "reference_counters",
    "tickets",
    "users",
    "api_tokens",
    "bypasses",
    "chat_accounts",
    "grants",
    "requests",
    "comments",
    "request_stages",
    "stage_approvers",
    "votes",
)

ROW_SECURITY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;

ALTER TABLE {table} FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON {table}
    USING (tenant_id = current_setting('app.tenant_id', true){system})
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true){system});
"""
SYSTEM_SCOPE = " OR current_setting('app.scope', true) = 'system'"

# A notification says only "look now"; see core/db/listen.py.
WAKE_UPS = """
CREATE FUNCTION countersign_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], '');
    RETURN NULL;
END $$;

CREATE TRIGGER wake AFTER INSERT ON outbox_events
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_wake('countersign_outbox');

CREATE TRIGGER wake AFTER INSERT OR UPDATE ON deadlines
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_wake('countersign_deadlines');

CREATE TRIGGER wake AFTER INSERT OR UPDATE OR DELETE ON grants
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_wake('countersign_tenants');

CREATE TRIGGER wake AFTER UPDATE OF revoked_at ON api_tokens
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_wake('countersign_tenants');

CREATE TRIGGER wake AFTER UPDATE ON users
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_wake('countersign_tenants');

CREATE TRIGGER wake AFTER UPDATE ON tenants
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_wake('countersign_tenants');
"""

# The audit trail is append-only for the application (A1); nothing may be truncated, and policies cannot be altered.
PRIVILEGES = """
GRANT USAGE ON SCHEMA public TO countersign_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO countersign_app;

GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO countersign_app;

REVOKE UPDATE, DELETE ON audit_events FROM countersign_app;

REVOKE ALL ON alembic_version FROM countersign_app;
"""


def upgrade() -> None:
    _run(TABLES)
    for table in TENANT_TABLES:
        _run(ROW_SECURITY.format(table=table, system=""))
    for table in QUEUES:
        _run(ROW_SECURITY.format(table=table, system=SYSTEM_SCOPE))
    _run(WAKE_UPS)
    _run(PRIVILEGES)


def _run(script: str) -> None:
    """One statement per paragraph: asyncpg takes them one at a time."""
    for statement in script.strip().split("\n\n"):
        op.execute(statement)
