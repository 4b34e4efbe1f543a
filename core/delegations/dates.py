"""Days and instants as people write them -> aware instants in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from core.delegations.errors import InvalidDelegation
from core.zones import zone_of

_DAY_CHARS: Final = len("2026-12-20")
EXAMPLES: Final = ("2026-12-20", "2026-12-20T14:00", "2026-12-20T14:00:00Z")


def window(starts: str, ends: str, zone: str, *, now: datetime) -> tuple[datetime, datetime]:
    """From when to when, in UTC. Raises InvalidDelegation for what is no date, is over, or ends before it begins.

    A day without a time means the whole day in the person's time zone, the last one included; a time without an offset
    is in that zone as well. No beginning, or one that has passed, means now: nobody was away before it was said.
    """
    place = zone_of(zone)
    starts_at = max(_instant(starts, place, "starts"), now) if starts else now
    ends_at = _instant(ends, place, "ends", is_end=True)
    if ends_at <= now:
        raise InvalidDelegation("That is over already.", where="ends", next_step="Name a day to come.")
    if ends_at <= starts_at:
        raise InvalidDelegation("It must end after it begins.", where="ends")
    return starts_at, ends_at


def _instant(text: str, zone: tzinfo, where: str, *, is_end: bool = False) -> datetime:
    try:
        if len(text) == _DAY_CHARS:
            day = date.fromisoformat(text) + timedelta(days=1 if is_end else 0)
            found = datetime.combine(day, time(), zone)
        else:
            found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        shown = text[:40] + ("…" if len(text) > 40 else "")
        raise InvalidDelegation(f"'{shown}' is not a day or a time.", where=where, accepted=EXAMPLES) from None
