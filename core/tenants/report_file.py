"""When reports come, as a tenant's YAML says it, with every problem at its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Final

from config.yamlfile import YamlPath
from core.calendars import WEEKDAYS
from core.durations import parse_time
from core.located import Reader
from core.tenants.policy import ChargebackReport, MonthlyReport, WeeklyReport

REPORT_KEYS: Final = ("channel", "day", "time")
FORMATS: Final = ("pdf", "xlsx", "csv", "focus")
_EMAIL: Final = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")
LAST_DAY: Final = 28  # which every month has


def read_weekly(reader: Reader, path: YamlPath, value: object) -> WeeklyReport:
    """When the week's figures come."""
    fields = reader.mapping(path, value, allowed=REPORT_KEYS)
    defaults = WeeklyReport()
    return WeeklyReport(
        channel=_channel(reader, path, fields, defaults.channel),
        day=reader.choice((*path, "day"), fields.get("day", defaults.day), WEEKDAYS),
        at=_time(reader, path, fields, defaults.at),
    )


def read_monthly(reader: Reader, path: YamlPath, value: object) -> MonthlyReport:
    """When the last month's bypasses are reported."""
    fields = reader.mapping(path, value, allowed=REPORT_KEYS)
    defaults = MonthlyReport()
    day = reader.integer((*path, "day"), fields.get("day", defaults.day), least=1)
    if day > LAST_DAY:
        reader.problem((*path, "day"), f"Not every month has a day {day}.", accepted=(f"1 to {LAST_DAY}",))
    return MonthlyReport(
        _channel(reader, path, fields, defaults.channel), day, _time(reader, path, fields, defaults.at)
    )


def read_chargeback(reader: Reader, path: YamlPath, value: object) -> ChargebackReport:
    """When the last month's statement is sent, and to whom."""
    fields = reader.mapping(path, value, allowed=(*REPORT_KEYS, "emails", "formats"))
    defaults = ChargebackReport()
    timed = {key: fields[key] for key in ("day", "time") if key in fields}
    monthly = read_monthly(reader, path, {"day": defaults.day, **timed, "channel": "unsaid"})
    emails = []
    for index, each in enumerate(reader.sequence((*path, "emails"), fields.get("emails", ()))):
        if not isinstance(each, str) or not _EMAIL.fullmatch(each):
            reader.problem((*path, "emails", index), f"'{each}' is no e-mail address.", accepted=("fin@corp.example",))
        emails.append(str(each))
    formats = tuple(
        reader.choice((*path, "formats", index), each, FORMATS)
        for index, each in enumerate(reader.sequence((*path, "formats"), fields.get("formats", defaults.formats)))
    )
    channel = _channel(reader, path, fields, "") if "channel" in fields else ""
    if not channel and not emails:
        reader.problem(path, "Say where it goes: a channel, e-mail addresses, or both.")
    return ChargebackReport(channel, monthly.day, monthly.at, tuple(emails), formats)


def _channel(reader: Reader, path: YamlPath, fields: Mapping[str, object], default: str) -> str:
    return reader.text((*path, "channel"), fields.get("channel", default)).lstrip("#")


def _time(reader: Reader, path: YamlPath, fields: Mapping[str, object], default: time) -> time:
    at = parse_time(fields["time"]) if "time" in fields else default
    if at is None:
        reader.problem((*path, "time"), f"'{fields['time']}' is not a time of day.", accepted=('"09:00"', '"16:30"'))
    return at or default
