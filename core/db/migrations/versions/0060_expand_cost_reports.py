"""Cost centres, what belongs to them from which day on, and what agents are said to be worth.

The tables are new: the previous release goes on without them.
"""

from alembic import op

revision = "0060"
down_revision = "0070"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE cost_centres (
    tenant_id TEXT NOT NULL,
    code TEXT NOT NULL,
    title TEXT NOT NULL,
    author_id UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_cost_centres PRIMARY KEY (tenant_id, code),
    CONSTRAINT fk_cost_centres_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE cost_centre_turns (
    tenant_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    starts_on DATE NOT NULL,
    code TEXT NOT NULL,
    author_id UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_cost_centre_turns PRIMARY KEY (tenant_id, kind, subject, starts_on),
    CONSTRAINT ck_cost_centre_turns_kind CHECK (kind IN ('project', 'agent')),
    CONSTRAINT fk_cost_centre_turns_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE benefits (
    tenant_id TEXT NOT NULL,
    benefit_id UUID NOT NULL,
    agent TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    low NUMERIC NOT NULL,
    likely NUMERIC NOT NULL,
    high NUMERIC NOT NULL,
    rate NUMERIC NOT NULL,
    currency TEXT NOT NULL,
    evidence TEXT DEFAULT '' NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE,
    author_id UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_benefits PRIMARY KEY (tenant_id, benefit_id),
    CONSTRAINT ck_benefits_kind CHECK (kind IN ('time_saved', 'cost_avoided', 'revenue', 'investment')),
    CONSTRAINT ck_benefits_order CHECK (low <= likely AND likely <= high),
    CONSTRAINT fk_benefits_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_benefits_agent ON benefits (tenant_id, agent);

ALTER TABLE cost_centres ENABLE ROW LEVEL SECURITY;

ALTER TABLE cost_centres FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON cost_centres
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON cost_centres TO countersign_app;

ALTER TABLE cost_centre_turns ENABLE ROW LEVEL SECURITY;

ALTER TABLE cost_centre_turns FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON cost_centre_turns
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON cost_centre_turns TO countersign_app;

ALTER TABLE benefits ENABLE ROW LEVEL SECURITY;

ALTER TABLE benefits FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON benefits
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON benefits TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
