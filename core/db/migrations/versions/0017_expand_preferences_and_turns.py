"""What people have chosen for themselves; whose turn it has been of what comes by the calendar."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE preferences (
    tenant_id TEXT NOT NULL,
    user_id UUID NOT NULL,
    has_digest BOOLEAN NOT NULL,
    digest_at TIME WITHOUT TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_preferences PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT fk_preferences_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_preferences_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE turns (
    tenant_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    day DATE NOT NULL,
    CONSTRAINT pk_turns PRIMARY KEY (tenant_id, kind, subject_id),
    CONSTRAINT fk_turns_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
)
"""
NEW = ("preferences", "turns")


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
