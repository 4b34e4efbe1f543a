"""What has happened to a request's tickets in their systems, as it was heard here: for whoever reads the request.

Chat tells of it as it happens; whoever reads a page or asks the API later finds it here, from the audit trail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from core.access import TokenScope, permitted
from core.actor import Actor
from core.approvals.events import RequestEvent
from core.audit import AuditFilter, search
from core.db import Database
from core.links import SYSTEM_TITLES

SHOWN_MAX: Final = 1_000  # of one request, the newest
SHOWN: Final[frozenset[str]] = frozenset(
    {
        RequestEvent.TICKET_NAMED,
        RequestEvent.TICKET_ACCEPTED,
        RequestEvent.TICKET_REFUSED,
        RequestEvent.TICKET_RESTORED,
        RequestEvent.TICKET_CHANGED,
        RequestEvent.TICKET_NOTED,
        RequestEvent.TICKET_CLOSED,
        RequestEvent.TICKET_ENDED,
    }
)


@dataclass(frozen=True, slots=True)
class TicketMoment:
    """One thing that happened to a ticket. `by` is whoever did it there, or named it here; empty for its system."""

    at: datetime
    event: RequestEvent
    system: str
    number: str
    by: str
    text: str  # what somebody wrote there
    state: str  # as its system calls it
    reasons: tuple[str, ...]  # why it does not stand for the request
    suspends: bool  # an approval that was given

    @property
    def title(self) -> str:
        """Its system as people call it."""
        return SYSTEM_TITLES.get(self.system, self.system)


async def ticket_life(database: Database, actor: Actor, request_id: UUID) -> tuple[TicketMoment, ...]:
    """What happened to the request's tickets, oldest first. For whoever may read the request."""
    async with permitted(database, actor, TokenScope.READ, action="request.show", resource=str(request_id)) as tx:
        found = await search(
            tx, AuditFilter(subject_id=request_id, result="success", actions=SHOWN), after=None, limit=SHOWN_MAX
        )
    return tuple(_moment(record) for _position, record in reversed(found))


def _moment(record: Mapping[str, Any]) -> TicketMoment:
    said = record["details"]
    event = RequestEvent(record["action"])
    named_by = record["user_id"] if event is RequestEvent.TICKET_NAMED else ""
    return TicketMoment(
        at=datetime.fromisoformat(record["timestamp"]),
        event=event,
        system=str(said.get("system", "")),
        number=str(said.get("ticket", "")),
        by=str(said.get("author") or said.get("by") or named_by),
        text=str(said.get("text", "")),
        state=str(said.get("state", "")),
        reasons=tuple(map(str, said.get("reasons", ()))),
        suspends=bool(said.get("suspends")),
    )
