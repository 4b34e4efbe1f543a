"""Quiet hours, and when they end. Pure.

A day and a time make an instant by the zone's rules of that day. A time that a day does not have (clocks go forward) is
as late after midnight as it would have been; of a time that comes twice the first counts (PEP 495, fold=0).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from core.durations import parse_time
from core.zones import zone_of

CHANCE: Final = timedelta(hours=1)  # after quiet hours, in which somebody can still decide in time
_DASHES: Final = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")  # telephones write one of these
_DAY: Final = timedelta(days=1)
_NEAR: Final = range(-2, 3)  # days from today whose quiet hours may hold now, also where a zone left out a day


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when to when it is quiet, each day where the person lives; into the next one if `until` is the earlier."""

    start: time
    until: time

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.until:%H:%M}"


def parse_quiet(words: str) -> QuietHours | None:
    """The hours in "22:00-07:00", by whichever dash; None for anything else, and for hours without end."""
    first, dash, last = words.translate(_DASHES).partition("-")
    start, until = parse_time(first), parse_time(last)
    return QuietHours(start, until) if dash and start and until and start != until else None


def quiet_until(hours: QuietHours | None, zone: str, *, now: datetime) -> datetime | None:
    """When the quiet hours end that hold now; None if none do. In UTC, later than `now`, and itself not quiet."""
    if hours is None:
        return None
    end = None
    for start, until in _near(hours, zone, now=now):
        if start <= (end or now) < until:  # two nights may touch where clocks have changed
            end = until
    return end


def _near(hours: QuietHours, zone: str, *, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    today = now.astimezone(zone_of(zone)).date()
    for number in _NEAR:
        day = today + number * _DAY
        last = day if hours.start < hours.until else day + _DAY
        yield _instant(day, hours.start, zone), _instant(last, hours.until, zone)


def _instant(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at, zone_of(zone)).astimezone(UTC)
