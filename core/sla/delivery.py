"""What was delivered of what was promised, over the period of a report: every report judges by this. Pure (S8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.documents import Column
from core.documents.document import Cell
from core.sla import sketch
from core.sla.budget import Budget, Unit, left_words, spent_words
from core.sla.burn import Ratio
from core.sla.history import Measured
from core.sla.measuring import Measuring
from core.sla.objective import Metric, Objective, value_words
from core.sla.runs import NOTHING
from core.sla.series import minute_of
from core.sla.windows import MINUTE, Span

DELIVERED_COLUMNS: Final = (
    Column("Service", 2), Column("Promised", 4), Column("Delivered", 2), Column("Kept", 1),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Delivered:
    """One promise over the period. `value` is None where nothing was measured; `happened` is what its budget counts."""

    objective: Objective
    value: float | None
    happened: Ratio

    @property
    def is_kept(self) -> bool | None:
        """Whether it was kept; None where nothing was measured."""
        return None if self.value is None else self.objective.bound.admits(self.value)

    @property
    def shown(self) -> str:
        """The figure as people read it."""
        return NOTHING if self.value is None else value_words(self.objective.metric, self.value)

    def budget(self, whole: Span) -> Budget | None:
        """Its error budget in the whole period; None where nothing is counted."""
        target = self.objective.target
        if target is None:
            return None
        is_timed = self.objective.metric is Metric.AVAILABILITY
        counted = whole.length / MINUTE if is_timed else self.happened.total
        unit = Unit.MINUTES if is_timed else Unit.OPERATIONS
        return Budget(unit, counted * (1 - target), self.happened.bad, burn=0.0, gone_in=None)


def delivered_in(found: Measuring) -> tuple[Delivered, ...]:
    """What was delivered of each promise, whether or not anybody is woken for it."""
    whole, (since, until) = found.whole(), (minute_of(found.span.start), minute_of(found.span.end))
    return tuple(
        Delivered(each, _value(each, found, whole), found.over(each).between(since, until)) for each in found.objectives
    )


def delivered_row(service: str, delivered: Delivered) -> tuple[Cell, ...]:
    """The promise under DELIVERED_COLUMNS."""
    kept = {None: "not measured", True: "yes", False: "no"}[delivered.is_kept]
    return (service, delivered.objective.words, delivered.shown, kept)


def meaning(delivered: Delivered, whole: Span, month: str, *, now: datetime) -> str:
    """What it means that it was not kept, with the budget of the whole `month`, which is in words."""
    so_far = " so far" if whole.end > now else ""
    budget = delivered.budget(whole)
    if budget is None:
        return f"Not kept over {month}{so_far}."
    of = f"of {month}" if budget.unit is Unit.MINUTES else f"of {month}{so_far}"  # the minutes to come are known
    if budget.is_gone:
        return f"The budget {of} is gone: {spent_words(delivered.objective, budget)}."
    left = left_words(delivered.objective, budget)
    return f"Not kept in the time that was measured{so_far}; {left} of the budget {of}."


def _value(objective: Objective, found: Measuring, whole: Measured) -> float | None:
    """The promised figure over the period."""
    since, until = minute_of(found.span.start), minute_of(found.span.end)
    match objective.metric:
        case Metric.AVAILABILITY:
            return whole.availability
        case Metric.RESPONSE_TIME:
            return sketch.percentile(found.series.sketch(since, until), objective.percentile)
        case Metric.ERROR_RATE:
            return whole.error_rate
        case Metric.SUCCESS_RATE:
            return None if whole.error_rate is None else 1 - whole.error_rate
        case Metric.THROUGHPUT:
            return found.over(objective).throughput(since) if whole.total else None
