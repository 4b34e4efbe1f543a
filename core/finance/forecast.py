"""What the coming days will cost, how sure that is, and how well the same method foretold the past. Pure (C8).

The band is not computed from an assumed distribution: it is as wide as the method was wrong before, at the same
distance (split conformal prediction over a rolling origin). The pace that is judged is chosen on days before those
that it is judged on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from core.finance.smoothing import SEASON, SEASON_FROM, Pace, fitted, run

HISTORY_MAX: Final = 400  # days; what is older says little of next month
HORIZON_MAX: Final = 185  # days
LEAST: Final = SEASON  # days of history, fewer foretell nothing
JUDGED_MAX: Final = 84  # days, the last of the history, that the method is judged on
BAND: Final = 0.8  # of the days are to lie in it
REPLAYED_MAX: Final = 28  # days ahead at which misses are looked at; beyond, they grow with the square root


@dataclass(frozen=True, slots=True)
class Expected:
    """What one day is expected to cost, and between what it lies in four of five cases."""

    day: date
    cost: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class BackTest:
    """How well the past was foretold: one week ahead, again and again. Shares are of 1."""

    days: int  # that were foretold and are known
    error: float  # sum of absolute misses / sum of costs (WAPE)
    naive_error: float  # the same for "as a week ago"
    bias: float  # sum of misses / sum of costs: above 0, too much was expected
    covered: float  # share of the days that lay in the band


@dataclass(frozen=True, slots=True)
class Forecast:
    """The coming days. `back_test` is None where the history is too short for one; then the band is a guess."""

    method: str
    days: tuple[Expected, ...]
    total: Expected  # all of them together; its day is the last
    back_test: BackTest | None


def foretell(first: date, values: Sequence[float], *, days: int) -> Forecast | None:
    """The days after the history, which begins on `first`; None if it is shorter than a week.

    `values` holds a figure for every day, nothing spent being 0.
    """
    values = list(values)[-HISTORY_MAX:]
    begins = first + timedelta(days=len(values))
    if len(values) < LEAST or not 1 <= days <= HORIZON_MAX:
        return None
    pace = fitted(values)
    ahead = run(values, pace)[-1].ahead(days)
    misses = _replay(values)
    found = [
        Expected(begins + timedelta(days=number), cost, max(0.0, cost - width), cost + width)
        for number, cost in enumerate(ahead)
        for width in (_width(misses, number, values),)
    ]
    total, spread = sum(ahead), _width_of_sum(misses, [each.high - each.cost for each in found])
    together = Expected(found[-1].day, total, max(0.0, total - spread), total + spread)
    return Forecast(_name(pace, values), tuple(found), together, _judge(values, misses))


@dataclass(frozen=True, slots=True)
class _Misses:
    """From each origin of the replay: expected less actual, as many days ahead as are known."""

    by_origin: tuple[tuple[float, ...], ...]

    def at(self, ahead: int) -> list[float]:
        return [each[ahead] for each in self.by_origin if len(each) > ahead]


def _replay(values: Sequence[float]) -> _Misses:
    """The method, set loose at each origin in the last days with a pace that was chosen before all of them."""
    judged = min(JUDGED_MAX, len(values) - 2 * SEASON_FROM)
    if judged < SEASON:
        return _Misses(())
    start = len(values) - judged
    known = run(values, fitted(values[:start]))
    found = []
    for origin in range(start - 1, len(values) - 1):
        ahead = known[origin].ahead(min(REPLAYED_MAX, len(values) - 1 - origin))
        found.append(tuple(cost - values[origin + 1 + number] for number, cost in enumerate(ahead)))
    return _Misses(tuple(found))


def _width(misses: _Misses, ahead: int, values: Sequence[float]) -> float:
    """Half of the band, so many days ahead: never narrower than nearer by."""
    known = [_quantile([abs(each) for each in misses.at(number)]) for number in range(min(ahead + 1, REPLAYED_MAX))]
    known = [each for number, each in enumerate(known) if len(misses.at(number)) >= SEASON]
    if not known:  # nothing was replayed: as far apart as the days were
        mean = sum(values) / len(values)
        spread = math.sqrt(sum((each - mean) ** 2 for each in values) / len(values))
        return 1.28 * spread * math.sqrt(1 + ahead / SEASON)
    return max(known) * math.sqrt(max(1.0, (ahead + 1) / len(known)))


def _width_of_sum(misses: _Misses, widths: Sequence[float]) -> float:
    """Half of the band of the sum: as wide as sums of as many days missed, and never as if days missed independently.

    Days miss in part together (a level that is too high is so on each), in part apart. Sums of many days overlap: few
    of them are news, and the fewer there are, the wider is the band.
    """
    days = len(widths)
    apart, together = math.sqrt(sum(each**2 for each in widths)), sum(widths)
    sums = [abs(sum(each[:days])) for each in misses.by_origin if len(each) >= days]
    if len(sums) < SEASON:
        return (apart + together) / 2
    return max(_quantile(sums) * math.sqrt(1 + 1.28 * days / len(sums)), apart)


def _judge(values: Sequence[float], misses: _Misses) -> BackTest | None:
    """Up to a week ahead; each day's band is made of the misses of the other origins, never of its own."""
    if not misses.by_origin:
        return None
    start = len(values) - len(misses.by_origin)
    judged = [
        (origin, ahead, miss)
        for origin, each in enumerate(misses.by_origin)
        for ahead, miss in enumerate(each[:SEASON])
    ]
    actual = [values[start + origin + ahead] for origin, ahead, _miss in judged]
    naive = [values[start + origin + ahead - SEASON] for origin, ahead, _miss in judged]
    spent = sum(actual) or 1.0
    covered = 0
    for origin, ahead, miss in judged:
        others = [
            abs(each[ahead])
            for number, each in enumerate(misses.by_origin)
            if len(each) > ahead and abs(number - origin) > ahead
        ]
        covered += bool(others) and abs(miss) <= _quantile(others)
    return BackTest(
        days=len(judged),
        error=sum(abs(miss) for *_where, miss in judged) / spent,
        naive_error=sum(abs(was - is_) for was, is_ in zip(naive, actual, strict=True)) / spent,
        bias=sum(miss for *_where, miss in judged) / spent,
        covered=covered / len(judged),
    )


def _quantile(values: Sequence[float]) -> float:
    """The conformal quantile: the one that BAND of as many further misses stay below."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, math.ceil((len(ranked) + 1) * BAND) - 1)]


def _name(pace: Pace, values: Sequence[float]) -> str:
    if len(values) < SEASON_FROM:
        return "level (the history is too short for a weekly season)"
    return f"level, damped trend and {'multiplied' if pace.is_multiplied else 'added'} weekly season"
