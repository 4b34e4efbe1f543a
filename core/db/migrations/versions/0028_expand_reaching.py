"""Pictures that platforms fetch from us, and since when a chat account cannot be written to.

The new column may be NULL and the table is new: the previous release goes on without them.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE chat_accounts ADD COLUMN unreachable_since TIMESTAMP WITH TIME ZONE;

ALTER TABLE chat_accounts ADD COLUMN added_at TIMESTAMP WITH TIME ZONE;

CREATE TABLE pictures (
    tenant_id TEXT NOT NULL,
    picture_id UUID NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    png BYTEA NOT NULL,
    secret_hash BYTEA NOT NULL,
    secret TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT ck_pictures_size CHECK (octet_length(png) <= 1048576),
    CONSTRAINT pk_pictures PRIMARY KEY (tenant_id, picture_id),
    CONSTRAINT uq_pictures_tenant_id_key UNIQUE (tenant_id, key),
    CONSTRAINT fk_pictures_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_pictures_expires_at ON pictures (tenant_id, expires_at);

ALTER TABLE pictures ENABLE ROW LEVEL SECURITY;

ALTER TABLE pictures FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON pictures
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON pictures TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
