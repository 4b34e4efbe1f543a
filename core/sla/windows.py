"""The time over which an objective holds: so long back from now, or a period of the calendar. Pure (S1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.durations import format_duration, parse_duration
from core.zones import zone_of

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
SHORTEST: Final = HOUR
LONGEST: Final = timedelta(days=366)
EXAMPLES: Final = ("rolling 24-hour window", "rolling 30 days", "calendar month")
_ROLLING: Final = re.compile(r"rolling\s+(.+?)(?:\s+window)?", re.IGNORECASE)
_CALENDAR: Final = re.compile(r"calendar\s+(\w+)", re.IGNORECASE)
_QUARTER: Final = 3  # months


class Unit(StrEnum):
    """The periods of the calendar."""

    DAY = "day"
    WEEK = "week"  # from Monday, ISO 8601
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_USUAL: Final = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 30, Unit.QUARTER: 91, Unit.YEAR: 365}  # days


@dataclass(frozen=True, slots=True)
class Span:
    """From its start, which belongs to it, to its end, which does not."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Window:
    """`rolling` back from now, or the `unit` of the calendar that runs, in the time zone `zone`."""

    rolling: timedelta | None = None
    unit: Unit | None = None
    zone: str = "UTC"

    def span(self, now: datetime) -> Span:
        """The whole window at `now`: a rolling one ends now, a period of the calendar later. Starts on a minute."""
        if self.unit is None:
            return Span(floor(now - (self.rolling or DAY), MINUTE), now)
        return calendar_span(self.unit, self.zone, now)

    @property
    def usual(self) -> timedelta:
        """How long it usually is."""
        return self.rolling or DAY * _USUAL[self.unit or Unit.DAY]

    @property
    def words(self) -> str:
        """`rolling 24h`, `calendar month`: `read_window` reads it back."""
        return f"calendar {self.unit}" if self.unit else f"rolling {_hours(self.usual)}"

    def to_json(self) -> dict[str, Any]:
        """As stored; `from_json` reads it back."""
        seconds = self.rolling.total_seconds() if self.rolling else None
        return {"rolling_s": seconds, "unit": self.unit, "zone": self.zone}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Window:
        """What was stored."""
        seconds, unit = document["rolling_s"], document["unit"]
        return cls(
            rolling=timedelta(seconds=seconds) if seconds else None,
            unit=Unit(unit) if unit else None,
            zone=str(zone_of(document["zone"])),  # one that never was must not stop what stands beside it
        )


LAST_DAY: Final = Window(rolling=DAY)
LAST_30_DAYS: Final = Window(rolling=30 * DAY)


def read_window(text: str, *, zone: str = "UTC") -> Window | None:
    """The window that the words name; None for anything else, or one that is too short or long."""
    if found := _CALENDAR.fullmatch(text.strip()):
        unit = found[1].lower()
        return Window(unit=Unit(unit), zone=zone) if unit in tuple(Unit) else None
    found = _ROLLING.fullmatch(text.strip())
    length = parse_duration(found[1].replace("-", " ")) if found else None
    return Window(rolling=length) if length and SHORTEST <= length <= LONGEST and not length % MINUTE else None


def calendar_span(unit: Unit, zone: str, at: datetime) -> Span:
    """The period of the calendar that `at` lies in, as days begin in the time zone."""
    place = ZoneInfo(zone)
    first = _first_day(unit, at.astimezone(place).date())
    return Span(_midnight(first, place), _midnight(_next_first(unit, first), place))


def span_before(unit: Unit, zone: str, span: Span) -> Span:
    """The period before this one."""
    return calendar_span(unit, zone, span.start - MINUTE)


def floor(at: datetime, unit: timedelta) -> datetime:
    """The last whole unit (a minute, an hour) at or before `at`."""
    return at - (at - datetime.min.replace(tzinfo=UTC)) % unit


def _first_day(unit: Unit, day: date) -> date:
    match unit:
        case Unit.DAY:
            return day
        case Unit.WEEK:
            return day - timedelta(days=day.weekday())
        case Unit.MONTH:
            return day.replace(day=1)
        case Unit.QUARTER:
            return day.replace(month=(day.month - 1) // _QUARTER * _QUARTER + 1, day=1)
        case Unit.YEAR:
            return day.replace(month=1, day=1)


def _next_first(unit: Unit, first: date) -> date:
    """Some day within the next period, and from there its first."""
    within = first + timedelta(days={Unit.DAY: 1, Unit.WEEK: 7}.get(unit, _USUAL[unit] + 2))
    return _first_day(unit, within)


def _midnight(day: date, place: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), place).astimezone(UTC)


def _hours(length: timedelta) -> str:
    """A day is "24h": that is how service levels are written."""
    return "24h" if length == DAY else format_duration(length)
