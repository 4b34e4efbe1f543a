"""Where figures go in the long run: slope, season, and when they changed. Pure (S4).

Slopes are Theil and Sen's, told of only where Mann and Kendall's test finds them (p < 0.01). Changes of level are
Pettitt's (1979), found in the whole, then in its parts. All three go by ranks, so that one bad day is no trend. The
season's strength is the share of the hours' variance that the hour of the day, or of the week, explains.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, median
from typing import Final
from zoneinfo import ZoneInfo

SIGNIFICANT: Final = 0.01
DAYS_LEAST: Final = 7  # for a slope
SEGMENT_LEAST: Final = 5  # days on either side of a change
CHANGES_MAX: Final = 5
SEASONAL: Final = 0.3  # of the variance: below, nobody would see a season
CYCLES_LEAST: Final = 3  # of a day, before an hour's mean says anything
_HOURS: Final = 24
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Slope:
    """How much a figure moves in a day, and how sure that is (two-sided p)."""

    per_day: float
    p: float

    @property
    def is_sure(self) -> bool:
        """Whether it is worth telling."""
        return self.p < SIGNIFICANT and self.per_day != 0


@dataclass(frozen=True, slots=True)
class Shift:
    """At `index` the level changed: medians before and after."""

    index: int
    before: float
    after: float
    p: float


@dataclass(frozen=True, slots=True)
class Season:
    """How much of the variance the hour of the day explains, and which hours are worst; by the week likewise."""

    strength: float
    worst: int  # hour 0 to 23, or weekday 0 (Monday) to 6
    worst_mean: float
    usual_mean: float

    @property
    def is_seen(self) -> bool:
        """Whether there is one."""
        return self.strength >= SEASONAL and self.worst_mean > self.usual_mean


def slope(values: Sequence[float]) -> Slope | None:
    """The slope of values that are one day apart; None for too few."""
    count = len(values)
    if count < DAYS_LEAST:
        return None
    slopes = [
        (values[later] - values[earlier]) / (later - earlier)
        for earlier in range(count)
        for later in range(earlier + 1, count)
    ]
    return Slope(median(slopes), _mann_kendall(values))


def shifts(values: Sequence[float]) -> tuple[Shift, ...]:
    """Where the level changed, in order."""
    found: list[Shift] = []
    parts = [(0, len(values))]
    while parts and len(found) < CHANGES_MAX:
        begin, end = parts.pop()
        if end - begin < 2 * SEGMENT_LEAST:
            continue
        at, p = _pettitt(values[begin:end])
        if p >= SIGNIFICANT or not SEGMENT_LEAST <= at <= end - begin - SEGMENT_LEAST:
            continue
        cut = begin + at
        found.append(Shift(cut, median(values[begin:cut]), median(values[cut:end]), p))
        parts += [(begin, cut), (cut, end)]
    return tuple(sorted(found, key=lambda each: each.index))


def season_of_day(points: Sequence[tuple[datetime, float]], zone: str) -> Season | None:
    """By the hour of the day in the time zone; None for too few."""
    place = ZoneInfo(zone)
    return _season([(at.astimezone(place).hour, value) for at, value in points], _HOURS)


def season_of_week(points: Sequence[tuple[datetime, float]], zone: str) -> Season | None:
    """By the day of the week."""
    place = ZoneInfo(zone)
    return _season([(at.astimezone(place).weekday(), value) for at, value in points], _WEEK)


def _season(points: Sequence[tuple[int, float]], phases: int) -> Season | None:
    if len(points) < CYCLES_LEAST * phases:
        return None
    by_phase: dict[int, list[float]] = {}
    for phase, value in points:
        by_phase.setdefault(phase, []).append(value)
    whole = fmean(value for _phase, value in points)
    spread = sum((value - whole) ** 2 for _phase, value in points)
    if not spread or len(by_phase) < phases // 2:
        return None
    means = {phase: fmean(values) for phase, values in by_phase.items()}
    explained = sum(len(values) * (means[phase] - whole) ** 2 for phase, values in by_phase.items())
    worst = max(means, key=lambda phase: means[phase])
    # what chance alone would explain is taken off, as in the adjusted R squared
    count, used = len(points), len(by_phase)
    share = explained / spread
    adjusted = 1 - (1 - share) * (count - 1) / max(count - used, 1)
    return Season(max(adjusted, 0.0), worst, means[worst], whole)


def _mann_kendall(values: Sequence[float]) -> float:
    count = len(values)
    score = sum(
        (values[later] > values[earlier]) - (values[later] < values[earlier])
        for earlier in range(count)
        for later in range(earlier + 1, count)
    )
    ties = {value: values.count(value) for value in set(values)}
    variance = (
        count * (count - 1) * (2 * count + 5) - sum(each * (each - 1) * (2 * each + 5) for each in ties.values())
    ) / 18
    if variance <= 0 or not score:
        return 1.0
    z = (abs(score) - 1) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))


def _pettitt(values: Sequence[float]) -> tuple[int, float]:
    """After how many values the level changed most, and how likely chance would do as much."""
    count = len(values)
    most, at, running = 0, 0, 0
    for index in range(count - 1):
        running += sum((each > values[index]) - (each < values[index]) for each in values)
        if abs(running) > most:
            most, at = abs(running), index + 1
    return at, min(1.0, 2 * math.exp(-6 * most**2 / (count**3 + count**2)))
