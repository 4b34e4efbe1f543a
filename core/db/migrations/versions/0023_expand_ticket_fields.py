"""What is agreed on with tickets, and walks through them. New tables and a column: the previous release goes on."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

FIELDS = """
CREATE TABLE ticket_fields (
    tenant_id TEXT NOT NULL,
    subject_id UUID NOT NULL,
    system TEXT NOT NULL,
    field TEXT NOT NULL,
    sent TEXT NOT NULL,
    seen TEXT NOT NULL,
    seen_hash TEXT NOT NULL,
    here_version BIGINT NOT NULL,
    there_version BIGINT NOT NULL,
    origin TEXT NOT NULL,
    is_pending BOOLEAN DEFAULT 'false' NOT NULL,
    declined TEXT DEFAULT '' NOT NULL,
    put_back INTEGER DEFAULT '0' NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT ck_ticket_fields_origin CHECK (origin IN ('ours', 'theirs')),
    CONSTRAINT pk_ticket_fields PRIMARY KEY (tenant_id, subject_id, system, field),
    CONSTRAINT fk_ticket_fields_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
)
"""
RECONCILIATIONS = """
CREATE TABLE reconciliations (
    tenant_id TEXT NOT NULL,
    reconciliation_id UUID NOT NULL,
    system TEXT NOT NULL,
    state TEXT NOT NULL,
    is_dry_run BOOLEAN NOT NULL,
    asked_by TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    leased_until TIMESTAMP WITH TIME ZONE NOT NULL,
    position UUID,
    total INTEGER NOT NULL,
    walked INTEGER DEFAULT '0' NOT NULL,
    found JSONB DEFAULT '{}' NOT NULL,
    repaired INTEGER DEFAULT '0' NOT NULL,
    asked INTEGER DEFAULT '0' NOT NULL,
    findings JSONB DEFAULT '[]' NOT NULL,
    problem TEXT DEFAULT '' NOT NULL,
    CONSTRAINT ck_reconciliations_state CHECK (state IN ('running', 'done', 'failed')),
    CONSTRAINT pk_reconciliations PRIMARY KEY (tenant_id, reconciliation_id),
    CONSTRAINT fk_reconciliations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
)
"""
POLICY = "tenant_id = current_setting('app.tenant_id', true)"


def upgrade() -> None:
    op.execute("ALTER TABLE requests ADD COLUMN amended_at TIMESTAMP WITH TIME ZONE")
    op.execute(FIELDS)
    op.execute(RECONCILIATIONS)
    op.execute("CREATE INDEX ix_reconciliations_latest ON reconciliations (tenant_id, system, reconciliation_id)")
    for table in ("ticket_fields", "reconciliations"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({POLICY}) WITH CHECK ({POLICY})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO countersign_app")
