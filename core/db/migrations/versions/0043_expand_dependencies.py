"""Dependencies between resources, declared and learnt.

The table is new: the previous release goes on without it.
"""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE dependencies (
    tenant_id TEXT NOT NULL,
    dependent TEXT NOT NULL,
    needs TEXT NOT NULL,
    origin TEXT NOT NULL,
    state TEXT NOT NULL,
    seen INTEGER DEFAULT '0' NOT NULL,
    author_id UUID,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_dependencies PRIMARY KEY (tenant_id, dependent, needs),
    CONSTRAINT ck_dependencies_origin CHECK (origin IN ('declared', 'learnt')),
    CONSTRAINT ck_dependencies_state CHECK (state IN ('held', 'dismissed')),
    CONSTRAINT ck_dependencies_ends CHECK (dependent <> needs),
    CONSTRAINT fk_dependencies_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_dependencies_needs ON dependencies (tenant_id, needs);

ALTER TABLE dependencies ENABLE ROW LEVEL SECURITY;

ALTER TABLE dependencies FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON dependencies
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON dependencies TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
