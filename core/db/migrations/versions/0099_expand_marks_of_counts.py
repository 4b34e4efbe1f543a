"""How far the counts of other systems' counters are taken, service by service.

The table is new: the previous release takes none.
"""

from alembic import op

revision = "0099"
down_revision = "0095"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE sla_marks (
    tenant_id TEXT NOT NULL,
    source TEXT NOT NULL,
    service TEXT NOT NULL,
    until INTEGER NOT NULL,
    CONSTRAINT pk_sla_marks PRIMARY KEY (tenant_id, source, service),
    CONSTRAINT fk_sla_marks_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE sla_marks ENABLE ROW LEVEL SECURITY;

ALTER TABLE sla_marks FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON sla_marks
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON sla_marks TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
