"""All SQL of comparing the sums with the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, insert, select, text

from core.costs.model import cost_checks
from core.db import Transaction

COMPARING_MAX: Final = "30min"  # a ledger of some hundred million lines takes minutes
DIFFERENCES_MAX: Final = 20  # told of one check
_ADDED_UP = (
    "SELECT (at AT TIME ZONE 'UTC')::date AS day, project, agent, meter, meter_class, currency,"
    " sum(quantity) AS quantity, sum(amount) AS amount,"
    " sum(CASE WHEN quantity < 0 THEN -1 ELSE 1 END) AS events, count(*) AS lines FROM usage_ledger"
    " WHERE tenant_id = :tenant"
)
_BY = " GROUP BY 1, 2, 3, 4, 5, 6"
_ALL_LINES, _ALL_SUMS = _ADDED_UP + _BY, "SELECT * FROM cost_rollups WHERE tenant_id = :tenant"
_MONTHS = "unnest(CAST(:months AS date[])) AS m (month) CROSS JOIN LATERAL"
# Month by month, so that only these parts of the ledger are read.
_SOME_LINES = (
    f"SELECT l.* FROM {_MONTHS} ({_ADDED_UP} AND at >= m.month::timestamp AT TIME ZONE 'UTC'"  # noqa: S608  no word of it is anybody's
    f" AND at < (m.month + interval '1 month') AT TIME ZONE 'UTC' {_BY}) l"
)
_SOME_SUMS = f"SELECT s.* FROM {_MONTHS} ({_ALL_SUMS} AND day >= m.month AND day < m.month + interval '1 month') s"  # noqa: S608  the same


def _compare(lines: str, sums: str) -> str:
    return (
        f"WITH ledger AS ({lines}) SELECT coalesce(l.day, r.day) AS day, project, agent, meter, meter_class, currency,"  # noqa: S608  the same
        " l.amount AS ledger, r.amount AS rollup, coalesce(l.lines, 0) AS lines,"
        " (l.day IS NULL AND (r.amount <> 0 OR r.quantity <> 0 OR r.events <> 0)) OR (l.day IS NOT NULL AND"
        " (r.amount, r.quantity, r.events) IS DISTINCT FROM (l.amount, l.quantity, l.events)) AS differs"
        f" FROM ledger l FULL JOIN ({sums}) r USING (day, project, agent, meter, meter_class, currency)"
    )


_EVERYTHING, _SOME = _compare(_ALL_LINES, _ALL_SUMS), _compare(_SOME_LINES, _SOME_SUMS)
_MONTH = "date_trunc('month', day)::date"
_TOTALLED, _SOME_TOTALLED = (
    text(
        f"WITH compared AS ({each}) SELECT {_MONTH} AS month, sum(lines) AS lines,"  # noqa: S608  the same
        " count(*) FILTER (WHERE differs) AS differing FROM compared GROUP BY 1"
    )
    for each in (_EVERYTHING, _SOME)
)
_DIFFERING, _SOME_DIFFERING = (
    text(f"SELECT * FROM ({each}) c WHERE differs ORDER BY day LIMIT {DIFFERENCES_MAX}")  # noqa: S608  the same
    for each in (_EVERYTHING, _SOME)
)
_PATIENTLY = text("SELECT set_config('statement_timeout', :most, true)")
_FORGET_SUMS = text("DELETE FROM cost_rollups WHERE tenant_id = :tenant")
_SUM_ANEW = text(
    "INSERT INTO cost_rollups (tenant_id, day, project, agent, meter, meter_class, currency, quantity, amount, events)"  # noqa: S608  the same
    " SELECT :tenant, day, project, agent, meter, meter_class, currency, quantity, amount, events"
    f" FROM ({_ALL_LINES}) s"
)
# Each month in which the ledger has a line, or that has a sum, with the digest of its sums: a sum of their hashes, for
# which nothing has to be sorted. Into each part of the ledger the key leads to one line.
_DIGEST = (
    "count(*) || ':' || sum(hashtextextended("
    "concat_ws(E'\\x1f', day, project, agent, meter, meter_class, currency, quantity, amount, events), 0)::numeric)"
)
_MONTHS_NOW = text(
    "WITH ends AS (SELECT min(at) AT TIME ZONE 'UTC' AS first, max(at) AT TIME ZONE 'UTC' AS last"  # noqa: S608  the same
    "  FROM usage_ledger WHERE tenant_id = :tenant),"
    " used AS (SELECT m::date AS month"
    "  FROM ends, generate_series(date_trunc('month', first), last, interval '1 month') AS m"
    "  WHERE EXISTS (SELECT FROM usage_ledger WHERE tenant_id = :tenant"
    "   AND at >= m AT TIME ZONE 'UTC' AND at < (m + interval '1 month') AT TIME ZONE 'UTC')),"
    f" sums AS (SELECT {_MONTH} AS month, {_DIGEST} AS digest FROM cost_rollups WHERE tenant_id = :tenant GROUP BY 1)"
    " SELECT month, coalesce(s.digest, '') AS digest, coalesce(k.digest, '-') AS compared_digest, k.compared_at"
    " FROM used FULL JOIN sums s USING (month)"
    " LEFT JOIN (SELECT * FROM cost_month_checks WHERE tenant_id = :tenant) k USING (month) ORDER BY month"
)
_KEEP_MONTHS = text(
    "INSERT INTO cost_month_checks (tenant_id, month, digest, lines, compared_at)"
    " SELECT :tenant, month, digest, lines, :now"
    " FROM unnest(CAST(:months AS date[]), CAST(:digests AS text[]), CAST(:lines AS bigint[]))"
    "  AS c (month, digest, lines)"
    " ON CONFLICT (tenant_id, month) DO UPDATE SET digest = excluded.digest, lines = excluded.lines,"
    " compared_at = excluded.compared_at"
)


@dataclass(frozen=True, slots=True)
class MonthNow:
    """A month with usage: the digest of its sums, and of those that agreed with the ledger when they were compared."""

    month: date
    digest: str
    compared_digest: str
    compared_at: datetime | None

    @property
    def is_as_compared(self) -> bool:
        """Whether its sums are still those that agreed."""
        return self.digest == self.compared_digest


@dataclass(frozen=True, slots=True)
class Compared:
    """How many lines each month has that was compared, how many of its sums differ, and the first of those."""

    lines: Mapping[date, int]
    differing: Mapping[date, int]
    differences: Sequence[Row[Any]]


async def compared(tx: Transaction, months: Collection[date] | None = None) -> Compared:
    """The sums of these months against the ledger; None: of all."""
    await tx.connection.execute(_PATIENTLY, {"most": COMPARING_MAX})
    totalled, differing = (_TOTALLED, _DIFFERING) if months is None else (_SOME_TOTALLED, _SOME_DIFFERING)
    parameters = {"tenant": tx.tenant} | ({} if months is None else {"months": list(months)})
    totals = (await tx.connection.execute(totalled, parameters)).all()
    wrong = {row.month: int(row.differing) for row in totals if row.differing}
    rows = (await tx.connection.execute(differing, parameters)).all() if wrong else ()
    return Compared({row.month: int(row.lines) for row in totals}, wrong, rows)


async def months_now(tx: Transaction) -> list[MonthNow]:
    """Every month with usage, the oldest first."""
    await tx.connection.execute(_PATIENTLY, {"most": COMPARING_MAX})
    rows = await tx.connection.execute(_MONTHS_NOW, {"tenant": tx.tenant})
    return [MonthNow(row.month, row.digest, row.compared_digest, row.compared_at) for row in rows]


async def keep_months(tx: Transaction, agreed: Collection[MonthNow], lines: Mapping[date, int]) -> None:
    """It is known of these months that their sums, as they were read, agreed with the ledger."""
    parameters = {
        "tenant": tx.tenant,
        "now": tx.now,
        "months": [each.month for each in agreed],
        "digests": [each.digest for each in agreed],
        "lines": [lines.get(each.month, 0) for each in agreed],
    }
    await tx.connection.execute(_KEEP_MONTHS, parameters)


async def sum_anew(tx: Transaction) -> None:
    """Every sum is what the ledger says. The caller holds the tenant's writers off."""
    await tx.connection.execute(_FORGET_SUMS, {"tenant": tx.tenant})
    await tx.connection.execute(_SUM_ANEW, {"tenant": tx.tenant})


async def keep_check(tx: Transaction, values: Mapping[str, Any]) -> None:
    """The check's result is kept; those older than a year are not."""
    await tx.connection.execute(insert(cost_checks).values(tenant_id=tx.tenant, **values))
    old = cost_checks.c.checked_at < tx.now - timedelta(days=366)
    await tx.connection.execute(cost_checks.delete().where(cost_checks.c.tenant_id == tx.tenant, old))


async def checks(tx: Transaction, *, limit: int) -> Sequence[Row[Any]]:
    """The newest checks first."""
    columns = cost_checks.c
    wanted = select(cost_checks).where(columns.tenant_id == tx.tenant).order_by(columns.checked_at.desc()).limit(limit)
    return (await tx.connection.execute(wanted)).all()
