"""Accounts in ticket systems, links that wait, and approvals as they stand there. New tables, and a wider check.

The previous release goes on without the tables; it never writes the new level of assurance.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE ticket_accounts (
    tenant_id TEXT NOT NULL,
    system TEXT NOT NULL,
    account TEXT NOT NULL,
    user_id UUID NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    linked_by TEXT NOT NULL,
    linked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    unlinked_at TIMESTAMP WITH TIME ZONE,
    unlinked_by TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_ticket_accounts PRIMARY KEY (tenant_id, system, account),
    CONSTRAINT ck_ticket_accounts_linked_by CHECK (linked_by IN ('signed_link', 'directory', 'administrator')),
    CONSTRAINT fk_ticket_accounts_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_ticket_accounts_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_ticket_accounts_user ON ticket_accounts (tenant_id, user_id);

CREATE TABLE ticket_links (
    tenant_id TEXT NOT NULL,
    system TEXT NOT NULL,
    user_id UUID NOT NULL,
    code_hash BYTEA NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_ticket_links PRIMARY KEY (tenant_id, system, user_id),
    CONSTRAINT uq_ticket_links_tenant_id_system_code_hash UNIQUE (tenant_id, system, code_hash),
    CONSTRAINT fk_ticket_links_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_ticket_links_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE ticket_approvals (
    tenant_id TEXT NOT NULL,
    system TEXT NOT NULL,
    approval_id TEXT NOT NULL,
    subject_id UUID NOT NULL,
    account TEXT NOT NULL,
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    decision TEXT NOT NULL,
    outcome TEXT DEFAULT '' NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_ticket_approvals PRIMARY KEY (tenant_id, system, approval_id),
    CONSTRAINT fk_ticket_approvals_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_ticket_approvals_subject ON ticket_approvals (tenant_id, subject_id, system);

CREATE TABLE tickets_shown (
    tenant_id TEXT NOT NULL,
    system TEXT NOT NULL,
    subject_id UUID NOT NULL,
    digest TEXT NOT NULL,
    shown_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_tickets_shown PRIMARY KEY (tenant_id, system, subject_id),
    CONSTRAINT fk_tickets_shown_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE votes DROP CONSTRAINT ck_votes_assurance;

ALTER TABLE votes ADD CONSTRAINT ck_votes_assurance CHECK (assurance IN ('ticket', 'click', 'mfa')) NOT VALID;

ALTER TABLE votes VALIDATE CONSTRAINT ck_votes_assurance;
"""
TABLES = ("ticket_accounts", "ticket_links", "ticket_approvals", "tickets_shown")
POLICY = "tenant_id = current_setting('app.tenant_id', true)"


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({POLICY}) WITH CHECK ({POLICY})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO countersign_app")
