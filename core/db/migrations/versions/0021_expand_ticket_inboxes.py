"""Where each ticket system has been read up to. A new table: the previous release goes on without it."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE ticket_inboxes (
    tenant_id TEXT NOT NULL,
    system TEXT NOT NULL,
    cursor TEXT,
    next_look_at TIMESTAMP WITH TIME ZONE NOT NULL,
    looked_at TIMESTAMP WITH TIME ZONE,
    failures INTEGER DEFAULT '0' NOT NULL,
    problem TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_ticket_inboxes PRIMARY KEY (tenant_id, system),
    CONSTRAINT fk_ticket_inboxes_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
)
"""
POLICY = "tenant_id = current_setting('app.tenant_id', true)"


def upgrade() -> None:
    op.execute(TABLE)
    op.execute("ALTER TABLE ticket_inboxes ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE ticket_inboxes FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_isolation ON ticket_inboxes USING ({POLICY}) WITH CHECK ({POLICY})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ticket_inboxes TO countersign_app")
