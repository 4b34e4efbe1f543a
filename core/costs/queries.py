"""All SQL of reading costs: sums from the rollups, lines from the ledger, and whether the two agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, cast, func, insert, literal, or_, select, text, tuple_
from sqlalchemy.types import Date

from core.costs.bearing import Bearer, borne
from core.costs.model import cost_checks, cost_rollups, usage_ledger
from core.db import Transaction

COMPARING_MAX: Final = "30min"  # a ledger of some hundred million lines takes minutes
DIFFERENCES_MAX: Final = 20  # told of one check
_SUMS = (
    "SELECT (at AT TIME ZONE 'UTC')::date AS day, project, agent, meter, meter_class, currency,"
    " sum(quantity) AS quantity, sum(amount) AS amount,"
    " sum(CASE WHEN quantity < 0 THEN -1 ELSE 1 END) AS events, count(*) AS lines FROM usage_ledger"
    " WHERE tenant_id = :tenant GROUP BY 1, 2, 3, 4, 5, 6"
)
_COMPARE = text(
    f"WITH ledger AS ({_SUMS}) SELECT coalesce(l.day, r.day) AS day, project, agent, meter, meter_class, currency,"  # noqa: S608  no word of it is anybody's
    " l.amount AS ledger, r.amount AS rollup, coalesce(l.lines, 0) AS lines,"
    " (l.day IS NULL AND (r.amount <> 0 OR r.quantity <> 0 OR r.events <> 0)) OR (l.day IS NOT NULL AND"
    " (r.amount, r.quantity, r.events) IS DISTINCT FROM (l.amount, l.quantity, l.events)) AS differs"
    " FROM ledger l FULL JOIN (SELECT * FROM cost_rollups WHERE tenant_id = :tenant) r"
    " USING (day, project, agent, meter, meter_class, currency)"
)
_TOTALLED = text(
    f"WITH compared AS ({_COMPARE.text}) SELECT sum(lines) AS lines, count(*) FILTER (WHERE differs) AS differing"  # noqa: S608  the same
    " FROM compared"
)
_DIFFERING = text(f"SELECT * FROM ({_COMPARE.text}) c WHERE differs ORDER BY day LIMIT {DIFFERENCES_MAX}")  # noqa: S608  the same
_PATIENTLY = text("SELECT set_config('statement_timeout', :most, true)")
_FORGET_SUMS = text("DELETE FROM cost_rollups WHERE tenant_id = :tenant")
_SUM_ANEW = text(
    "INSERT INTO cost_rollups (tenant_id, day, project, agent, meter, meter_class, currency, quantity, amount, events)"  # noqa: S608  the same
    f" SELECT :tenant, day, project, agent, meter, meter_class, currency, quantity, amount, events FROM ({_SUMS}) s"
)
_R, _L = cost_rollups.c, usage_ledger.c
_NONE: Final = literal("")


class Group(StrEnum):
    """By what costs are grouped."""

    PROJECT = "project"
    AGENT = "agent"
    METER = "meter"
    METER_CLASS = "meter_class"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    COST_CENTRE = "cost_centre"


_COLUMNS: Final[Mapping[Group, ColumnElement[Any]]] = {
    Group.PROJECT: _R.project,
    Group.AGENT: _R.agent,
    Group.METER: _R.meter,
    Group.METER_CLASS: _R.meter_class,
    Group.DAY: _R.day,
    Group.WEEK: cast(func.date_trunc("week", _R.day), Date),
    Group.MONTH: cast(func.date_trunc("month", _R.day), Date),
}


@dataclass(frozen=True, slots=True)
class CostFilter:
    """Which costs: of these projects, agents, meters and classes, from the day `since` to before `until` (UTC)."""

    projects: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()
    meter_classes: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    cost_centres: tuple[str, ...] = ()  # for whoever says what bears what
    words: Mapping[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        words = {
            "project": self.projects,
            "agent": self.agents,
            "meter": self.meters,
            "meter_class": self.meter_classes,
        }
        object.__setattr__(self, "words", {name: values for name, values in words.items() if values})


@dataclass(frozen=True, slots=True)
class CostRow:
    """What one group cost. `keys` are its values in the order asked for; quantities of several meters say nothing."""

    keys: tuple[str, ...]
    quantity: Decimal
    amount: Decimal
    currency: str
    events: int


async def sums(
    tx: Transaction,
    by: Sequence[Group],
    where: CostFilter,
    *,
    after: tuple[str, ...] | None = None,
    limit: int | None = None,
    bearers: Sequence[Bearer] = (),
) -> tuple[CostRow, ...]:
    """What each group cost, by its keys, beyond `after`; `bearers`: which cost centre bears what."""
    table, centre = borne(cost_rollups, _R.day, bearers) if _asks_centre(by, where) else (cost_rollups, _NONE)
    keys = [
        (centre if each is Group.COST_CENTRE else _as_text(each)).label(f"key{index}") for index, each in enumerate(by)
    ]
    grouped = (
        _filtered(select(*keys, *_SUMMED).select_from(table), where, centre)
        .where(_R.tenant_id == tx.tenant)
        .group_by(*keys, _R.currency)
        .subquery()
    )
    places = [grouped.c[f"key{index}"] for index in range(len(by))] + [grouped.c.currency]
    # a group without events may cost something still: with tiers, what is taken back is dear or cheap by its place
    wanted = select(grouped).where(or_(grouped.c.events != 0, grouped.c.amount != 0)).order_by(*places)
    if after is not None:
        wanted = wanted.where(tuple_(*places) > after)
    rows = await tx.connection.execute(wanted if limit is None else wanted.limit(limit))
    return tuple(
        CostRow(tuple(row[: len(by)]), row.quantity, row.amount, row.currency, int(row.events)) for row in rows
    )


async def lines(
    tx: Transaction,
    where: CostFilter,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
    bearers: Sequence[Bearer] = (),
) -> Sequence[Row[Any]]:
    """Lines of the ledger, the newest use first, before `after`."""
    wanted = select(usage_ledger).where(_L.tenant_id == tx.tenant)
    if where.cost_centres:
        table, centre = borne(usage_ledger, cast(func.timezone("UTC", _L.at), Date), bearers)
        wanted = wanted.select_from(table).where(centre.in_(where.cost_centres))
    for name, values in where.words.items():
        wanted = wanted.where(_L[name].in_(values))
    if where.since:
        wanted = wanted.where(_L.at >= func.timezone("UTC", cast(where.since, Date)))
    if where.until:
        wanted = wanted.where(_L.at < func.timezone("UTC", cast(where.until, Date)))
    if after is not None:
        wanted = wanted.where(tuple_(_L.at, _L.line_id) < after)
    return (await tx.connection.execute(wanted.order_by(_L.at.desc(), _L.line_id.desc()).limit(limit))).all()


async def spent_between(
    tx: Transaction, where: CostFilter, *, currency: str, since: datetime, until: datetime
) -> tuple[Decimal, int]:
    """The amount in this currency from an instant to before another, from the ledger, and how many events."""
    wanted = select(func.coalesce(func.sum(_L.amount), 0), func.coalesce(func.sum(func.sign(_L.quantity)), 0)).where(
        _L.tenant_id == tx.tenant, _L.currency == currency, _L.at >= since, _L.at < until
    )
    for name, values in where.words.items():
        wanted = wanted.where(_L[name].in_(values))
    amount, events = (await tx.connection.execute(wanted)).one()
    return Decimal(amount), int(events)


async def spent_by_step(
    tx: Transaction, where: CostFilter, *, currency: str, since: datetime, until: datetime, step: timedelta
) -> tuple[tuple[datetime, Decimal], ...]:
    """(when a step ends, what was spent in it) of each step after `since` in which something was, in their order."""
    begins = func.date_bin(step, _L.at, since).label("begins")
    wanted = select(begins, func.sum(_L.amount).label("amount")).where(
        _L.tenant_id == tx.tenant, _L.currency == currency, _L.at >= since, _L.at < until
    )
    for name, values in where.words.items():
        wanted = wanted.where(_L[name].in_(values))
    rows = await tx.connection.execute(wanted.group_by(begins).order_by(begins))
    return tuple((row.begins + step, Decimal(row.amount)) for row in rows)


async def compared(tx: Transaction) -> tuple[int, int, Sequence[Row[Any]]]:
    """How many lines the ledger has, how many sums differ from it, and the first of those."""
    await tx.connection.execute(_PATIENTLY, {"most": COMPARING_MAX})
    total = (await tx.connection.execute(_TOTALLED, {"tenant": tx.tenant})).one()
    if not total.differing:
        return int(total.lines or 0), 0, ()
    rows = (await tx.connection.execute(_DIFFERING, {"tenant": tx.tenant})).all()
    return int(total.lines or 0), int(total.differing), rows


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


_SUMMED = (
    func.sum(_R.quantity).label("quantity"),
    func.sum(_R.amount).label("amount"),
    _R.currency,
    func.sum(_R.events).label("events"),
)


def _as_text(group: Group) -> ColumnElement[Any]:
    column = _COLUMNS[group]
    return func.to_char(column, "YYYY-MM-DD") if group in {Group.DAY, Group.WEEK, Group.MONTH} else column


def _asks_centre(by: Sequence[Group], where: CostFilter) -> bool:
    return Group.COST_CENTRE in by or bool(where.cost_centres)


def _filtered(wanted: Select[Any], where: CostFilter, centre: ColumnElement[str]) -> Select[Any]:
    if where.cost_centres:
        wanted = wanted.where(centre.in_(where.cost_centres))
    for name, values in where.words.items():
        wanted = wanted.where(_R[name].in_(values))
    if where.since:
        wanted = wanted.where(_R.day >= where.since)
    if where.until:
        wanted = wanted.where(_R.day < where.until)
    return wanted
