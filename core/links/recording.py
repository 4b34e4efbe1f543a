"""A ticket as it stands in its system is taken over: stored, recorded, told (B4)."""

from __future__ import annotations

from core.actor import system_actor
from core.audit import AuditCategory, record
from core.db import Database
from core.ids import TenantId
from core.links.tickets import TicketLink, save_ticket
from core.outbox import emit


async def record_ticket(database: Database, tenant: TenantId, subject: str, link: TicketLink) -> None:
    """The subject's ticket is this one; if a reader would see a difference, it is audited and everybody hears of it.

    `subject` is the outbox subject, `request:<uuid>` or `bypass:<uuid>`.
    """
    async with database.tenant(tenant) as tx:
        if not await save_ticket(tx, link):
            return
        await record(
            tx,
            system_actor(tenant),
            action="ticket.changed",
            resource=link.number,
            category=AuditCategory.SYSTEM,
            subject_id=link.subject_id,
            details={"system": link.system, "state": link.state, "url": link.url},
        )
        await emit(
            tx,
            subject=subject,
            type=f"{subject.partition(':')[0]}.ticket_changed",
            data={"system": link.system, "number": link.number, "state": link.state},
        )
