"""Approvals on a ticket that show who is asked here, and who decided what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from connectors.itsm.approvals import ApprovalAbilities
from connectors.itsm.base import Refused, Ticket, TicketSystem
from core.approvals import RequestEvent, RequestView
from core.db import Database
from core.ids import TenantId
from core.outbox import Event
from core.tickets import approvals_to_show, note_shown

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Approvals:
    """What one ticket system shows of approvals, for one tenant."""

    slug: str
    tenant: TenantId
    system: TicketSystem
    database: Database
    abilities: ApprovalAbilities

    @property
    def are_shown(self) -> bool:
        """Whether this system shows any."""
        return self.abilities.reads or self.abilities.asks

    async def show(self, ticket: Ticket, request: RequestView, events: Sequence[Event]) -> None:
        """Approvals there say who is asked here and who decided what, as things stand now."""
        async with self.database.tenant(self.tenant) as tx:
            people = await approvals_to_show(tx, self.slug, request)
        try:
            if any(each.type == RequestEvent.AMENDED for each in events):
                # What asked before asked about something else: it waits for nobody, and the same people are asked anew.
                await self.system.show_approvers(ticket, ())
            stand = await self.system.show_approvers(ticket, people)
        except Refused as exc:
            # Without the right to ask people there, the ticket is kept all the same.
            log.warning("ticket_approvers_not_shown", system=self.slug, ticket=ticket.number, reason=exc.reason)
            return
        await note_shown(self.database, self.tenant, self.slug, request, stand)
