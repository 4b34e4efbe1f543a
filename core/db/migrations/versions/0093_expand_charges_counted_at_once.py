"""Charges are counted in one round trip: the lock of the tenant's budgets is taken, and then they are counted.

Two statements cannot be one: the second has to see what was committed while the first waited. Inside a volatile function
each has a snapshot of its own. It runs with the caller's rights, so row security holds. The previous release does not call it.
"""

from alembic import op

revision = "0093"
down_revision = "0081"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE FUNCTION countersign_count_charges(
    of_tenant TEXT, lock_name TEXT, known BIGINT,
    ids UUID[], starts TIMESTAMPTZ[], ends TIMESTAMPTZ[], amounts NUMERIC[], numbers BIGINT[]
) RETURNS SETOF public.budget_periods LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended(lock_name, 0));
    RETURN QUERY
    INSERT INTO public.budget_periods AS p (tenant_id, budget_id, starts_at, ends_at, spent, charges)
    SELECT of_tenant, c.budget_id, c.starts_at, c.ends_at, c.spent, c.charges
    FROM unnest(ids, starts, ends, amounts, numbers) AS c(budget_id, starts_at, ends_at, spent, charges)
    WHERE known = (SELECT coalesce(max(b.changed), 0) FROM public.budgets b WHERE b.tenant_id = of_tenant)
    ORDER BY c.budget_id, c.starts_at
    ON CONFLICT (tenant_id, budget_id, starts_at)
    DO UPDATE SET spent = p.spent + excluded.spent, charges = p.charges + excluded.charges
    RETURNING p.*;
END $$;

REVOKE ALL ON FUNCTION countersign_count_charges(
    TEXT, TEXT, BIGINT, UUID[], TIMESTAMPTZ[], TIMESTAMPTZ[], NUMERIC[], BIGINT[]) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION countersign_count_charges(
    TEXT, TEXT, BIGINT, UUID[], TIMESTAMPTZ[], TIMESTAMPTZ[], NUMERIC[], BIGINT[]) TO countersign_app;
"""


def upgrade() -> None:
    for statement in STATEMENTS.strip().split("\n\n"):  # asyncpg takes them one at a time
        op.execute(statement)
