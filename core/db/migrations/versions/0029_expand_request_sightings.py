"""Who has looked at which version of a request.

The table is new: the previous release goes on without it.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE request_sightings (
    tenant_id TEXT NOT NULL,
    request_id UUID NOT NULL,
    user_id UUID NOT NULL,
    revision INTEGER NOT NULL,
    door TEXT NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_request_sightings PRIMARY KEY (tenant_id, request_id, user_id, revision),
    CONSTRAINT fk_request_sightings_requests FOREIGN KEY(tenant_id, request_id) REFERENCES requests (tenant_id, request_id),
    CONSTRAINT fk_request_sightings_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_request_sightings_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE request_sightings ENABLE ROW LEVEL SECURITY;

ALTER TABLE request_sightings FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON request_sightings
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON request_sightings TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
