"""Signed receipts of approvals, and the installation's keys that sign them; see core/receipts.

The keys belong to no tenant: only the system scope sees their table. A decision keeps the receipt that it answered with,
so that a lost answer can be repeated whole.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE receipts (
    tenant_id TEXT NOT NULL,
    receipt_id UUID NOT NULL,
    request_id UUID NOT NULL,
    key_id TEXT NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    token TEXT NOT NULL,
    CONSTRAINT pk_receipts PRIMARY KEY (tenant_id, receipt_id),
    CONSTRAINT fk_receipts_requests FOREIGN KEY(tenant_id, request_id) REFERENCES requests (tenant_id, request_id),
    CONSTRAINT fk_receipts_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id)
);

CREATE INDEX ix_receipts_request ON receipts (tenant_id, request_id, issued_at);

CREATE TABLE receipt_keys (
    key_id TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    private_key BYTEA,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_receipt_keys PRIMARY KEY (key_id),
    CONSTRAINT ck_receipt_keys_one_half CHECK ((retired_at IS NULL) = (private_key IS NOT NULL))
);

ALTER TABLE decisions ADD COLUMN receipt TEXT;
"""

ROW_SECURITY = """
ALTER TABLE receipts ENABLE ROW LEVEL SECURITY;

ALTER TABLE receipts FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON receipts
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

ALTER TABLE receipt_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE receipt_keys FORCE ROW LEVEL SECURITY;

CREATE POLICY system_only ON receipt_keys
    USING (current_setting('app.scope', true) = 'system')
    WITH CHECK (current_setting('app.scope', true) = 'system');
"""

PRIVILEGES = """
GRANT SELECT, INSERT, UPDATE, DELETE ON receipts, receipt_keys TO countersign_app;
"""


def upgrade() -> None:
    for script in (TABLES, ROW_SECURITY, PRIVILEGES):
        for statement in script.strip().split("\n\n"):  # asyncpg takes them one at a time
            op.execute(statement)
