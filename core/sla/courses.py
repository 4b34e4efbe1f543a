"""How a service did hour by hour, and how its error budget went: what is drawn (S7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.access import TokenScope, permitted
from core.actor import Actor
from core.db import Database, Transaction
from core.sla.catalogue import SlaCatalogue
from core.sla.errors import InvalidPeriod
from core.sla.history import Measured, hourly, last_days
from core.sla.measuring import Measuring, measure, service_row
from core.sla.objective import Metric, Objective
from core.sla.promises import Promises, promises_of
from core.sla.series import PER_HOUR, instant_of, minute_of
from core.sla.windows import MINUTE, Span

DAYS_MOST: Final = 35
POINTS: Final = 60  # of a burn-down, at most


@dataclass(frozen=True, slots=True)
class Burndown:
    """How much of an objective's budget was left at these instants; 1 is all of it, below 0 it was too much."""

    objective: Objective
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class Course:
    """A service's hours with samples, its response time's bound, and the burn-down of its strictest promise."""

    service: str
    days: int
    hours: tuple[Measured, ...]
    response_time: Objective | None
    burndown: Burndown | None


async def get_course(
    database: Database, catalogue: SlaCatalogue, actor: Actor, service: str, *, days: int = 1
) -> Course:
    """The service's last so many days. Raises UnknownService, InvalidPeriod."""
    async with permitted(database, actor, TokenScope.READ, action="sla.course", resource=service[:120]) as tx:
        return await course_of(tx, await promises_of(tx, catalogue), service, days=days)


async def course_of(tx: Transaction, promised: Promises, service: str, *, days: int = 1) -> Course:
    """The same, inside the caller's transaction."""
    if not 1 <= days <= DAYS_MOST:
        raise InvalidPeriod(f"A course is over 1 to {DAYS_MOST} days.", where="days")
    row = await service_row(tx, service)
    found = await measure(tx, promised, row, last_days(days, tx.now))
    objectives = promised.of(service)
    fast = next((each for each in objectives if each.metric is Metric.RESPONSE_TIME), None)
    burning = _burning(objectives)
    burndown = None
    if burning is not None:
        window = await measure(tx, promised, row, Span(burning.window.span(tx.now).start, tx.now))
        burndown = Burndown(burning, _burndown(window, burning))
    return Course(service, days, tuple(hourly(found.series, found.span)), fast, burndown)


def _burning(objectives: tuple[Objective, ...]) -> Objective | None:
    """Availability, else whatever has a budget."""
    budgets = [each for each in objectives if each.target is not None]
    return next((each for each in budgets if each.metric is Metric.AVAILABILITY), budgets[0] if budgets else None)


def _burndown(found: Measuring, objective: Objective) -> tuple[tuple[datetime, float], ...]:
    """What was left after each step of the window, as if it had begun with all of it."""
    begin, end = minute_of(found.span.start), minute_of(found.span.end)
    first = found.series.first
    if first is None or first >= end:
        return ()
    begin = max(begin, first)
    meter = found.over(objective)
    whole = meter.between(begin, end)
    is_timed = objective.metric is Metric.AVAILABILITY
    counted = objective.window.span(found.span.end).length / MINUTE if is_timed else whole.total
    allowed = counted * (1 - (objective.target or 0.0))
    step = max((end - begin) // POINTS, PER_HOUR)
    at = range(begin - begin % PER_HOUR + step, end, step)
    points = [(instant_of(minute), meter.between(begin, minute).bad) for minute in (*at, end)]
    return tuple((when, 1 - bad / allowed if allowed else 1.0) for when, bad in points)
