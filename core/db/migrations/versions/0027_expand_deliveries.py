"""What is under way is found without looking through what waits, and what each subject was last sent is kept.

The index and the table are new: the previous release goes on without them.
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE INDEX ix_deliveries_leased ON deliveries (tenant_id, subscriber)
    WHERE state = 'pending' AND lease_until IS NOT NULL;

CREATE INDEX ix_deliveries_finished ON deliveries (tenant_id, subscriber, finished_at) WHERE state = 'done';

CREATE TABLE last_sent (
    tenant_id TEXT NOT NULL,
    subscriber TEXT NOT NULL,
    subject TEXT NOT NULL,
    event_id UUID NOT NULL,
    payload JSONB NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_last_sent PRIMARY KEY (tenant_id, subscriber, subject),
    CONSTRAINT fk_last_sent_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE last_sent ENABLE ROW LEVEL SECURITY;

ALTER TABLE last_sent FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON last_sent
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON last_sent TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
