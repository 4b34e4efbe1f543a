"""Where an axis of time is named, and how: as people there count days, and so that no two names touch. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.charts.chart import Json

TICKS_MAX: Final = 7  # names such as "23 Nov" stand beside each other in a picture's width
YEARS_MAX: Final = 5  # and such as "Nov 2026"
_HOURS: Final = 4
_BY_HOUR: Final = timedelta(hours=36)
_BY_WEEKDAY: Final = timedelta(days=8)
_YEAR: Final = timedelta(days=367)
_DAYS: Final = (1, 2, 7, 14)
_MONTHS: Final = (1, 2, 3, 6, 12)


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the axis and its name."""

    at: datetime
    name: str


def ticks(starts_at: datetime, ends_at: datetime, *, zone: str) -> tuple[Tick, ...]:
    """From the first instant on, up to and without the last: hours, days or months of the zone."""
    there, span = ZoneInfo(zone), ends_at - starts_at
    if span <= _BY_HOUR:
        hours = (time(hour) for hour in range(0, 24, _HOURS))
        days = list(_days(starts_at.astimezone(there).date(), ends_at.astimezone(there).date(), step=1))
        found = [(datetime.combine(day, hour, there), "%H:%M") for hour in hours for day in days]
        return _within(sorted(found), starts_at, ends_at)
    first, last = (each.astimezone(there).date() for each in (starts_at, ends_at))
    step = next((each for each in _DAYS if span <= timedelta(days=each * TICKS_MAX, hours=1)), None)
    if step is not None:
        name = "%a %-d" if span <= _BY_WEEKDAY else "%-d %b"
        return _within([(_midnight(day, there), name) for day in _days(first, last, step=step)], starts_at, ends_at)
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    name, most = ("%b", TICKS_MAX) if span <= _YEAR else ("%b %Y", YEARS_MAX)
    apart = next((each for each in _MONTHS if months <= each * most), _MONTHS[-1])
    return _within([(_midnight(day, there), name) for day in _firsts(first, months, step=apart)], starts_at, ends_at)


def axis(named: tuple[Tick, ...]) -> Json:
    """A temporal axis with these names alone."""
    at = {str(round(each.at.timestamp() * 1000)): each.name for each in named}
    return {
        "values": list(map(int, at)),
        "labelExpr": f"({json.dumps(at)})[toNumber(datum.value)]",
        "labelFlush": False,
        "labelOverlap": "greedy",
    }


def _within(found: list[tuple[datetime, str]], starts_at: datetime, ends_at: datetime) -> tuple[Tick, ...]:
    return tuple(Tick(at.astimezone(UTC), f"{at:{name}}") for at, name in found if starts_at <= at < ends_at)


def _days(first: date, last: date, *, step: int) -> Iterator[date]:
    yield from (first + timedelta(days=each) for each in range(0, (last - first).days + 1, step))


def _firsts(first: date, months: int, *, step: int) -> Iterator[date]:
    for each in range(0, months, step):
        years, month = divmod(first.month - 1 + each, 12)
        yield date(first.year + years, month + 1, 1)


def _midnight(day: date, there: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), there)
