"""Error budgets: what may go wrong in a window, how much of it has, and when it is gone; also in words. Pure (D21)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from core.sla.burn import Ratio
from core.sla.objective import Metric, Objective
from core.sla.windows import DAY, HOUR, MINUTE, Window

_TEN: Final = 10


class Unit(StrEnum):
    """What a budget is counted in."""

    MINUTES = "minutes"  # of being down
    OPERATIONS = "operations"  # that fail, or are slow


@dataclass(frozen=True, slots=True)
class Budget:
    """`allowed` may be bad in the whole window, `spent` was. `burn` is the last hour's rate, 1 being as allowed."""

    unit: Unit
    allowed: float
    spent: float
    burn: float
    gone_in: timedelta | None  # at this rate; None: not at all

    @property
    def left(self) -> float:
        """How much may still be bad; below 0 when it was too much."""
        return self.allowed - self.spent

    @property
    def share_left(self) -> float:
        """Of 1; below 0 when it was too much."""
        return self.left / self.allowed if self.allowed else (0.0 if self.spent else 1.0)

    @property
    def is_gone(self) -> bool:
        """Whether more was bad than may be."""
        return self.spent > self.allowed


def budget_of(objective: Objective, whole: Ratio, *, burn: float, now: datetime) -> Budget:
    """The budget of the objective's window, of which `whole` has happened. The objective has a target."""
    target, span = objective.target or 0.0, objective.window.span(now)
    is_timed = objective.metric is Metric.AVAILABILITY
    counted = span.length / MINUTE if is_timed else whole.total
    found = Budget(
        unit=Unit.MINUTES if is_timed else Unit.OPERATIONS,
        allowed=counted * (1 - target),
        spent=whole.bad,
        burn=burn,
        gone_in=None,
    )
    gone_in = _gone_in(found, objective.window, span.length, left_of_it=span.end - now)
    return Budget(found.unit, found.allowed, found.spent, burn, gone_in)


def _gone_in(budget: Budget, window: Window, length: timedelta, *, left_of_it: timedelta) -> timedelta | None:
    """A rolling window forgets as fast as it is allowed to be spent: only a faster burn empties it."""
    if budget.share_left <= 0:
        return timedelta()
    if not budget.burn or not budget.allowed:
        return None
    if window.unit is None:
        faster = budget.burn - 1
        return None if faster <= 0 else min(length * (budget.share_left / budget.burn), 10 * length)
    found = length * (budget.share_left / budget.burn)
    return found if found < left_of_it else None


def budget_words(objective: Objective, budget: Budget) -> str:
    """`at this rate the month's budget is gone in 5 h; 3 of 43 min left`."""
    whose = f"the {window_noun(objective.window)} budget"
    if budget.is_gone:
        return f"{whose} is gone: {spent_words(objective, budget)}"
    left = left_words(objective, budget)
    if budget.gone_in is None:
        return left
    return f"at this rate {whose} is gone in {length_words(budget.gone_in)}; {left}"


def spent_words(objective: Objective, budget: Budget) -> str:
    """`61 of 43 min`."""
    return f"{_amount(budget.spent, budget)} of {_counted(budget.allowed, objective, budget)}"


def left_words(objective: Objective, budget: Budget) -> str:
    """`3 of 43 min left`."""
    return f"{_amount(budget.left, budget)} of {_counted(budget.allowed, objective, budget)} left"


def window_noun(window: Window) -> str:
    """`month's`, `day's`, `30 days'`, `90 minutes'`."""
    if window.unit:
        return f"{window.unit}'s"
    name, unit = next(each for each in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)) if not window.usual % each[1])
    count = window.usual // unit
    return f"{name}'s" if count == 1 else f"{count} {name}s'"


def length_words(length: timedelta) -> str:
    """`5 h`, `40 min`, `2 days`: as exact as anybody needs it."""
    if length < MINUTE:
        return "less than a minute"
    if length < 2 * HOUR:
        return f"{round(length / MINUTE)} min"
    if length < 2 * DAY:
        return f"{round(length / HOUR)} h"
    return f"{round(length / DAY)} days"


def _counted(amount: float, objective: Objective, budget: Budget) -> str:
    if budget.unit is Unit.MINUTES:
        return f"{_amount(amount, budget)} min"
    noun = "slow answer" if objective.metric is Metric.RESPONSE_TIME else "failure"
    return f"{_amount(amount, budget)} {noun}{'' if _amount(amount, budget) == '1' else 's'}"


def _amount(amount: float, budget: Budget) -> str:
    """Whole failures, rounded so that none is promised that is not there; minutes to a tenth where there are few."""
    if budget.unit is Unit.OPERATIONS:
        return f"{int(amount):,}"
    return f"{amount:,.0f}" if (budget.allowed >= _TEN and amount >= 1) or not amount else f"{amount:.2g}"
