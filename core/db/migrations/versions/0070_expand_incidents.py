"""Incidents with their alerts, timelines, links and follow-ups.

The tables are new: the previous release goes on without them.
"""

from alembic import op

revision = "0070"
down_revision = "0043"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE incidents (
    tenant_id TEXT NOT NULL,
    incident_id UUID NOT NULL,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    severity TEXT NOT NULL,
    state TEXT NOT NULL,
    service TEXT NOT NULL,
    business_service TEXT NOT NULL,
    source TEXT NOT NULL,
    group_key TEXT DEFAULT '' NOT NULL,
    reporter_id UUID,
    assignee_id UUID,
    roles JSONB DEFAULT '{}' NOT NULL,
    page JSONB DEFAULT '{}' NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    acknowledged_by UUID,
    acknowledged_at TIMESTAMP WITH TIME ZONE,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    resolved_by UUID,
    resolved_at TIMESTAMP WITH TIME ZONE,
    resolution TEXT DEFAULT '' NOT NULL,
    cause TEXT DEFAULT '' NOT NULL,
    reopened INTEGER DEFAULT '0' NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    review_state TEXT,
    review_due_at TIMESTAMP WITH TIME ZONE,
    review JSONB,
    channel TEXT DEFAULT '' NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_incidents PRIMARY KEY (tenant_id, incident_id),
    CONSTRAINT uq_incidents_tenant_id_number UNIQUE (tenant_id, number),
    CONSTRAINT ck_incidents_severity CHECK (severity IN ('critical', 'high', 'medium', 'low')),
    CONSTRAINT ck_incidents_state CHECK (state IN ('open', 'acknowledged', 'resolved', 'closed')),
    CONSTRAINT ck_incidents_review_state CHECK (review_state IN ('due', 'overdue', 'done')),
    CONSTRAINT fk_incidents_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_incidents_group ON incidents (tenant_id, source, group_key, number);

CREATE INDEX ix_incidents_started ON incidents (tenant_id, started_at);

CREATE INDEX ix_incidents_state ON incidents (tenant_id, state, number);

CREATE TABLE incident_alerts (
    tenant_id TEXT NOT NULL,
    incident_id UUID NOT NULL,
    source TEXT NOT NULL,
    alert_key TEXT NOT NULL,
    state TEXT NOT NULL,
    severity TEXT NOT NULL,
    title TEXT NOT NULL,
    words TEXT NOT NULL,
    labels JSONB NOT NULL,
    link TEXT NOT NULL,
    times INTEGER DEFAULT '1' NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    resolved_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_incident_alerts PRIMARY KEY (tenant_id, incident_id, source, alert_key),
    CONSTRAINT ck_incident_alerts_severity CHECK (severity IN ('critical', 'high', 'medium', 'low')),
    CONSTRAINT ck_incident_alerts_state CHECK (state IN ('firing', 'resolved')),
    CONSTRAINT fk_incident_alerts_incidents FOREIGN KEY(tenant_id, incident_id) REFERENCES incidents (tenant_id, incident_id),
    CONSTRAINT fk_incident_alerts_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_incident_alerts_key ON incident_alerts (tenant_id, source, alert_key, last_at);

CREATE TABLE incident_entries (
    tenant_id TEXT NOT NULL,
    entry_id UUID NOT NULL,
    incident_id UUID NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    written_at TIMESTAMP WITH TIME ZONE NOT NULL,
    author_id UUID,
    text TEXT NOT NULL,
    details JSONB DEFAULT '{}' NOT NULL,
    is_public BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_incident_entries PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT fk_incident_entries_incidents FOREIGN KEY(tenant_id, incident_id) REFERENCES incidents (tenant_id, incident_id),
    CONSTRAINT fk_incident_entries_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_incident_entries_at ON incident_entries (tenant_id, incident_id, at, entry_id);

CREATE TABLE incident_links (
    tenant_id TEXT NOT NULL,
    incident_id UUID NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    author_id UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_incident_links PRIMARY KEY (tenant_id, incident_id, kind, target),
    CONSTRAINT ck_incident_links_kind CHECK (kind IN ('change', 'request', 'bypass', 'incident', 'ticket', 'page')),
    CONSTRAINT fk_incident_links_incidents FOREIGN KEY(tenant_id, incident_id) REFERENCES incidents (tenant_id, incident_id),
    CONSTRAINT fk_incident_links_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE TABLE incident_follow_ups (
    tenant_id TEXT NOT NULL,
    follow_up_id UUID NOT NULL,
    incident_id UUID NOT NULL,
    title TEXT NOT NULL,
    owner_id UUID NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT NOT NULL,
    before TEXT DEFAULT '' NOT NULL,
    after TEXT DEFAULT '' NOT NULL,
    evidence TEXT DEFAULT '' NOT NULL,
    done_by UUID,
    done_at TIMESTAMP WITH TIME ZONE,
    reminders INTEGER DEFAULT '0' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_incident_follow_ups PRIMARY KEY (tenant_id, follow_up_id),
    CONSTRAINT ck_incident_follow_ups_state CHECK (state IN ('open', 'done', 'dropped')),
    CONSTRAINT fk_incident_follow_ups_incidents FOREIGN KEY(tenant_id, incident_id) REFERENCES incidents (tenant_id, incident_id),
    CONSTRAINT fk_incident_follow_ups_users FOREIGN KEY(tenant_id, owner_id) REFERENCES users (tenant_id, user_id),
    CONSTRAINT fk_incident_follow_ups_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_incident_follow_ups_due ON incident_follow_ups (tenant_id, state, due_at);

CREATE INDEX ix_incident_follow_ups_incident ON incident_follow_ups (tenant_id, incident_id, follow_up_id);

ALTER TABLE incidents ENABLE ROW LEVEL SECURITY;

ALTER TABLE incidents FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON incidents
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON incidents TO countersign_app;

ALTER TABLE incident_alerts ENABLE ROW LEVEL SECURITY;

ALTER TABLE incident_alerts FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON incident_alerts
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON incident_alerts TO countersign_app;

ALTER TABLE incident_entries ENABLE ROW LEVEL SECURITY;

ALTER TABLE incident_entries FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON incident_entries
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON incident_entries TO countersign_app;

ALTER TABLE incident_links ENABLE ROW LEVEL SECURITY;

ALTER TABLE incident_links FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON incident_links
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON incident_links TO countersign_app;

ALTER TABLE incident_follow_ups ENABLE ROW LEVEL SECURITY;

ALTER TABLE incident_follow_ups FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON incident_follow_ups
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON incident_follow_ups TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
