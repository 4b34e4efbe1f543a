"""Quiet hours, and what waits for their end.

New columns may be NULL and the table is new: the previous release goes on without them.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE preferences ADD COLUMN quiet_from TIME WITHOUT TIME ZONE;

ALTER TABLE preferences ADD COLUMN quiet_until TIME WITHOUT TIME ZONE;

ALTER TABLE preferences ADD CONSTRAINT ck_preferences_quiet CHECK ((quiet_from IS NULL) = (quiet_until IS NULL));

CREATE TABLE held_back (
    tenant_id TEXT NOT NULL,
    user_id UUID NOT NULL,
    subject TEXT NOT NULL,
    said JSONB,
    said_id UUID,
    due_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_held_back PRIMARY KEY (tenant_id, user_id, subject),
    CONSTRAINT fk_held_back_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_held_back_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE held_back ENABLE ROW LEVEL SECURITY;

ALTER TABLE held_back FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON held_back
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON held_back TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
