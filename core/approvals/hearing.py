"""What a request hears of its ticket: what people wrote there, and that it was closed with nothing decided here (X6).

Neither is a decision: whoever writes or closes a ticket is known to that system, not to us. So what they wrote is told,
and after a ticket was closed the people who decide are asked what was meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.actor import Actor, Door, system_actor
from core.approvals.events import RequestEvent
from core.approvals.loading import hold, view_of
from core.approvals.state import RequestStatus
from core.approvals.views import RequestView
from core.audit import AuditCategory, record
from core.db import Transaction
from core.ids import TenantId
from core.outbox import emit

TEXT_MAX: Final = 4000  # characters of a note that are told


@dataclass(frozen=True, slots=True)
class TicketHand:
    """Somebody who touched a ticket: their name in that system, which proves nobody's identity here."""

    system: str  # as people write it
    ticket: str
    author: str  # empty if it is not known

    @property
    def shown(self) -> str:
        """How they are called in a sentence."""
        return self.author or "somebody"

    def actor(self, tenant: TenantId) -> Actor:
        """The caller that the trail names: that system and its name for them, and no person of ours."""
        email, name = f"{self.system}: {self.shown}", f"{self.shown} in {self.system}"
        return Actor(tenant=tenant, user=None, email=email, name=name, door=Door.SYSTEM)


@dataclass(frozen=True, slots=True)
class FieldNews:
    """What became of a field that differs from its ticket's: `kept` says whose value stands, `why` in one sentence."""

    field: str
    here: str
    there: str
    kept: str  # ours | theirs | open
    why: str


async def held_view(tx: Transaction, request_id: UUID) -> RequestView:
    """The request as doors show it, held for the rest of the transaction. Raises UnknownRequest."""
    await hold(tx, request_id)
    return await view_of(tx, request_id)


async def tell_of_field(tx: Transaction, request_id: UUID, by: TicketHand, news: FieldNews) -> None:
    """The request's thread and the trail tell of the field; the caller sees to it that this is once."""
    held = await hold(tx, request_id)
    facts = {
        "request": f"REQ-{held.row.number}",
        "system": by.system,
        "ticket": by.ticket,
        "by": by.shown,
        "field": news.field,
        "here": news.here[:TEXT_MAX],
        "there": news.there[:TEXT_MAX],
        "kept": news.kept,
        "text": news.why,
    }
    await _tell(tx, request_id, RequestEvent.TICKET_FIELD, held.row.resource_name, facts)


async def hear_of_ticket(
    tx: Transaction,
    request_id: UUID,
    *,
    system: str,
    number: str,
    notes: Sequence[tuple[str, str]],
    closed_by: str | None,
    state: str,
) -> None:
    """Each note (author, text) is told once; a ticket that `closed_by` has closed too early makes people be asked.

    It is empty where our own account was there last: it never closes the ticket of what is pending, so somebody did;
    that of what is approved it may have moved on itself.
    """
    if not notes and closed_by is None:
        return
    held = await hold(tx, request_id)
    about = {"request": f"REQ-{held.row.number}", "system": system, "ticket": number}
    for author, words in notes:
        said = {**about, "author": author, "text": words.strip()[:TEXT_MAX]}
        await _tell(tx, request_id, RequestEvent.TICKET_NOTED, held.row.resource_name, said)
    if closed_by is not None and held.state.status is RequestStatus.PENDING:
        asked = {voter for stage in held.state.open_stages for voter in stage.voters}
        people = sorted(map(str, asked | {held.state.requester}))
        what = {**about, "by": closed_by or "somebody", "state": state, "people": people}
        await _tell(tx, request_id, RequestEvent.TICKET_CLOSED, held.row.resource_name, what)
    elif closed_by and held.state.status is RequestStatus.APPROVED:
        what = {**about, "by": closed_by, "state": state, "people": [str(held.state.requester)]}
        await _tell(tx, request_id, RequestEvent.TICKET_ENDED, held.row.resource_name, what)


async def _tell(
    tx: Transaction, request_id: UUID, event: RequestEvent, resource: str, facts: Mapping[str, Any]
) -> None:
    await record(
        tx,
        system_actor(tx.tenant),
        action=event,
        resource=resource,
        category=AuditCategory.SYSTEM,
        subject_id=request_id,
        details=facts,
    )
    await emit(tx, subject=f"request:{request_id}", type=event, data=facts)
