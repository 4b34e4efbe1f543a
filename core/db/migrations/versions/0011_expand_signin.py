"""Passwords, authenticator apps, recovery codes and enrolment links; how sure a session and a vote are of their person.

The new columns are nullable or have a default: the previous release goes on writing without them.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE passwords (
    tenant_id TEXT NOT NULL,
    user_id UUID NOT NULL,
    hash TEXT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_passwords PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT fk_passwords_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_passwords_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE totp_secrets (
    tenant_id TEXT NOT NULL,
    user_id UUID NOT NULL,
    secret TEXT NOT NULL,
    last_counter BIGINT DEFAULT '0' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_totp_secrets PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT fk_totp_secrets_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_totp_secrets_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE recovery_codes (
    tenant_id TEXT NOT NULL,
    user_id UUID NOT NULL,
    code_hash BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_recovery_codes PRIMARY KEY (tenant_id, user_id, code_hash),
    CONSTRAINT fk_recovery_codes_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_recovery_codes_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE enrolment_links (
    tenant_id TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    user_id UUID NOT NULL,
    created_by TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_enrolment_links PRIMARY KEY (tenant_id, secret_hash),
    CONSTRAINT fk_enrolment_links_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_enrolment_links_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE signin_attempts (
    tenant_id TEXT NOT NULL,
    attempt_id UUID NOT NULL,
    subject TEXT NOT NULL,
    attempted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_signin_attempts PRIMARY KEY (tenant_id, attempt_id, subject),
    CONSTRAINT fk_signin_attempts_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_signin_attempts_subject ON signin_attempts (tenant_id, subject, attempted_at);

CREATE TABLE step_ups (
    tenant_id TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    user_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    subject_id UUID NOT NULL,
    facts JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_step_ups PRIMARY KEY (tenant_id, secret_hash),
    CONSTRAINT ck_step_ups_purpose CHECK (purpose IN ('vote')),
    CONSTRAINT fk_step_ups_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_step_ups_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE api_tokens ADD COLUMN assured_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE votes ADD COLUMN assurance TEXT DEFAULT 'click' NOT NULL, ADD CONSTRAINT ck_votes_assurance CHECK (assurance IN ('click', 'mfa'))
"""

NEW = ("passwords", "totp_secrets", "recovery_codes", "enrolment_links", "signin_attempts", "step_ups")


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
