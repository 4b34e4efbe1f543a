"""Requests that are written and not yet asked."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DRAFTS = """
CREATE TABLE drafts (
    tenant_id TEXT NOT NULL,
    draft_id UUID NOT NULL,
    author_id UUID NOT NULL,
    action TEXT NOT NULL,
    resource JSONB NOT NULL,
    justification TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_drafts PRIMARY KEY (tenant_id, draft_id),
    CONSTRAINT fk_drafts_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT fk_drafts_author FOREIGN KEY(tenant_id, author_id) REFERENCES users (tenant_id, user_id)
);

CREATE INDEX ix_drafts_author ON drafts (tenant_id, author_id, updated_at);

ALTER TABLE drafts ENABLE ROW LEVEL SECURITY;

ALTER TABLE drafts FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON drafts
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON drafts TO countersign_app;
"""


def upgrade() -> None:
    for statement in DRAFTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
