"""Which note on a ticket tells of which events: none is told twice or left out, whether they go together or one by one.

A note is known by its key. That of one event is its own; that of several names them all, so that other events which
share the first of them, sent again some day, are not taken for told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.itsm.base import Refused, Ticket, TicketSystem
from core.db import Database
from core.outbox import Event, record_told

_HEX_CHARS: Final = 32


@dataclass(frozen=True, slots=True)
class Telling:
    """The events of a note, and the key under which it stands or is to stand."""

    events: tuple[Event, ...]
    key: str


def telling(events: Sequence[Event], *, slug: str) -> Telling:
    """The note for these events: of those that none tells of yet; where one tells of each, that one again."""
    new = tuple(each for each in events if each.told_as is None)
    if not new:
        return Telling(tuple(events), str(events[0].told_as))
    if len(new) == 1:
        return Telling(new, new[0].delivery_key(slug))
    named = hashlib.sha256(" ".join(str(each.id) for each in new).encode()).hexdigest()
    return Telling(new, f"{named[:_HEX_CHARS]}:{slug}")


async def keep_told(
    system: TicketSystem, database: Database, ticket: Ticket, note: str, *, told: Telling, slug: str
) -> None:
    """After a refusal: the note stands there, and its events are known as told however they are delivered from now on.

    Where the system takes no note either, nothing is told. Raises NotSent, Throttled or OutcomeUnknown: try again.
    """
    try:
        await system.comment(ticket, note, key=told.key)
    except Refused:
        return
    await record_told(database, told.events, subscriber=slug, key=told.key)
