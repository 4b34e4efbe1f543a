"""What a living message says of itself to the client that shows it, and says back when somebody looks at it."""

from __future__ import annotations

import json
from uuid import UUID

from bot.teams.places import PLATFORM
from core.links import MessageSlot


def naming(slot: MessageSlot) -> str:
    """The words by which `named` knows the slot again."""
    return json.dumps({"s": str(slot.subject_id), "p": slot.place, "r": slot.role}, separators=(",", ":"))


def named(value: str) -> MessageSlot | None:
    """The slot that the words name; None for anything that we did not write."""
    try:
        body = json.loads(value)
        place, role = body["p"], body["r"]
        subject = UUID(body["s"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not isinstance(place, str) or not isinstance(role, str):
        return None
    return MessageSlot(subject, PLATFORM, place, role)
