"""Durations and times of day as people write them: "24 hours", "30 minutes", "2 days", "1h30m"; "09:00"."""

from __future__ import annotations

import re
from datetime import time, timedelta
from decimal import Decimal
from typing import Final

_UNITS_S: Final = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hr": 3600,
    "hour": 3600,
    "d": 86_400,
    "day": 86_400,
    "w": 604_800,
    "week": 604_800,
}
_PART: Final = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*([a-z]+)\s*(?:,|and)?", re.IGNORECASE)
_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
LONGEST: Final = timedelta(days=366)
EXAMPLES: Final = ("30 minutes", "24 hours", "2 days", "1h30m")


def parse_duration(text: object) -> timedelta | None:
    """The duration, above zero and at most LONGEST, to the millisecond; None for anything else."""
    if not isinstance(text, str):
        return None
    total_s, position, source = Decimal(), 0, text.strip()
    while position < len(source):
        match = _PART.match(source, position)
        if match is None:
            return None
        unit = match[2].lower()
        seconds = _UNITS_S.get(unit, _UNITS_S.get(unit.removesuffix("s")))
        if seconds is None:
            return None
        total_s += Decimal(match[1]) * seconds
        position = match.end()
    return timedelta(seconds=float(total_s)) if 0 < total_s <= LONGEST.total_seconds() else None


def format_duration(duration: timedelta) -> str:
    """The shortest exact form: "24h", "1h30m", "2d"; `parse_duration` reads it back."""
    rest = duration.total_seconds()
    parts: list[str] = []
    for unit, size_s in (("d", 86_400), ("h", 3600), ("m", 60)):
        count, rest = divmod(rest, size_s)
        if count:
            parts.append(f"{int(count)}{unit}")
    if rest:
        parts.append(f"{rest:g}s")
    return "".join(parts)


def parse_time(text: object) -> time | None:
    """The time of day, to the minute; None for anything else."""
    found = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    try:
        return time(int(found[1]), int(found[2])) if found else None
    except ValueError:
        return None
