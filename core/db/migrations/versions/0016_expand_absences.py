"""Absences from calendars, and each person's fallback approver.

The new column of `users` is nullable: the previous release goes on writing without it.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ABSENCES = """
CREATE TABLE calendar_feeds (
    tenant_id TEXT NOT NULL,
    user_id UUID NOT NULL,
    address TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    next_poll_at TIMESTAMP WITH TIME ZONE NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE,
    etag TEXT,
    last_modified TEXT,
    read_until TIMESTAMP WITH TIME ZONE,
    failures INTEGER DEFAULT '0' NOT NULL,
    problem TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_calendar_feeds PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT fk_calendar_feeds_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT fk_calendar_feeds_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id)
);

CREATE INDEX ix_calendar_feeds_due ON calendar_feeds (tenant_id, next_poll_at);

CREATE TABLE absences (
    tenant_id TEXT NOT NULL,
    absence_id UUID NOT NULL,
    user_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_absences PRIMARY KEY (tenant_id, absence_id),
    CONSTRAINT ck_absences_window CHECK (starts_at < ends_at),
    CONSTRAINT fk_absences_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT fk_absences_users FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, user_id)
);

CREATE INDEX ix_absences_live ON absences (tenant_id, ends_at) WHERE ended_at IS NULL;

ALTER TABLE users ADD COLUMN fallback_id UUID;
"""

ISOLATION = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;

ALTER TABLE {table} FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON {table}
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO countersign_app;
"""


def upgrade() -> None:
    statements = ABSENCES + "".join(ISOLATION.format(table=table) for table in ("calendar_feeds", "absences"))
    for statement in statements.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
