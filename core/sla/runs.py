"""How a service did day by day over the time of a report: what its charts are drawn of. Pure (S8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from core.documents import Column, Table
from core.documents.document import Cell
from core.sla.burn import Ratio
from core.sla.history import Measured
from core.sla.measuring import Measuring
from core.sla.objective import PERCENTILE, Metric, Objective, value_words
from core.sla.series import minute_of
from core.sla.windows import DAY, MINUTE, Span, Unit, calendar_span

NOTHING: Final = "–"
DAY_COLUMNS: Final = (
    Column("Day", 2), Column("Operations", 2), Column("Failed", 1), Column("Availability", 2),
    Column("Minutes down", 1, places=1), Column("p95", 1),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunDay:
    """A day of the period. `measured` is None where nothing was; `left` of the error budget at its end, 1 being all."""

    day: date
    measured: Measured | None
    left: float | None


@dataclass(frozen=True, slots=True)
class Run:
    """A service's days that have begun, with what is promised of them: `budget` is the one that burns down.

    `resets` are the days on which that budget was whole again, and `over` is its time: that of the whole report, where
    no period of its own calendar begins in it.
    """

    service: str
    days: tuple[RunDay, ...]
    response_time: Objective | None
    availability: Objective | None
    budget: Objective | None
    resets: tuple[date, ...]
    over: str  # the time of that budget in words

    @property
    def table(self) -> Table:
        """The figures that the charts are drawn of."""
        rows = tuple(
            (*day_row(each.day, each.measured), NOTHING if each.left is None else f"{each.left:.1%}")
            for each in self.days
            if each.measured is not None
        )
        title = f"{self.service}, day by day"
        if self.budget is not None:
            title += f"; the budget is that of {self.budget.words} over {self.over}"
        return Table(title, (*DAY_COLUMNS, Column("Budget left", 1)), rows)


def run_of(found: Measuring, whole: Span, *, zone: str) -> Run:
    """The service over the span that was measured, which is `whole` as far as that has come."""
    objectives = found.objectives
    budgets = [each for each in objectives if each.target is not None]
    available = next((each for each in budgets if each.metric is Metric.AVAILABILITY), None)
    budget = available or (budgets[0] if budgets else None)
    measured = {
        each.day: each.measured for each in found.days(zone) if each.measured.total or each.measured.minutes_down
    }
    left, resets = _left(found, budget, whole, zone=zone) if budget else ({}, ())
    return Run(
        service=found.service,
        days=tuple(RunDay(day, measured.get(day), left.get(day)) for day, _end in _days(found.span, zone)),
        response_time=next(
            (each for each in objectives if each.metric is Metric.RESPONSE_TIME and each.percentile == PERCENTILE), None
        ),
        availability=available,
        budget=budget,
        resets=resets,
        over=_over(budget, whole) if budget else "",
    )


def day_row(day: date, found: Measured) -> tuple[Cell, ...]:
    """The day under DAY_COLUMNS."""
    return (
        day,
        found.total,
        found.failed,
        NOTHING if found.availability is None else value_words(Metric.AVAILABILITY, found.availability),
        Decimal(str(round(found.minutes_down, 1))),
        NOTHING if found.p95 is None else value_words(Metric.RESPONSE_TIME, found.p95),
    )


def _days(span: Span, zone: str) -> Iterator[tuple[date, datetime]]:
    """Each day that has begun, and the instant up to which it counts."""
    at = span.start
    while at < span.end:
        end = calendar_span(Unit.DAY, zone, at).end
        yield at.astimezone(ZoneInfo(zone)).date(), min(end, span.end)
        at = end


def _left(found: Measuring, budget: Objective, whole: Span, *, zone: str) -> tuple[dict[date, float], tuple[date, ...]]:
    """What was left of the budget at the end of each day from the first sample on, and when it was whole again.

    A budget of the calendar's begins anew with each of its periods; a rolling one is that of the whole report.
    """
    left: dict[date, float] = {}
    resets: list[date] = []
    spent = _spent(found, budget, zone)
    for period in _periods(budget, whole):
        days = [each for each in spent if period.start < each.end <= period.end]
        is_timed = budget.metric is Metric.AVAILABILITY
        counted = period.length / MINUTE if is_timed else sum(each.ratio.total for each in days)
        if left and days:
            resets.append(days[0].day)
        allowed, bad = counted * (1 - (budget.target or 0.0)), 0.0
        for each in days:
            bad += each.ratio.bad
            left[each.day] = 1 - bad / allowed if allowed else 1.0
    return left, tuple(resets)


@dataclass(frozen=True, slots=True)
class _Spent:
    """What a day has taken of a budget."""

    day: date
    end: datetime
    ratio: Ratio


def _spent(found: Measuring, budget: Objective, zone: str) -> list[_Spent]:
    first, meter = found.series.first, found.over(budget)
    begin, spent = minute_of(found.span.start), []
    for day, end in _days(found.span, zone):
        until = minute_of(end)
        if first is not None and until > first:
            spent.append(_Spent(day, end, meter.between(max(begin, first), until)))
        begin = until
    return spent


def _over(budget: Objective, whole: Span) -> str:
    """`each calendar month`, `the 30 days of this report`."""
    is_own = bool(_of_the_calendar(budget, whole))
    return f"each {budget.window.words}" if is_own else f"the {round(whole.length / DAY)} days of this report"


def _periods(budget: Objective, whole: Span) -> list[Span]:
    """Those of the calendar that begin in the report's time; else that time."""
    return _of_the_calendar(budget, whole) or [whole]


def _of_the_calendar(budget: Objective, whole: Span) -> list[Span]:
    found: list[Span] = []
    at = whole.end if budget.window.unit is None else whole.start
    while at < whole.end:
        period = budget.window.span(at)
        if period.start >= whole.start:
            found.append(period)
        at = period.end
    return found
