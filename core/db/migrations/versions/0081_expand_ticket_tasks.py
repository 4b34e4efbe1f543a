"""Child records of tickets that show what is to be done of a change.

The table is new: the previous release goes on without them.
"""

from alembic import op

revision = "0081"
down_revision = "0092"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE ticket_tasks (
    tenant_id TEXT NOT NULL,
    system TEXT NOT NULL,
    subject_id UUID NOT NULL,
    step TEXT NOT NULL,
    ticket_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    number TEXT NOT NULL,
    url TEXT NOT NULL,
    shown TEXT NOT NULL,
    state TEXT NOT NULL,
    label TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_ticket_tasks PRIMARY KEY (tenant_id, system, subject_id, step),
    CONSTRAINT uq_ticket_tasks_tenant_id_system_task_id UNIQUE (tenant_id, system, task_id),
    CONSTRAINT fk_ticket_tasks_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

ALTER TABLE ticket_tasks ENABLE ROW LEVEL SECURITY;

ALTER TABLE ticket_tasks FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON ticket_tasks
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON ticket_tasks TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
