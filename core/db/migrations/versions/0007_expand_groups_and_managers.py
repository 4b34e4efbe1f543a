"""Groups of people, and who reports to whom: policies find approvers by them.

The new column is nullable: the previous release goes on writing without it.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

GROUPS = """
CREATE TABLE groups (
    tenant_id TEXT NOT NULL,
    group_key TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_groups PRIMARY KEY (tenant_id, group_key),
    CONSTRAINT fk_groups_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE group_members (
    tenant_id TEXT NOT NULL,
    group_key TEXT NOT NULL,
    user_id UUID NOT NULL,
    CONSTRAINT pk_group_members PRIMARY KEY (tenant_id, group_key, user_id),
    CONSTRAINT fk_group_members_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT fk_group_members_groups FOREIGN KEY(tenant_id, group_key)
        REFERENCES groups (tenant_id, group_key) ON DELETE CASCADE,
    CONSTRAINT fk_group_members_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id)
);

ALTER TABLE users ADD COLUMN manager_id UUID;
"""

ISOLATION = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;

ALTER TABLE {table} FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON {table}
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO countersign_app;
"""


def upgrade() -> None:
    statements = GROUPS + "".join(ISOLATION.format(table=table) for table in ("groups", "group_members"))
    for statement in statements.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
