"""A ticket that a request names is looked up where it lives, and what that system says is taken over (X6).

It shares its system's subscription with the tickets that we keep in step (subscriber.py), and so its order per request,
retries and circuit: a system that is down is waited for, and nothing is approved meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.itsm.happenings import EVENTS
from connectors.itsm.incidents import EVENTS as OF_INCIDENTS
from connectors.itsm.incidents import IncidentSync
from connectors.itsm.outcomes import as_delivery_failures
from connectors.itsm.subscriber import TicketSync
from core.approvals import RequestEvent, take_facts
from core.ids import TenantId
from core.outbox import Event

QUESTIONS: Final = frozenset({RequestEvent.TICKET_NAMED, RequestEvent.TICKET_CHECK})
EVERY_EVENT: Final = frozenset(map(str, (*EVENTS, *QUESTIONS, *OF_INCIDENTS)))


def is_of_incident(event: Event) -> bool:
    """Whether the event is about an incident."""
    return event.subject.startswith("incident:")


@dataclass(frozen=True, slots=True)
class TicketDesk:
    """The subscriber of one ticket system for one tenant: what it is asked, and what is kept in step there."""

    sync: TicketSync
    incidents: IncidentSync | None = None  # None: the system takes none

    async def deliver(self, event: Event) -> None:
        """What the event asks has been answered; what it tells has been written down."""
        await self.deliver_many((event,))

    async def deliver_many(self, events: Sequence[Event]) -> None:
        """The same for events of one subject in their order; of several questions about one ticket only the last."""
        if events[0].tenant != self.sync.tenant:
            return
        if is_of_incident(events[0]):
            if self.incidents is not None:
                await self.incidents.deliver_many(events)
            return
        asked = {str(each.data["ticket"]): each for each in events if self._is_asked(each)}
        for question in asked.values():
            await self._answer(question)
        told = [each for each in events if each.type not in QUESTIONS]
        if told:
            await self.sync.deliver_many(told)

    async def preview(self, event: Event) -> Mapping[str, Any]:
        """What would be sent for this event alone, now; nothing is."""
        if is_of_incident(event) and self.incidents is not None:
            return await self.incidents.preview(event)
        return await self.sync.preview(event)

    def _is_asked(self, event: Event) -> bool:
        return event.type in QUESTIONS and event.data.get("system") == self.sync.slug

    async def _answer(self, event: Event) -> None:
        number = str(event.data["ticket"])
        with as_delivery_failures():
            facts = await self.sync.system.look_up(number)
        sync = self.sync
        await take_facts(sync.database, sync.tenant, event.subject_id, system=sync.slug, number=number, facts=facts)


@dataclass(frozen=True, slots=True)
class TenantDesks:
    """The subscriber of one kind of ticket system, for every tenant that has an instance of it."""

    desks: Mapping[TenantId, TicketDesk]

    async def deliver(self, event: Event) -> None:
        """As `TicketDesk.deliver`, at the event's own tenant; nothing for a tenant without an instance."""
        await self.deliver_many((event,))

    async def deliver_many(self, events: Sequence[Event]) -> None:
        """The same for events of one subject in their order."""
        desk = self.desks.get(events[0].tenant)
        if desk is not None:
            await desk.deliver_many(events)
