"""What another system has counted of a service, minute by minute, as what samples would add up to. Pure (S2).

A counter says how many operations there were, not when each was or how long it took: such minutes have no samples of
their own, and percentiles of them come from sketches. All of a bucket of a histogram count as the value in its middle,
so that a percentile lies in the bucket of the true one: at most half the bucket's width, and a sketch's 0.99 %, away.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

from core.sla.adding import Added, Additions
from core.sla.series import PER_HOUR, minute_of
from core.sla.sketch import GAMMA, MOST_S, Sketch, bucket

SETTLED: Final = timedelta(
    seconds=15
)  # a scrape that began before a minute's end is in: by default it takes up to 10 s
LOOK_BACK: Final = PER_HOUR  # minutes: what is asked for again after an outage of ours
COUNT_MAX: Final = 10_000_000  # operations of a service in a minute; an hour of them fits a sketch's 32 bits
BEYOND: Final = GAMMA**3  # what lies above the highest bound counts as so much more: it is surely above the bound


@dataclass(frozen=True, slots=True)
class Counted:
    """One minute of a service. `times`: how many took so many seconds; empty where nothing is known of that."""

    minute: int
    total: int
    failed: int
    times: Mapping[float, int] = field(default_factory=dict)


class TooManyError(ValueError):
    """More operations in a minute than any service has: what is asked for is no count of operations."""


def minutes_due(until: int | None, now: datetime) -> range:
    """The minutes that are over and not yet taken, where those before `until` are; at most LOOK_BACK."""
    settled = minute_of(now - SETTLED)
    earliest = settled - LOOK_BACK
    return range(max(earliest, earliest if until is None else until), settled)


def counted(minute: int, total: float, failed: float, buckets: Mapping[float, float] | None = None) -> Counted | None:
    """The minute; None if nothing happened in it. Raises TooManyError.

    `buckets` has how many took no longer than each bound (seconds, infinity for all). Counts come as fractions, since
    Prometheus extrapolates to the edges of a minute; they become whole, and those of the histogram exactly as many as
    the operations.
    """
    count = round(total)
    if count > COUNT_MAX:
        raise TooManyError(f"{count:,} operations in a minute are more than {COUNT_MAX:,}.")
    if count <= 0:
        return None
    return Counted(minute, count, min(max(round(failed), 0), count), _times(count, buckets or {}))


def as_additions(service: str, minutes: Iterable[Counted]) -> Additions:
    """What the minutes add to the slices that they are."""
    return {(service, each.minute): Added(each.total, each.failed, _sketch(each.times)) for each in minutes}


def _times(count: int, buckets: Mapping[float, float]) -> dict[float, int]:
    """The operations at the middles of their buckets, as many as there are; empty where no bucket tells of them."""
    bounds = sorted(buckets)
    counts = list(accumulate((buckets[bound] for bound in bounds), max))  # extrapolated one by one, they may cross
    whole = counts[-1] if counts else 0.0
    if whole <= 0 or not math.isfinite(bounds[0]):
        return {}
    found: dict[float, int] = {}
    below, seen = 0.0, 0
    for bound, upto in zip(bounds, counts, strict=True):
        share = round(count * upto / whole)
        if share > seen:
            value = _middle(below, bound)
            found[value] = found.get(value, 0) + share - seen
            seen = share
        below = max(below, bound) if math.isfinite(bound) else below
    return found


def _middle(below: float, bound: float) -> float:
    return min((below + bound) / 2 if math.isfinite(bound) else below * BEYOND, MOST_S)


def _sketch(times: Mapping[float, int]) -> Sketch:
    found: Sketch = {}
    for seconds, count in times.items():
        index = bucket(seconds)
        found[index] = found.get(index, 0) + count
    return found
