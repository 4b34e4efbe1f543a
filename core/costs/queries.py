"""All SQL of reading costs: sums from the rollups, lines from the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, cast, func, literal, or_, select, tuple_
from sqlalchemy.types import Date

from core.costs.bearing import Bearer, borne
from core.costs.model import cost_rollups, usage_ledger
from core.db import Transaction

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
