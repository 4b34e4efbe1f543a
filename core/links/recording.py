"""A ticket as it stands in its system is taken over: stored, recorded, told (B4)."""

from __future__ import annotations

from dataclasses import replace

from core.actor import system_actor
from core.audit import AuditCategory, record
from core.db import Database, Transaction
from core.ids import TenantId
from core.links.events import TicketEvent
from core.links.tickets import OWN, TicketLink, save_ticket, tickets_of
from core.outbox import emit


async def record_ticket(database: Database, tenant: TenantId, subject: str, link: TicketLink) -> None:
    """The subject's ticket is this one; if a reader would see a difference, it is audited and everybody hears of it.

    `subject` is the outbox subject, `request:<uuid>` or `bypass:<uuid>`.
    """
    async with database.tenant(tenant) as tx:
        await _taken(tx, subject, link, is_ours=True)


async def take_ticket(tx: Transaction, subject: str, link: TicketLink, *, state: str, is_ours: bool = True) -> bool:
    """The same for a known ticket in a new state; whether it was new. `is_ours`: our own account put it there."""
    return await _taken(tx, subject, replace(link, state=state), is_ours=is_ours)


async def tell_of_ticket(
    tx: Transaction, event: TicketEvent, subject: str, link: TicketLink, *, is_ours: bool, by: str = "", text: str = ""
) -> None:
    """Whoever listens to tickets hears of this one; `by` is a name there, `text` what they wrote."""
    data = {
        "system": link.system,
        "number": link.number,
        "state": link.state,
        "kind": link.kind,
        "external_id": link.external_id,
        "ours": is_ours,
        "by": by,
        "text": text,
    }
    await emit(tx, subject=subject, type=event, data=data)


async def _taken(tx: Transaction, subject: str, link: TicketLink, *, is_ours: bool) -> bool:
    is_known = any(
        each.system == link.system for each in (await tickets_of(tx, [link.subject_id])).get(link.subject_id, ())
    )
    if not await save_ticket(tx, link):
        return False
    await record(
        tx,
        system_actor(tx.tenant),
        action="ticket.changed",
        resource=link.number,
        category=AuditCategory.SYSTEM,
        subject_id=link.subject_id,
        details={"system": link.system, "state": link.state, "url": link.url},
    )
    kind = subject.partition(":")[0]
    if kind != OWN:
        await emit(
            tx,
            subject=subject,
            type=f"{kind}.ticket_changed",
            data={"system": link.system, "number": link.number, "state": link.state},
        )
    event = TicketEvent.CHANGED if is_known else TicketEvent.CREATED
    await tell_of_ticket(tx, event, subject, link, is_ours=is_ours)
    return True
