"""Chat accounts: how each became its person's, links that wait, accounts unlinked, strangers; sealing keys; rotation.

New tables, and columns with a default: the previous release goes on writing without them. What stands in chat_accounts
was all written as ('slack', 'verified_email'), so its checks hold.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE chat_accounts ADD COLUMN name TEXT DEFAULT '' NOT NULL, ADD COLUMN workspace_name TEXT DEFAULT '' NOT NULL;

ALTER TABLE chat_accounts ADD CONSTRAINT ck_chat_accounts_platform CHECK (platform IN ('slack', 'teams'));

ALTER TABLE chat_accounts ADD CONSTRAINT ck_chat_accounts_linked_by CHECK (linked_by IN ('verified_email', 'signed_link', 'directory', 'administrator'));

CREATE TABLE chat_links (
    tenant_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    chat_user TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    workspace_name TEXT NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    user_id UUID,
    code_hash BYTEA,
    wrong_codes INTEGER DEFAULT '0' NOT NULL,
    counted_since TIMESTAMP WITH TIME ZONE NOT NULL,
    asked INTEGER DEFAULT '1' NOT NULL,
    CONSTRAINT pk_chat_links PRIMARY KEY (tenant_id, platform, workspace, chat_user),
    CONSTRAINT uq_chat_links_tenant_id_secret_hash UNIQUE (tenant_id, secret_hash),
    CONSTRAINT fk_chat_links_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_chat_links_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE chat_unlinked (
    tenant_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    chat_user TEXT NOT NULL,
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    workspace_name TEXT NOT NULL,
    unlinked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    unlinked_by TEXT NOT NULL,
    CONSTRAINT pk_chat_unlinked PRIMARY KEY (tenant_id, platform, workspace, chat_user, user_id),
    CONSTRAINT fk_chat_unlinked_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_chat_unlinked_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_chat_unlinked_user ON chat_unlinked (tenant_id, user_id);

CREATE TABLE chat_strangers (
    tenant_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    chat_user TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    unrecorded INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT pk_chat_strangers PRIMARY KEY (tenant_id, platform, workspace, chat_user),
    CONSTRAINT fk_chat_strangers_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE api_tokens ADD COLUMN opened_with TEXT, ADD COLUMN rotated_at TIMESTAMP WITH TIME ZONE, ADD COLUMN rotation_seen_at TIMESTAMP WITH TIME ZONE, ADD COLUMN replaced_hash BYTEA, ADD COLUMN previous_hashes BYTEA[] DEFAULT '{}' NOT NULL, ADD CONSTRAINT ck_api_tokens_opened_with CHECK (opened_with IN ('password', 'token'));

CREATE TABLE sealing_keys (
    key_id TEXT NOT NULL,
    first_used_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sealing_keys PRIMARY KEY (key_id)
)
"""

INSTALLATION = """
ALTER TABLE sealing_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE sealing_keys FORCE ROW LEVEL SECURITY;

CREATE POLICY system_only ON sealing_keys USING (current_setting('app.scope', true) = 'system') WITH CHECK (current_setting('app.scope', true) = 'system');

GRANT SELECT, INSERT, UPDATE, DELETE ON sealing_keys TO countersign_app
"""

NEW = ("chat_links", "chat_unlinked", "chat_strangers")


def upgrade() -> None:
    for statement in (
        *TABLES.strip().split("\n\n"),
        *INSTALLATION.strip().split("\n\n"),
    ):  # asyncpg takes one at a time
        op.execute(statement)
    for table in NEW:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant_isolation ON {table} "
            "USING (tenant_id = current_setting('app.tenant_id', true)) "
            "WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO countersign_app")
