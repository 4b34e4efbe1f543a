"""How far what monitoring systems are told of is, and which of their messages have come.

The tables are new: the previous release goes on without them.
"""

from alembic import op

revision = "0075"
down_revision = "0051"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE monitoring_marks (
    tenant_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    position BIGINT DEFAULT '0' NOT NULL,
    seen BIGINT,
    horizon BIGINT,
    counted UUID,
    until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_monitoring_marks PRIMARY KEY (tenant_id, kind),
    CONSTRAINT ck_monitoring_marks_kind CHECK (kind IN ('audit', 'metrics')),
    CONSTRAINT fk_monitoring_marks_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE hook_messages (
    tenant_id TEXT NOT NULL,
    connector TEXT NOT NULL,
    message_id TEXT NOT NULL,
    came_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_hook_messages PRIMARY KEY (tenant_id, connector, message_id),
    CONSTRAINT fk_hook_messages_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_hook_messages_came ON hook_messages (tenant_id, came_at);

ALTER TABLE monitoring_marks ENABLE ROW LEVEL SECURITY;

ALTER TABLE monitoring_marks FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON monitoring_marks
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON monitoring_marks TO countersign_app;

ALTER TABLE hook_messages ENABLE ROW LEVEL SECURITY;

ALTER TABLE hook_messages FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON hook_messages
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON hook_messages TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
