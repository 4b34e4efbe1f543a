"""Where daily costs are going: against the span before, by week and weekday, and which days stood out. Pure (C8).

A trend is called one only where it can be told from chance: Mann and Kendall's test on weekly sums (two-sided, 5 %),
its slope by Theil and Sen, which a single bad week does not move. A day stands out where it was four robust standard
deviations from what the day before let expect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import combinations
from statistics import fmean, median
from typing import Final

from core.finance.smoothing import SEASON, expected

SURE: Final = 1.96  # standard deviations: two-sided, 5 %
WEEKS_LEAST: Final = 4  # fewer can never be told from chance
STANDS_OUT: Final = 4.0  # robust standard deviations
FLOOR: Final = 0.05  # of the median day: what differs by less is no news, however quiet it was before
UNUSUAL_MAX: Final = 10
_MAD: Final = 1.4826  # median absolute deviation -> standard deviation, for normal errors


class Direction(StrEnum):
    """Where it goes."""

    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"
    UNKNOWN = "unknown"  # too few weeks to tell


@dataclass(frozen=True, slots=True)
class Unusual:
    """A day that stood out."""

    day: date
    cost: float
    expected: float


@dataclass(frozen=True, slots=True)
class Trend:
    """What the days say. `change` is the share by which the second half of the days differs from the first."""

    direction: Direction
    per_week: float  # the change of a week's cost from one week to the next
    change: float | None  # None: nothing was spent before
    weekdays: tuple[float, ...]  # Monday first: that weekday's mean as a share of the mean day
    unusual: tuple[Unusual, ...]  # the most unusual ones, in order of days


def trend_of(first: date, values: Sequence[float]) -> Trend:
    """What the days from `first` on say."""
    weeks = [sum(values[end - SEASON : end]) for end in range(len(values), SEASON - 1, -SEASON)][::-1]
    half = len(values) // 2
    before, after = sum(values[:half]), sum(values[len(values) - half :])
    return Trend(
        direction=_direction(weeks),
        per_week=_slope(weeks),
        change=(after - before) / before if before > 0 else None,
        weekdays=_weekdays(first, values),
        unusual=_unusual(first, values),
    )


def moving_means(values: Sequence[float]) -> list[float | None]:
    """The mean of each day and the six before it; None where there are not as many."""
    return [fmean(values[at - SEASON + 1 : at + 1]) if at >= SEASON - 1 else None for at in range(len(values))]


def _direction(weeks: Sequence[float]) -> Direction:
    if len(weeks) < WEEKS_LEAST:
        return Direction.UNKNOWN
    pairs = [(later > earlier) - (later < earlier) for earlier, later in combinations(weeks, 2)]
    score, number = sum(pairs), len(weeks)
    spread = math.sqrt(number * (number - 1) * (2 * number + 5) / 18)
    if (abs(score) - 1) / spread < SURE:
        return Direction.STEADY
    return Direction.RISING if score > 0 else Direction.FALLING


def _slope(weeks: Sequence[float]) -> float:
    slopes = [
        (weeks[later] - weeks[earlier]) / (later - earlier) for earlier, later in combinations(range(len(weeks)), 2)
    ]
    return median(slopes) if slopes else 0.0


def _weekdays(first: date, values: Sequence[float]) -> tuple[float, ...]:
    mean = fmean(values) if values else 0.0
    of_days = [values[(day - first.weekday()) % SEASON :: SEASON] for day in range(SEASON)]
    return tuple(fmean(each) / mean if each and mean > 0 else 0.0 for each in of_days)


def _unusual(first: date, values: Sequence[float]) -> tuple[Unusual, ...]:
    if len(values) < 3 * SEASON:
        return ()
    foretold = expected(values)
    misses = [value - was for value, was in zip(values, foretold, strict=True)]
    spread = max(_MAD * median(map(abs, misses)), FLOOR * median(values))
    found = [
        (abs(miss) / spread, number)
        for number, miss in enumerate(misses)
        if spread > 0 and abs(miss) > STANDS_OUT * spread
    ]
    most = sorted(number for _how, number in sorted(found, reverse=True)[:UNUSUAL_MAX])
    return tuple(Unusual(first + timedelta(days=each), values[each], foretold[each]) for each in most)
