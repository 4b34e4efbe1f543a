"""The ticket that a request must name before anybody is asked.

The table is new: the previous release goes on without it.
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE named_tickets (
    tenant_id TEXT NOT NULL,
    request_id UUID NOT NULL,
    system TEXT DEFAULT '' NOT NULL,
    number TEXT DEFAULT '' NOT NULL,
    standing TEXT NOT NULL,
    reasons TEXT[] DEFAULT '{}' NOT NULL,
    facts JSONB,
    holds_from TIMESTAMP WITH TIME ZONE,
    holds_until TIMESTAMP WITH TIME ZONE,
    checked_at TIMESTAMP WITH TIME ZONE,
    accepted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_named_tickets PRIMARY KEY (tenant_id, request_id),
    CONSTRAINT ck_named_tickets_standing CHECK (standing IN ('missing', 'asked', 'holds', 'refused')),
    CONSTRAINT ck_named_tickets_named CHECK ((standing = 'missing') = (number = '')),
    CONSTRAINT fk_named_tickets_requests FOREIGN KEY(tenant_id, request_id) REFERENCES requests (tenant_id, request_id),
    CONSTRAINT fk_named_tickets_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_named_tickets_number ON named_tickets (tenant_id, system, number);

ALTER TABLE named_tickets ENABLE ROW LEVEL SECURITY;

ALTER TABLE named_tickets FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON named_tickets
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON named_tickets TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
