"""Turns of calls to another system, shared by every process.

The table is new: the previous release goes on with a pace of its own in each process.
"""

from alembic import op

revision = "0080"
down_revision = "0065"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE call_turns (
    tenant_id TEXT NOT NULL,
    destination TEXT NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_call_turns PRIMARY KEY (tenant_id, destination),
    CONSTRAINT fk_call_turns_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE call_turns ENABLE ROW LEVEL SECURITY;

ALTER TABLE call_turns FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON call_turns
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON call_turns TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
