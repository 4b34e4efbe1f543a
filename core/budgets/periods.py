"""Pure: the periods of a budget (C2).

A period is half-open: it holds its first instant and not its last, which is the first of the next. Days begin at
midnight in the time zone that the tenant had when the period was chosen, weeks on Monday.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

DAYS_MAX: Final = 1100  # of a custom period: three years
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


class PeriodKind(StrEnum):
    """How long a budget lasts before it begins anew."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar period, or for `custom` so many `days`, over and over from the day `first` on."""

    kind: PeriodKind
    days: int = 0
    first: date | None = None

    def __str__(self) -> str:
        return f"{self.days} days" if self.kind is PeriodKind.CUSTOM else self.kind.value


@dataclass(frozen=True, slots=True)
class Window:
    """One period in time: from `starts_at`, up to and without `ends_at`."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, at: datetime) -> bool:
        """Whether the instant lies in it."""
        return self.starts_at <= at < self.ends_at

    def share_over(self, *, now: datetime, since: datetime | None = None) -> float:
        """How much of it is over, 0 to 1, of what begins at `since`."""
        begins = max(self.starts_at, since or self.starts_at)
        return min(1.0, max(0.0, (now - begins) / (self.ends_at - begins)))


@dataclass(frozen=True, slots=True)
class Scheme:
    """Which periods a budget has from `since` on, until the next scheme begins."""

    since: datetime
    period: Period
    zone: str

    def to_json(self) -> dict[str, Any]:
        """As stored."""
        first = self.period.first.isoformat() if self.period.first else None
        period = {"kind": self.period.kind.value, "days": self.period.days, "first": first}
        return {"since": self.since.isoformat(), "zone": self.zone, **period}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Scheme:
        """The scheme that was stored."""
        first = date.fromisoformat(stored["first"]) if stored["first"] else None
        period = Period(PeriodKind(stored["kind"]), stored["days"], first)
        return cls(datetime.fromisoformat(stored["since"]), period, stored["zone"])


def calendar_window(period: Period, zone: str, at: datetime) -> Window:
    """The whole period that holds the instant."""
    local = at.astimezone(ZoneInfo(zone)).date()
    first, last = _days(period, local)
    return Window(_midnight(first, zone), _midnight(last, zone))


def window_of(schemes: Sequence[Scheme], at: datetime) -> Window | None:
    """The period of the budget that holds the instant; None before its first.

    Where the period was changed, the one under way ended at once and the first of the new kind began there.
    """
    following: datetime | None = None
    for scheme in reversed(schemes):
        if at >= scheme.since:
            whole = calendar_window(scheme.period, scheme.zone, at)
            ends_at = whole.ends_at if following is None else min(whole.ends_at, following)
            return Window(max(whole.starts_at, scheme.since), ends_at)
        following = scheme.since
    return None


def begun(period: Period, zone: str, *, now: datetime) -> Scheme:
    """The scheme of a new budget: its first period is the whole one that runs now, so far included."""
    return Scheme(calendar_window(period, zone, now).starts_at, period, zone)


def changed(schemes: Sequence[Scheme], period: Period, zone: str, *, now: datetime) -> tuple[Scheme, ...]:
    """The schemes once the period is another: the new one begins now with nothing used (demand 17)."""
    return (*schemes, Scheme(now, period, zone))


def _days(period: Period, day: date) -> tuple[date, date]:
    """The first day of the period that holds `day`, and the first after it."""
    match period.kind:
        case PeriodKind.DAY:
            return day, day + timedelta(days=1)
        case PeriodKind.WEEK:
            monday = day - timedelta(days=day.weekday())
            return monday, monday + timedelta(days=7)
        case PeriodKind.CUSTOM:
            anchor = period.first or day
            start = anchor + timedelta(days=(day - anchor).days // period.days * period.days)
            return start, start + timedelta(days=period.days)
        case _:
            months = _MONTHS[period.kind]
            start = date(day.year, (day.month - 1) // months * months + 1, 1)
            following = start.month - 1 + months
            return start, date(start.year + following // 12, following % 12 + 1, 1)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
