"""Reading the calendar of a policy from YAML."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Final
from zoneinfo import available_timezones

from config.suggest import did_you_mean
from config.yamlfile import YamlPath
from core.calendars import EVERYBODYS_OWN, WEEKDAYS, WorkingCalendar, countries
from core.located import Reader

CALENDAR_KEYS: Final = ("zone", "hours", "days", "holidays", "closed")
_HOURS: Final = re.compile(r"(\d{2}:\d{2})\s*-\s*(\d{2}:\d{2})")
_USUAL: Final = WorkingCalendar("UTC")


def read_calendar(reader: Reader, path: YamlPath, value: object) -> WorkingCalendar:
    """The calendar; every problem is named, and the usual stands in its place."""
    fields = reader.mapping(path, value, allowed=CALENDAR_KEYS, required=("zone",))
    zone = reader.text((*path, "zone"), fields.get("zone", "UTC"))
    if zone not in (known := {EVERYBODYS_OWN, *available_timezones()}):
        hint = did_you_mean(zone, known)
        accepted = ("Europe/Zurich", "UTC", EVERYBODYS_OWN)
        reader.problem((*path, "zone"), f"'{zone}' is not a time zone.{hint}", accepted=accepted)
        zone = "UTC"
    starts, ends = _hours(reader, (*path, "hours"), fields.get("hours", "08:00-18:00"))
    days = [
        reader.choice((*path, "days", index), day, WEEKDAYS)
        for index, day in enumerate(reader.sequence((*path, "days"), fields.get("days", WEEKDAYS[:5])))
    ]
    if not days:
        reader.problem((*path, "days"), "Somebody must work on some day.", accepted=WEEKDAYS)
    country = str(fields.get("holidays", ""))
    if country and country not in countries():
        hint = did_you_mean(country, countries())
        reader.problem(
            (*path, "holidays"), f"The holidays of '{country}' are not known.{hint}", accepted=("CH", "CH-ZH")
        )
        country = ""
    closed = [
        _date(reader, (*path, "closed", index), day)
        for index, day in enumerate(reader.sequence((*path, "closed"), fields.get("closed", ())))
    ]
    return WorkingCalendar(
        zone, starts, ends, frozenset(days) or _USUAL.days, country, frozenset(day for day in closed if day)
    )


def _hours(reader: Reader, path: YamlPath, value: object) -> tuple[time, time]:
    match = _HOURS.fullmatch(str(value))
    try:
        starts, ends = (time.fromisoformat(match[1]), time.fromisoformat(match[2])) if match else (time(), time())
    except ValueError:
        starts, ends = time(), time()
    if starts < ends:
        return starts, ends
    reader.problem(path, f"'{value}' are no working hours of one day.", accepted=("08:00-18:00",))
    return _USUAL.starts, _USUAL.ends


def _date(reader: Reader, path: YamlPath, value: object) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        reader.problem(path, f"'{value}' is not a date.", accepted=("2026-12-24",))
        return None
