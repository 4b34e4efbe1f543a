"""Use cases of the dashboard: where costs go, step by step down to the events; where they are going (C7, C8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from core.access import TokenScope, permitted
from core.actor import Actor
from core.db import Database, Transaction
from core.finance import ledger
from core.finance.chargeback import Spent
from core.finance.errors import InvalidReport
from core.finance.exact import total
from core.finance.forecast import HISTORY_MAX, HORIZON_MAX, Forecast, foretell
from core.finance.ledger import Narrowed
from core.finance.spans import Span, span
from core.finance.trend import Trend, moving_means, trend_of
from core.money import CODE

HORIZON: Final = 30  # days
TREND: Final = timedelta(weeks=12)
DAY: Final = timedelta(days=1)


class Level(StrEnum):
    """By what costs are told apart."""

    COST_CENTRE = "cost_centre"
    PROJECT = "project"
    AGENT = "agent"
    METER = "meter"


@dataclass(frozen=True, slots=True)
class Share:
    """What one project, agent, meter or cost centre costs. An empty name: none was named."""

    name: str
    cost: Decimal
    quantity: Decimal | None  # of one meter; None where several are added up
    before: Decimal  # in as many days before


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A span of days, narrowed, and divided by the next level; each day's cost, exactly."""

    span: Span
    currency: str
    currencies: tuple[str, ...]  # in which there are costs, the dearest first
    narrowed: Narrowed
    level: Level | None  # None: events follow
    total: Decimal
    before: Decimal
    shares: tuple[Share, ...]  # the dearest first
    days: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True)
class CostTrend:
    """Each day's cost with the mean of the week before, and what the days say."""

    span: Span
    currency: str
    narrowed: Narrowed
    days: tuple[tuple[date, Decimal], ...]
    means: tuple[float | None, ...]
    total: Decimal
    trend: Trend


@dataclass(frozen=True, slots=True)
class CostForecast:
    """The history, the coming days, and what the month that runs is expected to come to."""

    history: tuple[tuple[date, Decimal], ...]
    currency: str
    narrowed: Narrowed
    forecast: Forecast | None  # None: the history is shorter than a week
    month_so_far: Decimal  # before today
    month_expected: float | None
    month_low: float | None
    month_high: float | None


async def cost_breakdown(
    database: Database,
    actor: Actor,
    narrowed: Narrowed,
    *,
    since: date | None = None,
    until: date | None = None,
    currency: str = "",
    by: Level | None = None,
) -> Breakdown:
    """Where the costs of the days go: by project, within a project by agent, within an agent by meter.

    `by` says otherwise: by cost centre, or by meter whatever the agent.
    """
    level = by or next_level(narrowed)
    names = (str(level),) if level else ()
    async with permitted(database, actor, TokenScope.READ, action="costs.show", resource="costs") as tx:
        await ledger.may_read(tx, actor)
        found = span(since, until, now=tx.now)
        by_currency = await ledger.spent_by_currency(tx, found, narrowed=narrowed, by=names)
        known = tuple(by_currency)
        chosen = chosen_currency(currency, known)
        spent = by_currency.get(chosen, [])
        before = await ledger.spent(tx, found.before, currency=chosen, narrowed=narrowed, by=names)
    return Breakdown(
        span=found,
        currency=chosen,
        currencies=known,
        narrowed=narrowed,
        level=level,
        total=total(each.cost for each in spent),
        before=total(each.cost for each in before),
        shares=_shares(spent, before, level) if level else (),
        days=daily(spent, found),
    )


async def cost_trend(
    database: Database,
    actor: Actor,
    narrowed: Narrowed,
    *,
    since: date | None = None,
    until: date | None = None,
    currency: str = "",
) -> CostTrend:
    """Where the costs of the days are going: by default of the last twelve weeks that are over."""
    async with permitted(database, actor, TokenScope.READ, action="costs.show", resource="costs") as tx:
        await ledger.may_read(tx, actor)
        until = until or tx.now.date()  # today is not over: half a day would seem a fall
        found = span(since or until - TREND, until, now=tx.now)
        by_currency = await ledger.spent_by_currency(tx, found, narrowed=narrowed, by=())
        chosen = chosen_currency(currency, tuple(by_currency))
        spent = by_currency.get(chosen, [])
    if since is None:  # nothing before the first cost is a trend
        found = Span(min((each.day for each in spent), default=found.since), found.until)
    days = daily(spent, found)
    values = [float(cost) for _day, cost in days]
    whole = total(cost for _day, cost in days)
    return CostTrend(found, chosen, narrowed, days, tuple(moving_means(values)), whole, trend_of(found.since, values))


async def cost_forecast(
    database: Database, actor: Actor, narrowed: Narrowed, *, days: int = HORIZON, currency: str = ""
) -> CostForecast:
    """What the coming days will cost, from today on. Raises InvalidReport."""
    if not 1 <= days <= HORIZON_MAX:
        raise InvalidReport(f"A forecast is of 1 to {HORIZON_MAX} days.", where="days")
    async with permitted(database, actor, TokenScope.READ, action="costs.show", resource="costs") as tx:
        await ledger.may_read(tx, actor)
        today = tx.now.date()
        chosen, history = await history_of(tx, narrowed, currency=currency)
    values = [float(cost) for _day, cost in history]
    first = history[0][0] if history else today
    so_far = total(cost for day, cost in history if (day.year, day.month) == (today.year, today.month))
    left = (month_after(today) - today).days
    month = foretell(first, values, days=left)
    return CostForecast(
        history=history,
        currency=chosen,
        narrowed=narrowed,
        forecast=foretell(first, values, days=days),
        month_so_far=so_far,
        month_expected=float(so_far) + month.total.cost if month else None,
        month_low=float(so_far) + month.total.low if month else None,
        month_high=float(so_far) + month.total.high if month else None,
    )


async def history_of(
    tx: Transaction, narrowed: Narrowed, *, currency: str
) -> tuple[str, tuple[tuple[date, Decimal], ...]]:
    """The currency, and each day's cost up to yesterday, from the first that cost anything, `HISTORY_MAX` at most."""
    today = tx.now.date()
    found = Span(today - HISTORY_MAX * DAY, today)
    by_currency = await ledger.spent_by_currency(tx, found, narrowed=narrowed, by=())
    chosen = chosen_currency(currency, tuple(by_currency))
    spent = by_currency.get(chosen, [])
    first = min((each.day for each in spent), default=today)
    return chosen, daily(spent, Span(first, today))


def month_after(day: date) -> date:
    """The first day of the next month."""
    return (day.replace(day=1) + 31 * DAY).replace(day=1)


def next_level(narrowed: Narrowed) -> Level | None:
    """By what costs that are narrowed so are divided; None: by nothing more."""
    if narrowed.meter is not None:
        return None
    if narrowed.agent is not None:
        return Level.METER
    return Level.AGENT if narrowed.project is not None else Level.PROJECT


def daily(spent: Iterable[Spent], found: Span) -> tuple[tuple[date, Decimal], ...]:
    """What each day of the span costs; a day without costs is there too."""
    days: dict[date, list[Decimal]] = {found.since + number * DAY: [] for number in range(found.days)}
    for each in spent:
        days[each.day].append(each.cost)
    return tuple((day, total(costs)) for day, costs in days.items())


def chosen_currency(wanted: str, known: tuple[str, ...]) -> str:
    """The currency that is asked for, else the one with most costs.

    Raises InvalidReport for one without any; where there are no costs at all, for what is no currency.
    """
    if wanted and known and wanted not in known:
        raise InvalidReport(f"There are no costs in '{wanted[:10]}'.", where="currency", accepted=known)
    if wanted and not CODE.fullmatch(wanted):
        raise InvalidReport(f"'{wanted[:10]}' is no currency.", where="currency", accepted=("USD", "EUR"))
    return wanted or (known[0] if known else "USD")


def _shares(spent: Iterable[Spent], before: Iterable[Spent], level: Level) -> tuple[Share, ...]:
    now, earlier = _by_name(spent, level), _by_name(before, level)
    costs = {name: total(each.cost for each in now.get(name, ())) for name in {*now, *earlier}}
    return tuple(
        Share(
            name=name,
            cost=cost,
            quantity=total(each.quantity for each in now.get(name, ())) if level is Level.METER else None,
            before=total(each.cost for each in earlier.get(name, ())),
        )
        for name, cost in sorted(costs.items(), key=lambda entry: (-entry[1], entry[0]))
    )


def _by_name(spent: Iterable[Spent], level: Level) -> dict[str, list[Spent]]:
    found: dict[str, list[Spent]] = defaultdict(list)
    for each in spent:
        found[getattr(each, level)].append(each)
    return found
