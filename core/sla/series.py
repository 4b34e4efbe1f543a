"""What was measured of one service, minute by minute and hour by hour, added up over any time. Pure (S2).

Minutes are counted from the epoch. A minute's share is that of its operations which succeeded; availability is the mean
of the minutes' shares, as the large clouds define it. A minute without samples is no success: the last one before it
speaks for it during `bridge` minutes, and after that it counts as down (D20). Before the first sample nothing counts.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median_low
from typing import Final

from core.sla.sketch import Sketch, add, unpacked

PER_HOUR: Final = 60
UNSAMPLED: Final = 0xFFFF
FULL: Final = 0xFFFE  # a share of 1
USUAL_INTERVALS: Final = 3  # so many times the usual interval between samples is no gap yet
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SILENT: Final = array("H", [UNSAMPLED] * PER_HOUR)
_PERFECT: Final = array("H", [FULL] * PER_HOUR)
NO_SHARES: Final = _SILENT.tobytes()


@dataclass(frozen=True, slots=True)
class Slice:
    """A minute or an hour. `sketch` is packed; `shares` are an hour's minutes."""

    total: int
    failed: int
    sketch: bytes = b""
    shares: bytes = NO_SHARES


@dataclass(frozen=True, slots=True)
class Counts:
    """How many operations, and how many of them failed."""

    total: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Uptime:
    """How many of so many minutes it was up. `unsampled` of them count as down because nothing was heard."""

    up: float = 0.0
    minutes: int = 0
    unsampled: int = 0

    @property
    def share(self) -> float | None:
        """The availability; None if nothing counts."""
        return self.up / self.minutes if self.minutes else None


@dataclass(frozen=True, slots=True)
class Series:
    """Slices by their first minute. `first` is the minute of the first sample ever; None if there was none."""

    minutes: Mapping[int, Slice] = field(default_factory=dict)
    hours: Mapping[int, Slice] = field(default_factory=dict)
    first: int | None = None
    is_asked_only: bool = False  # it speaks when it is asked: that nobody asks says nothing of it

    def tiles(self, since: int, until: int) -> Iterator[Slice]:
        """The slices of that time: whole hours, and minutes at the edges."""
        minute = since
        while minute < until:
            if minute % PER_HOUR == 0 and minute + PER_HOUR <= until:
                if found := self.hours.get(minute):
                    yield found
                minute += PER_HOUR
            else:
                if found := self.minutes.get(minute):
                    yield found
                minute += 1

    def counts(self, since: int, until: int) -> Counts:
        """The operations from `since` to before `until`."""
        found = list(self.tiles(since, until))
        return Counts(sum(each.total for each in found), sum(each.failed for each in found))

    def sketch(self, since: int, until: int) -> Sketch:
        """The response times of that time."""
        merged: Sketch = {}
        for each in self.tiles(since, until):
            add(merged, unpacked(each.sketch))
        return merged

    def uptime(self, since: int, until: int, bridge: int) -> Uptime:
        """How much of that time it was up."""
        begin = max(since, self.first) if self.first is not None else until
        found = uptime(self._shares(begin - bridge, until), bridge, skip=bridge)
        return Uptime(found.up, found.minutes - found.unsampled, 0) if self.is_asked_only else found

    def interval(self, since: int, until: int) -> int:
        """The usual number of minutes between minutes with samples; 1 if there are too few to say."""
        sampled = [index for index, share in enumerate(self._shares(since, until)) if share != UNSAMPLED]
        return median_low([later - earlier for earlier, later in itertools.pairwise(sampled)] or [1])

    def _shares(self, since: int, until: int) -> array[int]:
        if until <= since:
            return array("H")
        begin = since - since % PER_HOUR
        raw = b"".join(
            found.shares if (found := self.hours.get(hour)) else NO_SHARES for hour in range(begin, until, PER_HOUR)
        )
        return array("H", raw)[since - begin : until - begin]


def uptime(shares: array[int], bridge: int, *, skip: int = 0) -> Uptime:
    """The uptime of minutes with these shares, the first `skip` of which only speak for those after them.

    A month has 43,200 minutes, and most of its hours are perfect, or silent as a whole: these are told at a glance.
    """
    up, silent, last, unsampled = 0, bridge, UNSAMPLED, 0
    index, count = 0, len(shares)
    while index < count:
        part = shares[index : index + PER_HOUR]
        if index >= skip and part == _PERFECT:
            up, silent, last = up + PER_HOUR * FULL, 0, FULL
        elif index >= skip and silent >= bridge and part == _SILENT:
            silent, unsampled = silent + PER_HOUR, unsampled + PER_HOUR
        else:
            for place, share in enumerate(part, index):
                if share != UNSAMPLED:
                    last, silent = share, 0
                else:
                    silent += 1
                if place < skip:
                    continue
                if silent <= bridge and last != UNSAMPLED:
                    up += last
                else:
                    unsampled += 1
        index += PER_HOUR
    return Uptime(up / FULL, max(count - skip, 0), unsampled)


def share_of(total: int, failed: int) -> int:
    """A minute's share, as stored: to 1 in 65,534, and 1 only where nothing failed."""
    return min(FULL * (total - failed) // total, FULL - 1 if failed else FULL) if total else UNSAMPLED


def with_shares(shares: bytes, changed: Mapping[int, int]) -> bytes:
    """An hour's shares with these minutes (0 to 59) anew."""
    found = array("H", shares)
    for minute, share in changed.items():
        found[minute] = share
    return found.tobytes()


def minute_of(at: datetime) -> int:
    """The minute that the instant lies in."""
    return int((at - _EPOCH).total_seconds() // 60)


def instant_of(minute: int) -> datetime:
    """When the minute begins."""
    return datetime.fromtimestamp(minute * 60, tz=UTC)
