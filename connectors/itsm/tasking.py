"""Child records of a change's ticket that show what is to be done of it, step by step (G3, N1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from connectors.itsm.base import Refused, Ticket, TicketSystem
from core.approvals import RequestView
from core.db import Database
from core.ids import TenantId
from core.outbox import Event
from core.tickets import note_tasks, tasks_to_show

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tasks:
    """What one ticket system shows of tasks, for one tenant."""

    slug: str
    tenant: TenantId
    system: TicketSystem
    database: Database

    async def show(self, ticket: Ticket, request: RequestView, events: Sequence[Event]) -> None:
        """Child records there stand as the change's steps do now. What the system does not take is noted there."""
        if request.resource.get("type") != "change":
            return
        async with self.database.tenant(self.tenant) as tx:
            shown = await tasks_to_show(tx, self.slug, request, ticket_id=ticket.external_id)
        if not shown:
            return
        try:
            stand = await self.system.show_tasks(ticket, shown)
        except Refused as exc:
            # The ticket is kept in step all the same; that its tasks are not must be seen there.
            log.warning("ticket_tasks_refused", system=self.slug, ticket=ticket.number, reason=exc.reason)
            said = f"{request.reference}: its tasks could not be brought up to date: {exc.reason}"
            await self.system.comment(ticket, said, key=f"{events[0].delivery_key(self.slug)}:tasks"[-100:])
            return
        await note_tasks(
            self.database,
            self.tenant,
            self.slug,
            request,
            ticket_id=ticket.external_id,
            shown=shown,
            stand=stand,
        )
