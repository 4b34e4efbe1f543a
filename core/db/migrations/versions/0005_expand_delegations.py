"""Standing delegations; who stands in at a place that was asked, and for whom a vote was cast.

The new columns are nullable or have a default: the previous release goes on writing without them.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DELEGATIONS = """
CREATE TABLE delegations (
    tenant_id TEXT NOT NULL,
    delegation_id UUID NOT NULL,
    absent_id UUID NOT NULL,
    stand_in_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    actions TEXT[],
    stages TEXT[],
    reason TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    ended_by TEXT,
    CONSTRAINT pk_delegations PRIMARY KEY (tenant_id, delegation_id),
    CONSTRAINT ck_delegations_window CHECK (starts_at < ends_at),
    CONSTRAINT ck_delegations_self CHECK (absent_id <> stand_in_id),
    CONSTRAINT fk_delegations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT fk_delegations_absent FOREIGN KEY(tenant_id, absent_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_delegations_stand_in FOREIGN KEY(tenant_id, stand_in_id) REFERENCES users (tenant_id, user_id)
);

CREATE INDEX ix_delegations_live ON delegations (tenant_id, ends_at) WHERE ended_at IS NULL;

ALTER TABLE delegations ENABLE ROW LEVEL SECURITY;

ALTER TABLE delegations FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON delegations
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON delegations TO countersign_app;

ALTER TABLE stage_approvers ADD COLUMN stand_in UUID, ADD COLUMN stays_asked BOOLEAN DEFAULT 'false' NOT NULL;

CREATE INDEX ix_stage_approvers_stand_in ON stage_approvers (tenant_id, stand_in) WHERE stand_in IS NOT NULL;

ALTER TABLE votes ADD COLUMN on_behalf_of UUID;
"""


def upgrade() -> None:
    for statement in DELEGATIONS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
