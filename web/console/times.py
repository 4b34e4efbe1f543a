"""Times as people read them: in their own time zone, and how far away."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final

NOW: Final = timedelta(seconds=3)


def moment(at: datetime, place: tzinfo) -> str:
    """The instant where the reader is: 24 Nov 2026, 09:10 CET."""
    here = at.astimezone(place)
    return f"{here.day} {here:%b %Y, %H:%M %Z}"


def distance(at: datetime, *, now: datetime) -> str:
    """Either "in 3 h" or "20 min ago"; "now" for what a page may be younger than by the time it took to make."""
    if abs(at - now) < NOW:
        return "now"
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
