"""Destinations of deliveries: left alone while they fail; deliveries of one line that go together.

The previous release goes on: it fills neither, and finds its own way through the new index.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE destinations (
    tenant_id TEXT NOT NULL,
    subscriber TEXT NOT NULL,
    failures INTEGER DEFAULT '0' NOT NULL,
    failing_since TIMESTAMP WITH TIME ZONE,
    paused_until TIMESTAMP WITH TIME ZONE,
    last_failed_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT,
    CONSTRAINT pk_destinations PRIMARY KEY (tenant_id, subscriber),
    CONSTRAINT fk_destinations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
)
"""
POLICY = "tenant_id = current_setting('app.tenant_id', true) OR current_setting('app.scope', true) = 'system'"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN batch UUID")
    op.execute(
        "CREATE INDEX ix_deliveries_waiting ON deliveries (tenant_id, subscriber, due_at, position) "
        "WHERE state = 'pending'"
    )
    op.execute("DROP INDEX ix_deliveries_due")
    op.execute("CREATE INDEX ix_deliveries_dead ON deliveries (tenant_id, subscriber, event_id) WHERE state = 'dead'")
    op.execute(TABLE)
    op.execute("ALTER TABLE destinations ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE destinations FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_isolation ON destinations USING ({POLICY}) WITH CHECK ({POLICY})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON destinations TO countersign_app")
