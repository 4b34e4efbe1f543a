"""Passkeys and security keys; the other half of a sign-in waits as a vote does.

New tables, and a check that accepts one value more: the previous release goes on without them.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE security_keys (
    tenant_id TEXT NOT NULL,
    credential_id BYTEA NOT NULL,
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    sign_count BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_security_keys PRIMARY KEY (tenant_id, credential_id),
    CONSTRAINT fk_security_keys_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_security_keys_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_security_keys_user ON security_keys (tenant_id, user_id);

CREATE TABLE key_challenges (
    tenant_id TEXT NOT NULL,
    user_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    challenge BYTEA NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_key_challenges PRIMARY KEY (tenant_id, user_id, purpose),
    CONSTRAINT ck_key_challenges_purpose CHECK (purpose IN ('register', 'confirm')),
    CONSTRAINT fk_key_challenges_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_key_challenges_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE step_ups DROP CONSTRAINT ck_step_ups_purpose;

ALTER TABLE step_ups ADD CONSTRAINT ck_step_ups_purpose CHECK (purpose IN ('vote', 'signin'))
"""

NEW = ("security_keys", "key_challenges")


def upgrade() -> None:
    for statement in TABLES.strip().split("\n\n"):  # asyncpg takes them one at a time
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
