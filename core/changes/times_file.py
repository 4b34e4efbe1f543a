"""Reading maintenance windows and freezes from YAML (G6).

windows:
  - window: "Nightly"
    days: [tuesday, thursday]
    hours: "22:00-04:00"
freezes:
  - freeze: "Year end"
    from: "2026-12-20 18:00"
    until: "2027-01-03"        # a day without a time counts whole
    allows: [security_patch]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import available_timezones

from config.suggest import did_you_mean
from config.yamlfile import YamlPath
from core.approvals.risk import RiskLevel
from core.calendars import WEEKDAYS
from core.changes.policy import Freeze, Scope, Window
from core.durations import parse_time
from core.located import Reader

SCOPE_KEYS: Final = ("types", "risks", "zone")
WINDOW_KEYS: Final = ("window", "days", "hours", *SCOPE_KEYS)
FREEZE_KEYS: Final = ("freeze", "from", "until", "allows", *SCOPE_KEYS)
YEARS: Final = range(1970, 9000)  # in every zone, and with a day more or less
INSTANT_EXAMPLES: Final = ("2026-12-20", "2026-12-20 18:00")
_HOURS: Final = re.compile(r"(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})")


def read_window(reader: Reader, path: YamlPath, value: object, types: tuple[str, ...]) -> Window:
    """The window; every problem is named."""
    fields = reader.mapping(path, value, allowed=WINDOW_KEYS, required=("window", "hours"))
    starts, ends = _hours(reader, (*path, "hours"), fields.get("hours", "00:00-23:59"))
    return Window(
        name=reader.text((*path, "window"), fields.get("window", "window")),
        days=_choices(reader, (*path, "days"), fields.get("days", WEEKDAYS), WEEKDAYS) or frozenset(WEEKDAYS),
        starts=starts,
        ends=ends,
        scope=_scope(reader, path, fields, types),
        zone=_zone(reader, path, fields),
    )


def read_freeze(reader: Reader, path: YamlPath, value: object, types: tuple[str, ...]) -> Freeze | None:
    """The freeze; None where its times cannot be read, which is named."""
    fields = reader.mapping(path, value, allowed=FREEZE_KEYS, required=("freeze", "from", "until"))
    begins = _instant(reader, (*path, "from"), fields.get("from"), is_end=False)
    ends = _instant(reader, (*path, "until"), fields.get("until"), is_end=True)
    name = reader.text((*path, "freeze"), fields.get("freeze", "freeze"))
    allows = _choices(reader, (*path, "allows"), fields.get("allows", ()), types)
    scope, zone = _scope(reader, path, fields, types), _zone(reader, path, fields)
    if begins is None or ends is None:
        return None
    if begins >= ends:
        reader.problem((*path, "until"), f"The freeze ends before it begins, at {begins:%Y-%m-%d %H:%M}.")
    return Freeze(name, begins, ends, scope, allows, zone)


def _scope(reader: Reader, path: YamlPath, fields: Mapping[str, object], types: tuple[str, ...]) -> Scope:
    chosen = _choices(reader, (*path, "types"), fields.get("types", ()), types)
    risks = _choices(reader, (*path, "risks"), fields.get("risks", ()), tuple(RiskLevel))
    return Scope(chosen, frozenset(RiskLevel(each) for each in risks))


def _zone(reader: Reader, path: YamlPath, fields: Mapping[str, object]) -> str:
    if "zone" not in fields:
        return ""
    zone = reader.text((*path, "zone"), fields["zone"])
    known = available_timezones()
    if zone in known:
        return zone
    message = f"'{zone}' is not a time zone.{did_you_mean(zone, known)}"
    reader.problem((*path, "zone"), message, accepted=("Europe/Zurich", "UTC"))
    return ""


def _choices(reader: Reader, path: YamlPath, value: object, accepted: tuple[str, ...]) -> frozenset[str]:
    """Those that are accepted; each other one is named."""
    items = enumerate(reader.sequence(path, value))
    return frozenset(reader.choice((*path, index), item, accepted) for index, item in items) & frozenset(accepted)


def _hours(reader: Reader, path: YamlPath, value: object) -> tuple[time, time]:
    match = _HOURS.fullmatch(str(value))
    starts, ends = (parse_time(match[1]), parse_time(match[2])) if match else (None, None)
    if starts is None or ends is None or starts == ends:
        reader.problem(path, f"'{value}' are no hours.", accepted=("22:00-04:00", "06:00-08:00"))
        return time(0), time(23, 59)
    return starts, ends


def _instant(reader: Reader, path: YamlPath, value: object, *, is_end: bool) -> datetime | None:
    """Wall-clock time. A day alone is its beginning, or its end where it is the last one."""
    if value is None:
        return None  # a missing key is a problem already
    text = str(value).strip()
    try:
        if len(text) == len("2026-12-20"):
            found = datetime.combine(date.fromisoformat(text), time())
            found += timedelta(days=1) if is_end else timedelta()
        else:
            found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        found = None
    if found is not None and found.year not in YEARS:
        message = f"'{value}' lies outside the years {YEARS[0]} to {YEARS[-1]}."
        reader.problem(path, message, accepted=INSTANT_EXAMPLES)
        return None
    if found is None or found.tzinfo is not None:
        message = f"'{value}' is no day and no local time." + (" Say the zone under `zone`." if found else "")
        reader.problem(path, message, accepted=INSTANT_EXAMPLES)
        return None
    return found
