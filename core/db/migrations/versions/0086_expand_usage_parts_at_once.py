"""A month's part of the ledger that several writers need at the same moment is made for all of them.

Who had waited for the lock still believed the name to be free, as `to_regclass` answers from what the connection has
looked up before; only a statement sees what was committed meanwhile. The function's name and meaning stay.
"""

from alembic import op

revision = "0086"
down_revision = "0094"
branch_labels = None
depends_on = None

FUNCTION = """
CREATE OR REPLACE FUNCTION countersign_usage_part(month DATE) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part TEXT := 'usage_ledger_' || to_char(month, 'YYYYMM');
BEGIN
    IF month IS NULL OR month <> date_trunc('month', month)::date OR month < '2000-01-01' OR month > '2199-12-01' THEN
        RAISE EXCEPTION 'no month: %', month;
    END IF;
    IF to_regclass('countersign_parts.' || part) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('usage_ledger parts', 0));
    IF EXISTS (SELECT FROM pg_class WHERE relname = part AND relnamespace = 'countersign_parts'::regnamespace) THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE countersign_parts.%I (LIKE public.usage_ledger INCLUDING DEFAULTS)', part);
    EXECUTE format('ALTER TABLE countersign_parts.%I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE countersign_parts.%I FORCE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE public.usage_ledger ATTACH PARTITION countersign_parts.%I FOR VALUES FROM (%L) TO (%L)',
        part, month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
END $$;
"""


def upgrade() -> None:
    op.execute(FUNCTION.strip())
