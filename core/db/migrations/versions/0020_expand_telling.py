"""On which platform somebody wants to be told, where they were seen last, and where each thing was told.

New columns may be NULL and the table is new: the previous release goes on without them.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE chat_accounts ADD COLUMN last_seen_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE preferences ADD COLUMN platform TEXT;

ALTER TABLE preferences ADD CONSTRAINT ck_preferences_platform CHECK (platform IN ('slack', 'teams', 'both'));

CREATE TABLE tellings (
    tenant_id TEXT NOT NULL,
    subject_id UUID NOT NULL,
    user_id UUID NOT NULL,
    platform TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_tellings PRIMARY KEY (tenant_id, subject_id, user_id),
    CONSTRAINT ck_tellings_platform CHECK (platform IN ('slack', 'teams', 'both')),
    CONSTRAINT fk_tellings_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_tellings_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_tellings_decided_at ON tellings (tenant_id, decided_at);

ALTER TABLE tellings ENABLE ROW LEVEL SECURITY;

ALTER TABLE tellings FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON tellings
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON tellings TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
