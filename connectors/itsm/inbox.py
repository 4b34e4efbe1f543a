"""What happens to our tickets over there comes back: asked for now and then, at once when the system says so (N1).

A nudge proves where it comes from and says only that it is worth looking; what is true is asked of the system.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog
from prometheus_client import Counter

from connectors.itsm.base import (
    ChangePage,
    ConnectorError,
    Ticket,
    TicketChange,
    TicketKind,
    TicketNote,
    TicketReading,
    TicketState,
    TicketSystem,
)
from connectors.rounds import Rounds
from core.approvals import ask_again
from core.changes import ChangeCatalogue
from core.db import Database
from core.errors import Unavailable
from core.ids import TenantId
from core.links import TicketPhase
from core.tickets import Look, Told, ToldNote, ToldTasks, claim_look, hurry, note_failed, take_over

TICK_S: Final = 5.0
OVER: Final = frozenset({TicketState.CLOSED, TicketState.CANCELLED, TicketState.REJECTED})
PHASES: Final[Mapping[TicketState, TicketPhase]] = {
    TicketState.OPEN: TicketPhase.OPEN,
    TicketState.IN_APPROVAL: TicketPhase.OPEN,
    TicketState.APPROVED: TicketPhase.OPEN,
    TicketState.IMPLEMENTING: TicketPhase.WORKING,
    TicketState.IMPLEMENTED: TicketPhase.RESOLVED,
    **dict.fromkeys(OVER, TicketPhase.ENDED),
}
LOOKS = Counter(
    "countersign_ticket_looks_total", "Times that a ticket system was asked what is new", ["system", "result"]
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TicketInbox:
    """The way back from one ticket system of one tenant."""

    slug: str
    tenant: TenantId
    system: TicketSystem
    database: Database
    maps_fields: bool = False  # so that fields of touched tickets are looked at
    changes: ChangeCatalogue | None = None  # what changes are held to; None: nobody hears of tasks

    async def look(self) -> bool:
        """Whether it was time to look; whatever was new is taken over then, or why not is kept."""
        look = await claim_look(self.database, self.tenant, self.slug)
        if look is None:
            return False
        try:
            page = await self.system.changes_since(look.cursor)
            again = await self._again(look, page)
        except ConnectorError as exc:
            await note_failed(self.database, self.tenant, self.slug, exc.reason)
            LOOKS.labels(self.slug, "failed").inc()
            log.warning("ticket_look_failed", system=self.slug, tenant_id=self.tenant, reason=exc.reason)
            return True
        told = [*map(_told, page.changes), *again]
        tasks = ToldTasks(self.changes, page.tasks) if self.changes is not None and page.tasks else None
        await take_over(
            self.database,
            self.tenant,
            self.slug,
            look=look,
            cursor=page.cursor,
            told=told,
            tasks=tasks,
            maps_fields=self.maps_fields,
        )
        LOOKS.labels(self.slug, "done").inc()
        return True

    async def _again(self, look: Look, page: ChangePage) -> list[Told]:
        """What is to be read whether or not it was touched, as it stands. What is gone the nightly walk finds out."""
        touched = {change.ticket.external_id for change in page.changes}
        readings = [
            await self.system.read(TicketKind(link.kind), link.external_id, ())
            for link in look.again
            if link.external_id not in touched
        ]
        return [_read(reading) for reading in readings if reading is not None]

    async def receive(self, headers: Mapping[str, str], body: bytes) -> None:
        """The system is asked at once. Raises WebhookRejected for a nudge that does not prove where it comes from."""
        events = self.system.parse_webhook(headers, body, now=self.database.clock.outside())
        await hurry(self.database, self.tenant, self.slug)
        # The ticket may be one that somebody named for a request, and none of ours: looking for news would not tell.
        await ask_again(self.database, self.tenant, self.slug, numbers=[event.number for event in events])


def looks(inboxes: Sequence[TicketInbox]) -> Rounds:
    """Looks into every inbox when it is time."""
    return Rounds([partial(look_safely, inbox) for inbox in inboxes], every_s=TICK_S)


async def look_safely(inbox: TicketInbox) -> None:
    """It has been looked into if it was time; whatever went wrong is known to people, and the next look is made."""
    try:
        await inbox.look()
    except Unavailable:
        log.warning("ticket_looks_postponed", reason="database unavailable")
    except Exception as exc:
        log.exception("ticket_look_broken", system=inbox.slug, tenant_id=inbox.tenant)
        LOOKS.labels(inbox.slug, "failed").inc()
        with suppress(Unavailable):
            reason = f"The look broke off ({type(exc).__name__}); the log has more."
            await note_failed(inbox.database, inbox.tenant, inbox.slug, reason)


def _told(change: TicketChange) -> Told:
    return replace(
        _stands(change.ticket, by=change.by, is_ours=change.ours, version=change.version),
        notes=tuple(_written(note) for note in change.notes),
        approvals=change.approvals,
    )


def _written(note: TicketNote) -> ToldNote:
    return ToldNote(note.author, note.text, note.account, note.at, is_of_approval=note.is_of_approval)


def _read(reading: TicketReading) -> Told:
    return _stands(reading.ticket, by=reading.by, is_ours=reading.ours, version=reading.version)


def _stands(ticket: Ticket, *, by: str, is_ours: bool, version: int) -> Told:
    return Told(
        external_id=ticket.external_id,
        state=ticket.label or ticket.state,
        is_over=ticket.state in OVER,
        phase=PHASES[ticket.state],
        is_ours=is_ours,
        by=by,
        version=version,
    )
