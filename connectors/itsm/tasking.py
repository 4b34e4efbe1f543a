"""Child records of a change's ticket that show what is to be done of it, step by step (G3, N1)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog

from connectors.itsm.base import Refused, Ticket, TicketSystem
from core.approvals import RequestView
from core.changes import ChangeCatalogue
from core.db import Database
from core.ids import TenantId
from core.tickets import ShownTask, ToldTask, note_tasks, tasks_to_show

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tasks:
    """What one ticket system shows of tasks, for one tenant."""

    slug: str
    tenant: TenantId
    system: TicketSystem
    database: Database
    changes: ChangeCatalogue  # what changes are held to

    async def show(
        self, ticket: Ticket, request: RequestView, *, gone: Collection[str] = (), moved: Collection[str] = ()
    ) -> None:
        """Child records there stand as the change's steps do now. What the system does not take is noted there.

        `gone` and `moved` are steps whose records a walk has found not to be there, or not to stand as they were shown.
        """
        if request.resource.get("type") != "change":
            return
        async with self.database.tenant(self.tenant) as tx:
            shown = await tasks_to_show(tx, self.slug, request, ticket_id=ticket.external_id, gone=gone, moved=moved)
        if not shown:
            return
        try:
            stand = await self.system.show_tasks(ticket, shown)
        except Refused:
            stand = await self._one_by_one(ticket, request, shown)
        await note_tasks(
            self.database,
            self.tenant,
            self.changes,
            self.slug,
            request,
            ticket_id=ticket.external_id,
            shown=shown,
            stand=stand,
        )

    async def _one_by_one(
        self, ticket: Ticket, request: RequestView, shown: Sequence[ShownTask]
    ) -> tuple[ToldTask, ...]:
        """Those that the system takes. The ticket is kept in step all the same; that not all are must be seen there."""
        stand: list[ToldTask] = []
        reasons: dict[str, None] = {}
        for each in shown:
            try:
                stand += await self.system.show_tasks(ticket, [each])
            except Refused as exc:
                log.warning("ticket_tasks_refused", system=self.slug, ticket=ticket.number, reason=exc.reason)
                reasons[exc.reason] = None
        if reasons:
            why = " ".join(reasons)
            said = f"{request.reference}: its tasks could not be brought up to date: {why}"
            # Of one reason the ticket says so once, however many deliveries meet it.
            digest = hashlib.sha256(f"{ticket.external_id} {why}".encode()).hexdigest()[:16]
            await self.system.comment(ticket, said, key=f"{request.id}:tasks:{digest}")
        return tuple(stand)
