"""When something is due in somebody's own time zone. Pure.

A day and a time make an instant by the zone's rules of that day, so that a message of 08:30 comes at 08:30 on the days
after clocks change as well. A time that a day does not have (clocks go forward) is as late after midnight as it would
have been; of a time that comes twice the first counts (PEP 495, fold=0).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from core.calendars import WEEKDAYS
from core.tenants import MonthlyReport, WeeklyReport
from core.zones import zone_of

NOON: Final = time(12)
WORKING: Final = range(5)  # Monday to Friday; holidays are not known here
WEEK: Final = timedelta(days=7)
NIGHT: Final = time(2, 30)  # when nobody works on tickets
LATE_NIGHT: Final = timedelta(hours=4)  # for so long after it a walk still begins
LATE_REPORT: Final = timedelta(hours=24)  # for so long after its time a report is still made


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something on one day of somebody's calendar: due at `at`, and no more from `until` on. Instants are UTC."""

    day: date
    at: datetime
    until: datetime

    def is_due(self, now: datetime, *, not_before: datetime) -> bool:
        """Whether it is to happen now; what lay before `not_before` was never expected."""
        return not_before <= self.at <= now < self.until


def instant(day: date, at: time, zone: str) -> datetime:
    """The UTC instant of that time on that day."""
    return datetime.combine(day, at, zone_of(zone)).astimezone(UTC)


def digest_on(day: date, at: time, zone: str) -> Occurrence | None:
    """The digest of that day; None on a weekend."""
    if day.weekday() not in WORKING:
        return None
    return Occurrence(day, instant(day, at, zone), instant(day, NOON, zone))


def digest_today(at: time, zone: str, *, now: datetime) -> Occurrence | None:
    """The digest of the day that it is there now."""
    return digest_on(today(zone, now=now), at, zone)


def next_digest(at: time, zone: str, *, after: datetime) -> datetime:
    """The next digest's instant, later than `after`."""
    first = today(zone, now=after)
    return next(
        found.at
        for found in (digest_on(first + timedelta(days=number), at, zone) for number in range(8))
        if found is not None and found.at > after
    )


def digest_before(digest: Occurrence, at: time, zone: str) -> datetime:
    """The instant of the working morning before: on Mondays, Friday's."""
    earlier = (digest_on(digest.day - timedelta(days=number), at, zone) for number in range(1, 8))
    return next(found.at for found in earlier if found is not None)


def report_this_week(plan: WeeklyReport, zone: str, *, now: datetime) -> Occurrence:
    """The latest report whose day has begun."""
    day = today(zone, now=now)
    day -= timedelta(days=(day.weekday() - WEEKDAYS.index(plan.day)) % 7)
    at = instant(day, plan.at, zone)
    return Occurrence(day, at, at + LATE_REPORT)


def next_report(plan: WeeklyReport, zone: str, *, after: datetime) -> datetime:
    """The next report's instant, later than `after`."""
    found = report_this_week(plan, zone, now=after)
    return found.at if found.at > after else instant(found.day + WEEK, plan.at, zone)


def report_this_month(plan: MonthlyReport, zone: str, *, now: datetime) -> Occurrence:
    """The latest report whose day has begun."""
    day = today(zone, now=now)
    if day.day < plan.day:
        day = day.replace(day=1) - timedelta(days=1)
    day = day.replace(day=plan.day)
    at = instant(day, plan.at, zone)
    return Occurrence(day, at, at + LATE_REPORT)


def next_monthly_report(plan: MonthlyReport, zone: str, *, after: datetime) -> datetime:
    """The next report's instant, later than `after`."""
    found = report_this_month(plan, zone, now=after)
    following = (found.day.replace(day=1) + timedelta(days=31)).replace(day=plan.day)
    return found.at if found.at > after else instant(following, plan.at, zone)


def month_before(report: Occurrence) -> date:
    """The first day of the month that the report tells of: the last one that was over."""
    return (report.day.replace(day=1) - timedelta(days=1)).replace(day=1)


def night(zone: str, *, now: datetime) -> Occurrence:
    """The walk through the tickets of the night that it is, or was last, there."""
    day = today(zone, now=now)
    at = instant(day, NIGHT, zone)
    if at > now:
        day -= timedelta(days=1)
        at = instant(day, NIGHT, zone)
    return Occurrence(day, at, at + LATE_NIGHT)


def next_night(zone: str, *, after: datetime) -> datetime:
    """The next such instant, later than `after`."""
    return instant(night(zone, now=after).day + timedelta(days=1), NIGHT, zone)


def week_before(report: Occurrence, zone: str) -> tuple[datetime, datetime]:
    """From when to when the report tells: the seven whole days before its own."""
    return instant(report.day - WEEK, time(), zone), instant(report.day, time(), zone)


def today(zone: str, *, now: datetime) -> date:
    """The day that it is there."""
    return now.astimezone(zone_of(zone)).date()
