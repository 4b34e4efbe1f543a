"""Level, damped trend and weekly season of a daily series, by exponential smoothing. Pure (C8).

Holt and Winters' method with Gardner's damping (Hyndman and Athanasopoulos, Forecasting: Principles and Practice,
chapter 8). The season is added, or multiplied where every day costs something; which, and how quickly each part
follows, is whatever foretold the next day best over the history given. Figures are floats: nobody is billed by a
forecast.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

SEASON: Final = 7  # days
LEVELS: Final = (0.05, 0.15, 0.3, 0.5)
TRENDS: Final = (0.0, 0.03, 0.1)
SEASONS: Final = (0.05, 0.2)
DAMPINGS: Final = (0.9, 0.98)
LEAST_FACTOR: Final = 0.01  # a weekday that multiplies by nothing would be divided by
SEASON_FROM: Final = 3 * SEASON  # a weekday that was seen less often than three times says nothing


@dataclass(frozen=True, slots=True)
class Pace:
    """How quickly level, trend and season follow what happens (0 to 1), and how long a trend lasts."""

    level: float
    trend: float
    season: float
    damping: float
    is_multiplied: bool


@dataclass(frozen=True, slots=True)
class Smoothed:
    """What is known after a day: the level, its daily change, and what each of the coming seven days adds to it."""

    pace: Pace
    level: float
    trend: float
    season: tuple[float, ...]  # the first is of the next day

    def ahead(self, days: int) -> tuple[float, ...]:
        """What each of the next days is expected to cost; never less than nothing."""
        found, reach, damping = [], 0.0, 1.0
        for number in range(days):
            damping *= self.pace.damping
            reach += damping
            base, seasonal = self.level + reach * self.trend, self.season[number % SEASON]
            found.append(max(0.0, base * seasonal if self.pace.is_multiplied else base + seasonal))
        return tuple(found)


def paces(values: Sequence[float]) -> tuple[Pace, ...]:
    """Every pace that may fit the history: without a season where it is too short for one."""
    if len(values) < SEASON_FROM:
        return tuple(Pace(level, 0.0, 0.0, 0.9, is_multiplied=False) for level in LEVELS)
    kinds = (False, True) if min(values) > 0 else (False,)
    return tuple(Pace(*each) for each in product(LEVELS, TRENDS, SEASONS, DAMPINGS, kinds))


def fitted(values: Sequence[float]) -> Pace:
    """The pace that foretold each next day best. `values` holds at least one day."""
    return min(paces(values), key=lambda pace: _misses(values, pace))


def run(values: Sequence[float], pace: Pace) -> list[Smoothed]:
    """What is known after each day."""
    return [
        Smoothed(pace, level, trend, (*season[at:], *season[:at]))
        for _expected, level, trend, season, at in _steps(values, pace)
    ]


def expected(values: Sequence[float]) -> list[float]:
    """What the days before let expect of each day; the first days, from which everything begins, are as they were."""
    start = 2 * SEASON if len(values) >= SEASON_FROM else 1
    foretold = [each[0] for each in _steps(values, fitted(values))]
    return [*values[:start], *foretold[start:]]


def _misses(values: Sequence[float], pace: Pace) -> float:
    """The sum of squared misses of the next day, after the days from which everything begins."""
    start = 2 * SEASON if len(values) >= SEASON_FROM else 1
    expected = (each[0] for each in _steps(values, pace))
    return sum((value - was) ** 2 for value, was in islice(zip(values, expected, strict=True), start, None))


def _begin(values: Sequence[float], pace: Pace) -> tuple[float, list[float]]:
    """What the first days say: their mean, and each weekday's difference from it."""
    if len(values) < SEASON_FROM:
        return values[0], [1.0 if pace.is_multiplied else 0.0] * SEASON
    level = sum(values[: 2 * SEASON]) / (2 * SEASON)
    of_days = [(values[day] + values[day + SEASON]) / 2 for day in range(SEASON)]
    if pace.is_multiplied:
        return level, [max(day / level, LEAST_FACTOR) for day in of_days]
    return level, [day - level for day in of_days]


def _steps(values: Sequence[float], pace: Pace) -> Iterator[tuple[float, float, float, list[float], int]]:
    """Day by day: what was expected of it; then level, trend, the season by weekday, and the next day's place in that.

    One loop over plain numbers: it runs a hundred times over each history, once for each pace.
    """
    level, season = _begin(values, pace)
    trend, follow, drift, turn, damping = 0.0, pace.level, pace.trend, pace.season, pace.damping
    for number, value in enumerate(values):
        at = number % SEASON
        seasonal, base = season[at], level + damping * trend
        if pace.is_multiplied:
            expected = max(0.0, base * seasonal)
            new = follow * value / seasonal + (1 - follow) * base
            kept = turn * (value / new if new > 0 else 1.0) + (1 - turn) * seasonal
            season[at] = max(kept, LEAST_FACTOR)
        else:
            expected = max(0.0, base + seasonal)
            new = follow * (value - seasonal) + (1 - follow) * base
            season[at] = turn * (value - new) + (1 - turn) * seasonal
        trend = drift * (new - level) + (1 - drift) * damping * trend
        level = new
        yield expected, level, trend, season, (number + 1) % SEASON
