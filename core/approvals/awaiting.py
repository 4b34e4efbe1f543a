"""A request whose policy asks for a ticket waits for it: nobody is asked before one was found right (X6).

Everything here runs inside the transaction of a use case that holds the request. What a ticket system says comes later,
from a worker (ticketing.py): whoever opens a request never waits for somebody else's server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from core.actor import Actor, system_actor
from core.approvals.errors import InvalidTicket, TicketDoesNotHold
from core.approvals.events import RequestEvent
from core.approvals.policy import ApprovalPolicy
from core.audit import AuditCategory, record
from core.db import Transaction
from core.deadlines import set_deadline
from core.named_tickets import (
    Desk,
    NamedTicket,
    Reading,
    Standing,
    drop_ticket,
    keep_ticket,
    read_ticket,
    ticket_needed,
)
from core.outbox import emit

CHECK: Final = "approvals.ticket_check"  # its system is to be asked again
WAIT_OVER: Final = "approvals.ticket_wait"
WAIT_MAX: Final = timedelta(days=7)  # for a ticket that stands for the request; then it expires
CHECK_EVERY: Final = timedelta(minutes=5)  # while a grant may rest on it
CHECK_AGAIN: Final = timedelta(hours=1)  # if no answer has come by then: deliveries are tried again much sooner


def read_named(policy: ApprovalPolicy, value: object, desks: tuple[Desk, ...]) -> Reading | None:
    """The ticket that was named; None if none was. Raises InvalidTicket for one that cannot be meant."""
    if policy.ticket is None or value is None or not str(value).strip():
        return None
    read = read_ticket(value, policy.ticket, desks)
    if read.problem:
        raise InvalidTicket(read.problem, where=".".join(filter(None, ("ticket", read.where))), accepted=read.accepted)
    return read


async def await_ticket(
    tx: Transaction, actor: Actor, request_id: UUID, reading: Reading | None, *, about: Mapping[str, str]
) -> None:
    """The new request waits: for its ticket's system to answer, or for a ticket to be named.

    `about` holds `request` and `resource`, for the trail.
    """
    await set_deadline(tx, request_id, WAIT_OVER, tx.now + WAIT_MAX)
    if reading is None:
        await keep_ticket(tx, NamedTicket(request_id=request_id))
        await tell(tx, system_actor(tx.tenant), request_id, RequestEvent.TICKET_MISSING, about=about, facts={})
        return
    await ask_about(tx, actor, NamedTicket(request_id=request_id), reading, about=about)


async def ask_about(
    tx: Transaction,
    actor: Actor,
    before: NamedTicket,
    reading: Reading,
    *,
    about: Mapping[str, str],
    is_decided: bool = False,
) -> None:
    """The request names this ticket now, and its system is asked about it.

    `is_decided`: people have decided by the ticket that stood before; another one stands no longer than that did.
    """
    same = before.is_called(reading.system, reading.number)
    bound = before.at_most_until or before.stood_until if is_decided else None
    named = NamedTicket(request_id=before.request_id, accepted_at=before.accepted_at, at_most_until=bound)
    after = replace(before if same else named, system=reading.system, standing=Standing.ASKED, reasons=())
    await keep_ticket(tx, after if same else replace(after, number=reading.number))
    await set_deadline(tx, before.request_id, CHECK, tx.now + CHECK_AGAIN)
    named_as = {"system": reading.system, "ticket": reading.number}
    await tell(tx, actor, before.request_id, RequestEvent.TICKET_NAMED, about=about, facts=named_as)


async def begin_anew(tx: Transaction, request_id: UUID, *, is_needed: bool, about: Mapping[str, str]) -> bool:
    """After a change of the request: whether it waits again. Its ticket is looked at for what is asked now.

    Without need of a ticket it waits for none.
    """
    before = await ticket_needed(tx, request_id)
    if not is_needed:
        if before is not None:
            await drop_ticket(tx, request_id)
        return False
    if before is None or before.standing is Standing.MISSING:
        await await_ticket(tx, system_actor(tx.tenant), request_id, None, about=about)
        return True
    await set_deadline(tx, request_id, WAIT_OVER, tx.now + WAIT_MAX)
    waiting = replace(before, accepted_at=None)
    again = Reading(before.system, before.number)
    await ask_about(tx, system_actor(tx.tenant), waiting, again, about=about)
    return True


async def require_ticket(tx: Transaction, request_id: UUID) -> None:
    """Returns if the request's ticket, where it needs one, stands for it. Raises TicketDoesNotHold."""
    ticket = await ticket_needed(tx, request_id)
    if ticket is not None and ticket.standing is not Standing.HOLDS:
        why = " ".join(ticket.reasons) or f"{ticket.title} is being asked about {ticket.number}."
        raise TicketDoesNotHold(f"Nothing can be approved while its ticket does not stand for it. {why}")


async def ticket_awaited(tx: Transaction, request_id: UUID) -> tuple[str, str] | None:
    """The code and the sentence of what the request waits for, if that is a ticket."""
    ticket = await ticket_needed(tx, request_id)
    return waits_for(ticket) if ticket is not None and ticket.is_awaited else None


def waits_for(ticket: NamedTicket) -> tuple[str, str]:
    """The code and the sentence of what the request waits for, for whoever asked."""
    if ticket.standing is Standing.MISSING:
        message = "It waits for a ticket: name one, in the request's message or as `context.ticket`."
        return "approvals.ticket_missing", message
    if ticket.standing is Standing.REFUSED:
        return "approvals.ticket_refused", f"{' '.join(ticket.reasons)} Name another ticket, or withdraw the request."
    return "approvals.ticket_asked", f"It waits for {ticket.title} to confirm {ticket.number}."


async def tell(
    tx: Transaction,
    actor: Actor,
    request_id: UUID,
    event: RequestEvent,
    *,
    about: Mapping[str, str],
    facts: Mapping[str, Any],
) -> None:
    """What became of the ticket is in the trail, and everybody hears of it."""
    is_system = actor == system_actor(tx.tenant)
    await record(
        tx,
        actor,
        action=event,
        resource=about["resource"],
        category=AuditCategory.SYSTEM if is_system else AuditCategory.USER,
        subject_id=request_id,
        details={"request": about["request"], **facts},
    )
    await emit(tx, subject=f"request:{request_id}", type=event, data=dict(facts))
