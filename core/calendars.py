"""Working time: how long a stage may take when nights, weekends and holidays do not count (P3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final

import holidays

from core.zones import zone_of

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EVERYBODYS_OWN: Final = "approver"  # a zone: where each of those who are asked lives
HORIZON_DAYS: Final = 3 * 366  # the longest duration of a policy is a year, in working time at most three


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """When people work, in one zone or each in their own (EVERYBODYS_OWN; see `at`).

    `country` is an ISO 3166 code, with a subdivision after a dash: CH-ZH; empty: no holidays.
    """

    zone: str
    starts: time = time(8)
    ends: time = time(18)
    days: frozenset[str] = frozenset(WEEKDAYS[:5])
    country: str = ""
    closed: frozenset[date] = field(default=frozenset())  # besides the country's holidays

    def at(self, zone: str) -> WorkingCalendar:
        """The same hours where somebody lives."""
        return replace(self, zone=zone)

    def add(self, instant: datetime, worked: timedelta) -> datetime:
        """The instant at which that much working time has passed since `instant` (aware), in UTC.

        Raises OverflowError if that lies beyond HORIZON_DAYS; the shortest working day makes that impossible on load.
        """
        left = worked
        for begins, ends in self._spans(instant):
            if left <= ends - begins:
                return begins + left
            left -= ends - begins
        raise OverflowError(f"{worked} of working time do not fit into {HORIZON_DAYS} days.")

    def subtract(self, instant: datetime, worked: timedelta, *, not_before: datetime) -> datetime:
        """The instant from which on that much working time passes until `instant`, but `not_before` at the earliest."""
        whole = self.between(not_before, instant)
        return not_before if whole <= worked else self.add(not_before, whole - worked)

    def between(self, since: datetime, until: datetime) -> timedelta:
        """How much working time passes between the two."""
        passed = timedelta()
        for begins, ends in self._spans(since):
            if begins >= until:
                break
            passed += min(ends, until) - begins
        return passed

    def is_working(self, day: date) -> bool:
        """Whether anybody works on that day."""
        if WEEKDAYS[day.weekday()] not in self.days or day in self.closed:
            return False
        return not self.country or day not in _holidays(self.country)

    def to_json(self) -> dict[str, Any]:
        """As it stands in a policy; `calendar_from_json` reads it back."""
        return {
            "zone": self.zone,
            "hours": f"{self.starts:%H:%M}-{self.ends:%H:%M}",
            "days": [day for day in WEEKDAYS if day in self.days],
            "holidays": self.country,
            "closed": [day.isoformat() for day in sorted(self.closed)],
        }

    def _spans(self, instant: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The working hours from `instant` on, in UTC: a day on which clocks change is as long as it is."""
        zone = zone_of(self.zone)
        first = instant.astimezone(zone).date()
        for number in range(HORIZON_DAYS):
            day = first + timedelta(days=number)
            if not self.is_working(day):
                continue
            begins = datetime.combine(day, self.starts, zone).astimezone(UTC)
            ends = datetime.combine(day, self.ends, zone).astimezone(UTC)
            if begins < ends > instant:  # hours that lie in the gap of a change of clocks do not happen that day
                yield max(begins, instant.astimezone(UTC)), ends


def calendar_from_json(document: dict[str, Any]) -> WorkingCalendar:
    """The calendar that was stored."""
    starts, ends = document["hours"].split("-")
    return WorkingCalendar(
        zone=document["zone"],
        starts=time.fromisoformat(starts),
        ends=time.fromisoformat(ends),
        days=frozenset(document["days"]),
        country=document["holidays"],
        closed=frozenset(map(date.fromisoformat, document["closed"])),
    )


def countries() -> tuple[str, ...]:
    """The countries whose holidays are known, with their subdivisions: CH, CH-ZH."""
    return tuple(
        code
        for country, parts in sorted(holidays.list_supported_countries(include_aliases=False).items())
        for code in (country, *(f"{country}-{part}" for part in parts))
    )


@lru_cache(maxsize=64)
def _holidays(country: str) -> holidays.HolidayBase:
    code, _, part = country.partition("-")
    return holidays.country_holidays(code, subdiv=part or None)
