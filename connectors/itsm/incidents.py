"""Keeps one ticket per incident in step, in a system that takes incidents (N1, N3, S3).

The ticket stands where the incident is now, whatever the order in which news arrive; what happened is written beside it
once, but not what came from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from connectors.itsm.base import (
    CloseCode,
    Refused,
    Ticket,
    TicketDraft,
    TicketKind,
    TicketPatch,
    TicketState,
    TicketSystem,
)
from connectors.itsm.drafting import ticket_of
from connectors.itsm.facts import incident_facts
from connectors.itsm.happenings import OF_TICKETS
from connectors.itsm.outcomes import as_delivery_failures
from connectors.itsm.payloads import payload_of
from connectors.itsm.severing import Severities
from connectors.itsm.standing import Stand, stand
from connectors.itsm.telling import keep_told, telling
from core.db import Database
from core.ids import TenantId
from core.incidents import SYSTEM, IncidentEvent, IncidentState, IncidentView, load_incident
from core.links import INCIDENT, TicketLink, begin_move, break_off_move, end_move, record_ticket
from core.outbox import Event, record_sent
from core.tickets import TicketTask

# What is not written down there: their own news, what is asked of people here, what only chat needs.
_UNTOLD: Final = frozenset(
    {
        IncidentEvent.TICKET_CHANGED,
        IncidentEvent.PAGED,
        IncidentEvent.PAGE_REPEATED,
        IncidentEvent.UPDATE_DUE,
        IncidentEvent.CHANNEL_WANTED,
        IncidentEvent.FOLLOW_UP_DUE,
        IncidentEvent.REVIEW_OVERDUE,
    }
)
EVENTS: Final = frozenset(map(str, IncidentEvent)) - _UNTOLD
# After which severities may differ; as it was opened, too: we may have stopped between making the ticket and this.
_WEIGHED: Final = frozenset({IncidentEvent.OPENED, IncidentEvent.SEVERITY_CHANGED, TicketTask.TOUCHED})
_STANDS: Final[Mapping[str, TicketState]] = {
    IncidentState.ACKNOWLEDGED: TicketState.IMPLEMENTING,
    IncidentState.RESOLVED: TicketState.IMPLEMENTED,
    IncidentState.CLOSED: TicketState.CLOSED,
}
_LEVELS: Final = {"critical": ("high", "high"), "high": ("high", "medium"), "medium": ("medium", "medium")}
_LOW: Final = ("low", "low")  # impact and urgency, from which systems work priorities out


@dataclass(frozen=True, slots=True)
class IncidentSync:
    """The subscriber of one ticket system for one tenant's incidents."""

    slug: str
    tenant: TenantId
    system: TicketSystem
    database: Database
    severities: Severities | None = None  # None: how bad it is is told when its ticket is made, and then in words

    async def deliver_many(self, events: Sequence[Event]) -> None:
        """The incident's ticket exists if it is bad enough for one, stands where it is, and tells what happened."""
        events = [each for each in events if each.type not in OF_TICKETS or each.data.get("system") == self.slug]
        if not events:
            return
        async with self.database.tenant(self.tenant) as tx:
            incident = await load_incident(tx, events[0].subject_id)
        known = next((link for link in incident.tickets if link.system == self.slug), None)
        if known is None and not incident.wants_tickets:
            return
        with as_delivery_failures():
            ticket = ticket_of(known) if known else await self._made(incident)
            if self.severities is not None and (known is None or any(each.type in _WEIGHED for each in events)):
                # Before we touch the ticket ourselves: until then it says whose hand was the last.
                await self.severities.settle(self._link(incident, ticket), is_fresh=known is None)
            happened = [each for each in events if each.type not in OF_TICKETS]
            told = [each for each in happened if each.data.get(SYSTEM) != self.slug]
            if told:
                await self._tell(ticket, incident, told)

    async def preview(self, event: Event) -> Mapping[str, Any]:
        """What would be sent for this event alone, now; nothing is."""
        async with self.database.tenant(self.tenant) as tx:
            incident = await load_incident(tx, event.subject_id)
        draft = incident_draft(incident, address=self.database.address)
        return payload_of(
            draft, note_of((event,), incident.reference), _walk(incident, (event,), key=event.delivery_key(self.slug))
        )

    async def _made(self, incident: IncidentView) -> Ticket:
        """The incident's ticket, found by its key or made."""
        ticket = await self.system.create(incident_draft(incident, address=self.database.address))
        await self._record(incident, ticket)
        return ticket

    async def _tell(self, ticket: Ticket, incident: IncidentView, told: Sequence[Event]) -> None:
        new = telling(told, slug=self.slug)
        note = note_of(new.events, incident.reference)
        walk = _walk(incident, told, key=new.key)
        try:
            if walk is not None:
                await self._move(ticket, incident, replace(walk, note=note))
            else:
                await self.system.comment(ticket, note, key=new.key)
        except Refused:
            await keep_told(self.system, self.database, ticket, note, told=new, slug=self.slug)
            raise
        draft = incident_draft(incident, address=self.database.address)
        payload = payload_of(draft, note_of(told, incident.reference), walk)
        await record_sent(self.database, told[0], subscriber=self.slug, payload=payload)

    async def _move(self, ticket: Ticket, incident: IncidentView, walk: TicketPatch) -> None:
        """The ticket is where the walk leads, or as near as its workflow has a place; looks know that it was us."""
        link = self._link(incident, ticket)
        await begin_move(self.database, self.tenant, link)
        try:
            moved = await self.system.update(ticket, walk)
        except Refused:
            await break_off_move(self.database, self.tenant, link)
            raise
        # One that is further than we asked was moved by somebody there: the next look tells of it.
        is_ours = moved.state is walk.target or stand(moved.state, walk.target) is Stand.BEHIND
        state = (moved.label or moved.state) if is_ours else None
        await end_move(self.database, self.tenant, self._link(incident, moved), state=state)

    async def _record(self, incident: IncidentView, ticket: Ticket) -> None:
        link = self._link(incident, ticket)
        await record_ticket(self.database, self.tenant, link.subject, link)

    def _link(self, incident: IncidentView, ticket: Ticket) -> TicketLink:
        return TicketLink(
            subject_id=incident.id,
            system=self.slug,
            kind=ticket.kind,
            external_id=ticket.external_id,
            number=ticket.number,
            url=ticket.url,
            state=ticket.label or ticket.state,
            subject_type=INCIDENT,
        )


def incident_draft(incident: IncidentView, *, address: str) -> TicketDraft:
    """The ticket of an incident; `address` is this installation's own."""
    impact, urgency = _LEVELS.get(incident.severity, _LOW)
    began = f"Began {incident.started_at:%Y-%m-%d %H:%M} UTC, reported {incident.reported_at:%Y-%m-%d %H:%M} UTC."
    affected = f"Affects {incident.affected}." if incident.affected else ""
    return TicketDraft(
        key=str(incident.id),
        kind=TicketKind.INCIDENT,
        summary=f"{incident.reference}: {incident.title}",
        description="\n\n".join(filter(None, (incident.description, affected, began))),
        requester_email=incident.reporter.email if incident.reporter else "",
        fields={
            "impact": impact,
            "urgency": urgency,
            "severity": incident.severity,
            "business_service": incident.business_service,
        },
        facts=incident_facts(incident, address=address),
    )


def note_of(events: Sequence[Event], reference: str) -> str:
    """What happened for people who read the ticket and not our chat, a paragraph each."""
    return "\n\n".join(_line(each, reference) for each in events)


def _line(event: Event, reference: str) -> str:
    what = event.type.partition(".")[2].replace("_", " ")
    by = f" · {event.data['by']}" if event.data.get("by") else ""
    return f"{reference}: {what}{by}\n{event.data.get('text', '')}".strip()


def _walk(incident: IncidentView, told: Sequence[Event], *, key: str) -> TicketPatch | None:
    """Where the ticket belongs, with what is written beside it; None while nobody looks after the incident.

    One that was opened again goes back to where it is worked on.
    """
    if not told:
        return None
    is_reopened = any(each.type == IncidentEvent.REOPENED for each in told)
    target = _STANDS.get(incident.state, TicketState.IMPLEMENTING if is_reopened else None)
    if target is None:
        return None
    return TicketPatch(
        key=key,
        target=target,
        note=note_of(told, incident.reference),
        by=incident.resolved_by.name if incident.resolved_by else "",
        close_code=CloseCode.SUCCESSFUL,
        close_notes=incident.resolution,
        reopens=is_reopened or incident.reopened > 0,
    )
