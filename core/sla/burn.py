"""Burn rates: how fast an error budget is spent, over a long and a short window at once. Pure (S3).

The tiers are those of the Google SRE workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts", for 30 days: 14.4 over
1 h and 5 min, 6 over 6 h and 30 min, 3 over 1 d and 2 h, 1 over 3 d and 6 h. For periods from four weeks on the windows
stay and the rates follow, since the share of the budget is what is meant; for shorter ones the rates stay and the
windows shrink with the period, down to what a minute's resolution can carry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from core.sla.windows import DAY, HOUR, MINUTE

WORKBOOK_PERIOD: Final = 30 * DAY
KEEPS_WINDOWS: Final = 28 * DAY
BAD_LEAST: Final = 2  # a single failure wakes nobody (D20)
REACHABLE: Final = 0.9  # of the fastest burn that there can be, where the rate lies beyond that
_SHORTER: Final = 12  # the short window is a twelfth of the long one


@dataclass(frozen=True, slots=True)
class Tier:
    """`share` of the budget spent within `long` is a burn of `rate`. `is_capped`: no faster burn is possible."""

    name: str
    severity: str
    share: float
    long: timedelta
    short: timedelta
    rate: float
    is_capped: bool = False


@dataclass(frozen=True, slots=True)
class Ratio:
    """Of `total` units (minutes or operations) `bad` were bad; in `events` operations, `failures` of them bad."""

    bad: float = 0.0
    total: float = 0.0
    events: int = 0
    failures: int = 0

    @property
    def share(self) -> float:
        """The share that was bad; 0 if there was nothing."""
        return self.bad / self.total if self.total else 0.0


Over = Callable[[timedelta], Ratio]  # what happened in the last so long

WORKBOOK: Final = (
    Tier("fast_burn", "critical", 0.02, HOUR, 5 * MINUTE, 14.4),
    Tier("burn", "high", 0.05, 6 * HOUR, 30 * MINUTE, 6.0),
    Tier("slow_burn", "medium", 0.10, DAY, 2 * HOUR, 3.0),
    Tier("trickle", "medium", 0.10, 3 * DAY, 6 * HOUR, 1.0),
)
_SHORTEST: Final = (5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR)  # of the long windows


def tiers(period: timedelta, target: float) -> tuple[Tier, ...]:
    """The tiers of a budget of this period, the fastest first. One that a target can never reach is capped."""
    if period >= KEEPS_WINDOWS:
        found = [replace(each, rate=each.share * (period / each.long)) for each in WORKBOOK]
    else:
        found = [_shrunk(each, period, least) for each, least in zip(WORKBOOK, _SHORTEST, strict=True)]
    most = 1 / (1 - target)
    return tuple(
        replace(each, rate=most * REACHABLE, is_capped=True) if each.rate >= most else each
        for each in found
        if each.share <= 1
    )


def fired(tier: Tier, over: Over, *, target: float, minimum_traffic: int) -> bool:
    """Whether both windows burn faster than the tier's rate, with enough traffic to say so."""
    long = over(tier.long)
    limit = tier.rate * (1 - target)
    if long.events < minimum_traffic or long.failures < BAD_LEAST:
        return False
    return long.share > limit and over(tier.short).share > limit


def fastest(found: tuple[Tier, ...], over: Over, *, target: float, minimum_traffic: int) -> Tier | None:
    """The fastest tier that fires: it silences the slower ones (D20)."""
    return next((each for each in found if fired(each, over, target=target, minimum_traffic=minimum_traffic)), None)


def rate(ratio: Ratio, target: float) -> float:
    """How many times faster than allowed the budget is spent."""
    return ratio.share / (1 - target)


def _shrunk(tier: Tier, period: timedelta, least: timedelta) -> Tier:
    long = max(_minutes(tier.long * (period / WORKBOOK_PERIOD)), least)
    return replace(tier, long=long, short=max(_minutes(long / _SHORTER), MINUTE), share=tier.rate * (long / period))


def _minutes(length: timedelta) -> timedelta:
    return MINUTE * round(length / MINUTE)
