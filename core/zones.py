"""Time zones by their IANA names."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo


def zone_of(name: str) -> tzinfo:
    """The zone of that name; UTC if there is none: a slip in the directory must not stop anything."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC
