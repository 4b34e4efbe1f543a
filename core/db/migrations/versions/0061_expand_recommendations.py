"""Recommendations of what could cost less.

The table is new: the previous release goes on without it.
"""

from alembic import op

revision = "0061"
down_revision = "0071"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE recommendations (
    tenant_id TEXT NOT NULL,
    recommendation_id UUID NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    agent TEXT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    action TEXT NOT NULL,
    saving NUMERIC NOT NULL,
    currency TEXT NOT NULL,
    evidence JSONB NOT NULL,
    found_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    reason TEXT DEFAULT '' NOT NULL,
    change_id UUID,
    CONSTRAINT pk_recommendations PRIMARY KEY (tenant_id, recommendation_id),
    CONSTRAINT ck_recommendations_state CHECK (state IN ('open', 'accepted', 'dismissed', 'gone')),
    CONSTRAINT fk_recommendations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE UNIQUE INDEX ix_recommendations_key ON recommendations (tenant_id, key);

ALTER TABLE recommendations ENABLE ROW LEVEL SECURITY;

ALTER TABLE recommendations FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON recommendations
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON recommendations TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
