"""Times and counts as people say them.

Relative times grow old: they belong in answers that are read at once. A message that stays says when, as an `Instant`.
"""

from __future__ import annotations

from datetime import datetime, timedelta


def in_words(duration: timedelta) -> str:
    """The largest fitting unit: "3 h", "25 min", "2 days"; below a minute "less than a minute"."""
    seconds = abs(duration.total_seconds())
    if seconds < 60:
        return "less than a minute"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 48 * 3600:
        hours, minutes = int(seconds // 3600), int(seconds % 3600 // 60)
        return f"{hours} h {minutes} min" if hours < 10 and minutes else f"{hours} h"
    return counted(int(seconds // 86_400), "day")


def due(at: datetime, *, now: datetime) -> str:
    """Either "due in 3 h" or "overdue by 20 min"."""
    return f"due in {in_words(at - now)}" if at > now else f"overdue by {in_words(now - at)}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """The count with its noun: "1 request", "2 requests"."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
