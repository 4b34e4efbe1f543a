"""Where bots may write that cannot look their conversations up. A new table: the previous release goes on without it."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CONVERSATIONS = """
CREATE TABLE chat_conversations (
    tenant_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    conversation TEXT NOT NULL,
    kind TEXT NOT NULL,
    service_url TEXT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    team TEXT DEFAULT '' NOT NULL,
    chat_user TEXT,
    member_id TEXT,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_chat_conversations PRIMARY KEY (tenant_id, platform, workspace, conversation),
    CONSTRAINT ck_chat_conversations_kind CHECK (kind IN ('personal', 'group', 'channel')),
    CONSTRAINT fk_chat_conversations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_chat_conversations_user ON chat_conversations (tenant_id, platform, workspace, chat_user);

ALTER TABLE chat_conversations ENABLE ROW LEVEL SECURITY;

ALTER TABLE chat_conversations FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON chat_conversations
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON chat_conversations TO countersign_app;
"""


def upgrade() -> None:
    for statement in CONVERSATIONS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
