"""Samples are parted by day, so that what is old goes by dropping parts; and labels have a table of the same shape.

The previous release goes on: the table has the same name and columns, what it holds is its first part, and the days of
the next fortnight have theirs. Attaching reads that part once, some seconds for ten million samples, in which samples
wait; hence the long time-out. Samples are written by the thousand, and are no longer tied to their tenant by a key that
would be asked at each row. Parts are made and dropped by functions of the owner's, since the service's role makes no
tables. A number comes from a sequence and not from an identity, which parted tables have from PostgreSQL 17 on.
"""

from alembic import op

revision = "0085"
down_revision = "0066"
branch_labels = None
depends_on = None

STATEMENTS = r"""
SET LOCAL statement_timeout = '10min';

SET LOCAL lock_timeout = '4s';

CREATE SCHEMA IF NOT EXISTS countersign_parts;

ALTER TABLE sla_samples RENAME TO sla_samples_before;

ALTER TABLE sla_samples_before RENAME CONSTRAINT pk_sla_samples TO pk_sla_samples_before;

ALTER TABLE sla_samples_before DROP CONSTRAINT fk_sla_samples_tenants;

ALTER TABLE sla_samples_before ALTER COLUMN position DROP IDENTITY;

DROP POLICY tenant_isolation ON sla_samples_before;

REVOKE ALL ON sla_samples_before FROM countersign_app;

ALTER TABLE sla_samples_before SET SCHEMA countersign_parts;

CREATE TABLE sla_samples (
    tenant_id TEXT NOT NULL,
    service TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    position BIGSERIAL NOT NULL,
    response_time DOUBLE PRECISION NOT NULL,
    success BOOLEAN NOT NULL,
    CONSTRAINT pk_sla_samples PRIMARY KEY (tenant_id, service, at, position) INCLUDE (response_time)
) PARTITION BY RANGE (at);

CREATE TABLE sla_labels (
    tenant_id TEXT NOT NULL,
    service TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    labels JSONB NOT NULL,
    CONSTRAINT pk_sla_labels PRIMARY KEY (tenant_id, service, at)
) PARTITION BY RANGE (at);

CREATE FUNCTION countersign_sla_part(day DATE) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parted TEXT;
    part TEXT;
    begins TIMESTAMPTZ := day::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF day IS NULL OR day < '2000-01-01' OR day > '2199-12-31' THEN
        RAISE EXCEPTION 'no day: %', day;
    END IF;
    FOREACH parted IN ARRAY ARRAY['sla_samples', 'sla_labels'] LOOP
        part := parted || to_char(day, '_YYYYMMDD');
        CONTINUE WHEN to_regclass('countersign_parts.' || part) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtextextended('sla parts', 0));
        -- to_regclass would still say what it said before the lock was had: only a statement sees what is committed
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_class WHERE relname = part AND relnamespace = 'countersign_parts'::regnamespace);
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
            WHERE inhparent = ('public.' || parted)::regclass AND c.relname = parted || '_before'
              AND substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']+)''\)')::timestamptz > begins);
        EXECUTE format('CREATE TABLE countersign_parts.%I (LIKE public.%I INCLUDING DEFAULTS)', part, parted);
        EXECUTE format('ALTER TABLE countersign_parts.%I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE countersign_parts.%I FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION countersign_parts.%I FOR VALUES FROM (%L) TO (%L)',
            parted, part, begins, begins + interval '1 day');
    END LOOP;
END $$;

CREATE FUNCTION countersign_drop_sla_parts(before TIMESTAMPTZ) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    part TEXT;
    dropped INTEGER := 0;
BEGIN
    FOR part IN
        SELECT c.relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
        WHERE inhparent IN ('public.sla_samples'::regclass, 'public.sla_labels'::regclass)
          AND substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']+)''\)')::timestamptz <= before
    LOOP
        EXECUTE format('DROP TABLE countersign_parts.%I', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

REVOKE ALL ON FUNCTION countersign_sla_part(DATE), countersign_drop_sla_parts(TIMESTAMPTZ) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION countersign_sla_part(DATE), countersign_drop_sla_parts(TIMESTAMPTZ) TO countersign_app;

GRANT USAGE ON SEQUENCE sla_samples_position_seq TO countersign_app;

ALTER TABLE sla_samples ENABLE ROW LEVEL SECURITY;

ALTER TABLE sla_samples FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON sla_samples
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON sla_samples TO countersign_app;

ALTER TABLE sla_labels ENABLE ROW LEVEL SECURITY;

ALTER TABLE sla_labels FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON sla_labels
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON sla_labels TO countersign_app;

DO $$
DECLARE
    ends DATE := (now() AT TIME ZONE 'UTC')::date + 2;
BEGIN
    IF NOT EXISTS (SELECT FROM tenants) THEN
        DROP TABLE countersign_parts.sla_samples_before;
        RETURN;
    END IF;
    PERFORM setval('sla_samples_position_seq',
        (SELECT coalesce(max(position), 0) + 1 FROM countersign_parts.sla_samples_before));
    EXECUTE format('ALTER TABLE sla_samples ATTACH PARTITION countersign_parts.sla_samples_before'
        ' FOR VALUES FROM (MINVALUE) TO (%L)', ends::timestamp AT TIME ZONE 'UTC');
    PERFORM countersign_sla_part(ends + number) FROM generate_series(0, 13) number;
END $$;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
