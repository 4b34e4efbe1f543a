"""How an objective stands, and what must be told about it. Pure (S2, S3).

What is told is one thing at a time: the worst. So a fast burn silences a slow one, and one incident follows an
objective through all of it (D20).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from core.sla import burn
from core.sla.budget import Budget, budget_of, budget_words, length_words
from core.sla.burn import Ratio
from core.sla.meter import Meter
from core.sla.objective import Metric, Objective, figure_words, value_words
from core.sla.windows import HOUR

AT_RISK: Final = 0.25  # of the budget is left
NEAR: Final = 0.9  # of a bound: a figure beyond this comes close to it
CLEAR_FOR: Final = timedelta(minutes=5)  # nothing must be wrong for so long before an alert is over


class Standing(StrEnum):
    """How an objective stands."""

    NO_DATA = "no_data"
    MET = "met"
    AT_RISK = "at_risk"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Signal:
    """What must be told. `kind` is missing, breach, warning, or the name of a tier of burn rates."""

    kind: str
    severity: str
    words: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One objective of one service at one instant."""

    objective: Objective
    standing: Standing
    value: float | None
    budget: Budget | None
    words: str
    signal: Signal | None


def judge(meter: Meter, last_at: datetime | None, *, value: float | None = None) -> Judged:
    """How the objective stands. `value`: the figure where it is known more exactly than from sketches."""
    objective, target = meter.objective, meter.objective.target
    found = meter.value() if value is None else value
    if found is None:
        words = f"No sample of the {_over(objective)} is known, so nothing can be said."
        return Judged(objective, Standing.NO_DATA, None, None, words, None)
    last_hour = meter.over(HOUR)
    budget = None
    if target is not None:
        rate = burn.rate(last_hour, target)
        budget = budget_of(objective, meter.whole, burn=rate, now=meter.now)
    standing = _standing(objective, found, budget)
    words = _words(objective, standing, found, budget)
    signal = _missing(meter, last_at) or _signal(meter, standing, budget, last_hour, words)
    if standing is Standing.MET and (signal or not objective.bound.admits(found)):
        standing = Standing.AT_RISK
    return Judged(objective, standing, found, budget, words, signal)


def _standing(objective: Objective, value: float, budget: Budget | None) -> Standing:
    is_kept = objective.bound.admits(value)
    if objective.metric is Metric.AVAILABILITY and budget is not None:
        is_kept = not budget.is_gone  # what is measured of the window may be little of it yet
    if not is_kept:
        return Standing.BREACHED
    if budget is not None and budget.share_left < AT_RISK and budget.spent:
        return Standing.AT_RISK
    return Standing.AT_RISK if _is_near(objective, value) else Standing.MET


def _is_near(objective: Objective, value: float) -> bool:
    if objective.metric is Metric.RESPONSE_TIME:
        return value > NEAR * objective.bound.limit
    return objective.metric is Metric.THROUGHPUT and value * NEAR < objective.bound.limit


def _missing(meter: Meter, last_at: datetime | None) -> Signal | None:
    """Nothing is heard of a service that is to be available."""
    if meter.objective.metric is not Metric.AVAILABILITY or not meter.is_expected:
        return None
    silence = meter.silent_for(last_at)
    return Signal("missing", "high", silence_words(silence)) if silence else None


def silence_words(silence: timedelta) -> str:
    """That nothing has been heard for so long."""
    return f"Nothing has been heard for {length_words(silence)}; that counts as down."


def _signal(meter: Meter, standing: Standing, budget: Budget | None, last_hour: Ratio, words: str) -> Signal | None:
    objective, target = meter.objective, meter.objective.target
    if target is None:
        is_told = standing is Standing.BREACHED and objective.pages
        return Signal("breach", "low", words) if is_told else None
    found = burn.tiers(objective.window.usual, target)
    tier = burn.fastest(found, meter.over, target=target, minimum_traffic=objective.minimum_traffic)
    is_burning = _is_burning(last_hour, budget, objective)
    if standing is Standing.BREACHED and is_burning and (tier is None or tier.severity not in ("critical", "high")):
        return Signal("breach", "high", words)
    if tier is not None:
        rate = burn.rate(meter.over(tier.long), target)
        fast = f"{figure_words(rate)} times too fast over {length_words(tier.long)}"
        capped = "; no faster burn is possible" if tier.is_capped else ""
        return Signal(tier.name, tier.severity, f"{words} It is spent {fast}{capped}.")
    if standing is Standing.AT_RISK and is_burning:
        return Signal("warning", "low", words)
    return None


def _is_burning(last_hour: Ratio, budget: Budget | None, objective: Objective) -> bool:
    """Whether it gets worse now, and not only was bad before."""
    if budget is None or last_hour.events < objective.minimum_traffic or last_hour.failures < burn.BAD_LEAST:
        return False
    return budget.burn >= 1


def _words(objective: Objective, standing: Standing, value: float, budget: Budget | None) -> str:
    figure = value_words(objective.metric, value)
    promised = f"{objective.words} over the {_over(objective)}"
    said = f"{figure} ({promised}"
    match standing:
        case Standing.BREACHED:
            said = f"{said} is not kept)"
        case Standing.AT_RISK:
            said = f"{said} is close to its bound)"
        case _:
            said = f"{said})" if objective.bound.admits(value) else f"{said} is not kept so far)"
    if budget is None:
        return f"{said}."
    told = budget_words(objective, budget)
    return f"{said}; {told}."


def _over(objective: Objective) -> str:
    window = objective.window
    return f"{window.unit}" if window.unit else f"last {length_words(window.usual)}"
