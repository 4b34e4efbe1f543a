"""Times as people read them: in their own time zone, and how far away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone(name: str) -> tzinfo:
    """The time zone of that name; UTC if this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def moment(at: datetime, place: tzinfo) -> str:
    """The instant where the reader is: 24 Nov 2026, 09:10 CET."""
    here = at.astimezone(place)
    return f"{here.day} {here:%b %Y, %H:%M %Z}"


def distance(at: datetime, *, now: datetime) -> str:
    """Either "in 3 h" or "20 min ago"."""
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def span(duration: timedelta) -> str:
    """The largest fitting unit: 3 days, 5 h, 25 min; below a minute "a moment"."""
    seconds = abs(duration.total_seconds())
    if seconds < 60:
        return "a moment"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 48 * 3600:
        return f"{int(seconds // 3600)} h"
    return f"{int(seconds // 86_400)} days"
