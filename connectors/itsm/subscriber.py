"""Keeps one ticket per request and per bypass in step (N1): it knows the protocol, never a name.

A ticket is found or created by the subject's own id, so an event delivered twice, or a create that committed and then
timed out, never makes a second one. Events of a subject come in order, so the ticket walks as the request did; those
that wait together are written together, as one note and one walk: people mute tickets that write to them all the time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from connectors.itsm.approvals import NO_APPROVALS, ApprovalAbilities
from connectors.itsm.attaching import Attachments
from connectors.itsm.base import Refused, Ticket, TicketDraft, TicketKind, TicketPatch, TicketState, TicketSystem
from connectors.itsm.drafting import bypass_draft, request_draft, ticket_of
from connectors.itsm.happenings import NOTED, OF_TICKETS, SEATING, note_of, walk_of
from connectors.itsm.outcomes import as_delivery_failures
from connectors.itsm.payloads import payload_of
from connectors.itsm.settling import FieldSync
from connectors.itsm.showing import Approvals
from connectors.itsm.standing import AFTER_APPROVAL, ENDED, Stand, stand, target_of
from connectors.itsm.tasking import Tasks
from connectors.itsm.telling import Telling, keep_told, telling
from connectors.itsm.timing import PlannedTimes
from core.approvals import RequestView, load_request
from core.changes import ChangeCatalogue, goes_on
from core.db import Database
from core.emergency import load_bypass
from core.ids import TenantId
from core.links import TicketLink, record_ticket, tickets_of
from core.named_tickets import NamedTicket
from core.outbox import Event, record_sent
from core.receipts import Issuer
from core.tickets import Finding, TicketTask, is_as_placed, placed, stands_instead

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TicketSync:
    """The subscriber of one ticket system for one tenant."""

    slug: str
    tenant: TenantId
    system: TicketSystem
    database: Database
    fields: FieldSync | None = None
    approvals: ApprovalAbilities = NO_APPROVALS
    issuer: Issuer | None = None  # None: nothing is attached there
    times: PlannedTimes | None = None  # None: planned dates are left alone
    tasks: ChangeCatalogue | None = None  # what changes are held to, where child records show their steps

    async def deliver(self, event: Event) -> None:
        """The subject's ticket exists and stands where the event puts it, with the event written beside it once."""
        await self.deliver_many((event,))

    async def deliver_many(self, events: Sequence[Event]) -> None:
        """The same for events of one subject in their order; together again if they are repeated."""
        mine = [each for each in events if self._concerns(each)]
        if events[0].tenant != self.tenant or not mine:
            return
        with as_delivery_failures():
            await self._deliver(mine)

    async def preview(self, event: Event) -> Mapping[str, Any]:
        """What would be sent for this event alone, now; nothing is."""
        about = await self._about(event)
        note = note_of((event,), about.reference)
        walk = about.walk((event,), telling((event,), slug=self.slug))
        return payload_of(about.draft, note, walk)

    def _concerns(self, event: Event) -> bool:
        if event.type in OF_TICKETS:
            return event.data.get("system") == self.slug
        return event.type not in SEATING or self._shown.are_shown

    @property
    def _shown(self) -> Approvals:
        return Approvals(self.slug, self.tenant, self.system, self.database, self.approvals)

    async def _deliver(self, events: Sequence[Event]) -> None:
        event = events[0]
        about = await self._about(event)
        if about.named is not None and about.known is None:
            if about.named.is_awaited:
                return  # nobody is asked yet, so there is nothing to keep in step
            if about.named.system == self.slug:  # it stands for the request here: a second one would only confuse
                await self._note(events, about.named, about.reference)
                return
        repairs = [each for each in events if each.type == TicketTask.REPAIR]
        ticket = await self._ticket(events, about, repairs)
        happened = [each for each in events if each.type not in OF_TICKETS]
        try:
            if happened:
                await self._tell(ticket, about, happened)
            if repairs:
                await self._repair(ticket, about, repairs)
        except Refused:
            if said := [each for each in happened if each.type not in SEATING]:
                told = telling(said, slug=self.slug)
                note = note_of(told.events, about.reference)
                await keep_told(self.system, self.database, ticket, note, told=told, slug=self.slug)
            raise

    async def _about(self, event: Event) -> _About:
        async with self.database.tenant(event.tenant) as tx:
            links = (await tickets_of(tx, [event.subject_id])).get(event.subject_id, ())
            known = next((link for link in links if link.system == self.slug), None)
            if event.subject.startswith("request:"):
                request = await load_request(tx, event.subject_id)
                draft = request_draft(request, address=self.database.address)
                is_alive = await goes_on(tx, request.id)
                return _About(known, draft, request.reference, target_of(request), request, goes_on=is_alive)
            bypass = await load_bypass(tx, event.subject_id)
            draft = bypass_draft(bypass, address=self.database.address)
            return _About(known, draft, bypass.reference, target_of(bypass))

    async def _ticket(self, events: Sequence[Event], about: _About, repairs: Sequence[Event]) -> Ticket:
        """The subject's ticket, found or made, with its mapped fields and planned dates in step."""
        event, known = events[0], about.known
        is_fresh = known is None or _is_gone(known, repairs)
        # Creating looks by key first: the oldest of several counts, and the others are cancelled.
        must_look = is_fresh or any(each.data.get("what") == Finding.DOUBLE for each in repairs)
        wanted = replace(about.draft, gone=known.number) if known is not None and is_fresh else about.draft
        ticket = await self.system.create(wanted) if known is None or must_look else ticket_of(known)
        link = self._link(event, ticket)
        is_another = known is not None and not is_fresh and known.external_id != link.external_id
        if is_another:
            await stands_instead(self.database, event.tenant, link)
        elif must_look:
            await record_ticket(self.database, event.tenant, event.subject, link)
        # Both before we touch the ticket ourselves: it says whose hand was the last until then, which a date asks for.
        if self.times is not None and about.is_change:
            await self.times.settle(link, is_fresh=is_fresh)
        if self.fields is not None and is_another:
            await self.fields.settle_survivor(link)
        elif self.fields is not None:
            await self.fields.settle(link, is_fresh=is_fresh)
        return ticket

    async def _tell(self, ticket: Ticket, about: _About, happened: Sequence[Event]) -> None:
        """What happened is written beside the ticket, which stands where it puts it and shows who is asked."""
        told = [each for each in happened if each.type not in SEATING]
        new = telling(told, slug=self.slug) if told else None
        walk = about.walk(told, new) if new is not None else None
        request = about.request if self._shown.are_shown else None
        comes_to_ask = walk is not None and walk.target is TicketState.IN_APPROVAL
        if about.request is not None and self.issuer is not None:
            files = Attachments(self.slug, self.tenant, self.system, self.database, self.issuer)
            await files.attach(ticket, about.request, told)
        if told:
            await self._show_tasks(ticket, about)
        # Who decided is marked before the ticket moves on, and people are asked once it has come to where one is.
        if request is not None and not comes_to_ask:
            await self._shown.show(ticket, request, happened)
        if walk is not None:
            await self._moved(told[0], await self.system.update(ticket, walk), walk.target)
        elif new is not None:
            await self.system.comment(ticket, note_of(new.events, about.reference), key=new.key)
        if told:
            payload = payload_of(about.draft, note_of(told, about.reference), walk)
            await record_sent(self.database, told[0], subscriber=self.slug, payload=payload)
        if request is not None and comes_to_ask:
            await self._shown.show(ticket, request, happened)

    async def _show_tasks(
        self, ticket: Ticket, about: _About, *, gone: Collection[str] = (), moved: Collection[str] = ()
    ) -> None:
        """Before the ticket moves on: many systems let nobody touch the tasks of what is closed."""
        if about.request is not None and self.tasks is not None:
            tasks = Tasks(self.slug, self.tenant, self.system, self.database, self.tasks)
            await tasks.show(ticket, about.request, gone=gone, moved=moved)

    async def _note(self, events: Sequence[Event], named: NamedTicket, reference: str) -> None:
        """What was opened and decided is written on the ticket that was named; its states are its owners' affair."""
        told = [each for each in events if each.type in NOTED]
        if named.facts is None or not told:
            return
        ticket = Ticket(
            external_id=named.facts.external_id,
            number=named.number,
            url=named.url,
            state=named.facts.state,
            label=named.facts.label,
            kind=named.facts.kind or TicketKind.CHANGE,
        )
        new = telling(told, slug=self.slug)
        await self.system.comment(ticket, note_of(new.events, reference), key=new.key)

    async def _repair(self, ticket: Ticket, about: _About, repairs: Sequence[Event]) -> None:
        """The ticket stands where it should, and says why it was touched."""
        event, whats = repairs[0], {str(each.data.get("what")) for each in repairs}
        if whats & {Finding.TASK_MISSING, Finding.TASK_STATE}:
            gone, moved = _steps(repairs, Finding.TASK_MISSING), _steps(repairs, Finding.TASK_STATE)
            await self._show_tasks(ticket, about, gone=gone, moved=moved)
        if not whats & {Finding.MISSING, Finding.STATE} and not await self._is_behind(ticket, about, repairs):
            return
        was = next((str(each.data.get("number")) for each in repairs if each.data.get("what") == Finding.MISSING), "")
        if was:
            await self._show_tasks(ticket, about)
        why = f"made again: {was} is gone" if was else "brought to where it should stand"
        patch = TicketPatch(key=event.delivery_key(self.slug), target=about.target, note=f"{about.reference}: {why}")
        await self._moved(event, await self.system.update(ticket, patch), about.target)

    async def _is_behind(self, ticket: Ticket, about: _About, repairs: Sequence[Event]) -> bool:
        """Whether the one that counts of several has not come as far as it should: the moves may all be the other's."""
        if all(each.data.get("what") != Finding.DOUBLE for each in repairs):
            return False  # nobody has looked how it stands
        if about.goes_on or stand(ticket.state, about.target) is not Stand.BEHIND:
            return False
        link = self._link(repairs[0], ticket)
        async with self.database.tenant(self.tenant) as tx:
            return not await is_as_placed(tx, link, target=about.target, label=link.state)

    async def _moved(self, event: Event, ticket: Ticket, target: TicketState) -> None:
        link = self._link(event, ticket)
        await record_ticket(self.database, event.tenant, event.subject, link)
        await placed(self.database, event.tenant, link, target=target, label=link.state)

    def _link(self, event: Event, ticket: Ticket) -> TicketLink:
        return TicketLink(
            subject_id=event.subject_id,
            system=self.slug,
            kind=ticket.kind,
            external_id=ticket.external_id,
            number=ticket.number,
            url=ticket.url,
            state=ticket.label or ticket.state,
        )


@dataclass(frozen=True, slots=True)
class _About:
    """What an event is about. `request` is None for a bypass, which nobody is asked about."""

    known: TicketLink | None
    draft: TicketDraft
    reference: str
    target: TicketState  # where the ticket should stand at least
    request: RequestView | None = None
    goes_on: bool = False  # the request's change is done under a bypass, though its approval is over

    def walk(self, events: Sequence[Event], note: Telling) -> TicketPatch | None:
        """Where the events put the ticket, with this note. What nobody approved is never walked on as if somebody had.

        Under a bypass it stays where it is while the change goes on, and what happens is noted; then it has its end.
        """
        found = walk_of(events, self.reference, note)
        if found is None or self.target not in ENDED:
            return found
        if self.goes_on:
            return None
        return replace(found, target=self.target) if found.target in AFTER_APPROVAL else found

    @property
    def is_change(self) -> bool:
        """Whether it asks about a change of the registry."""
        return self.request is not None and self.request.resource.get("type") == "change"

    @property
    def named(self) -> NamedTicket | None:
        """The ticket that its requester named for it."""
        return self.request.ticket if self.request is not None else None


def _steps(repairs: Sequence[Event], what: Finding) -> frozenset[str]:
    """The steps of the tasks of which a walk has found this."""
    return frozenset(str(each.data.get("field")) for each in repairs if each.data.get("what") == what)


def _is_gone(link: TicketLink, repairs: Sequence[Event]) -> bool:
    """Whether a walk has found that this very ticket is not there any more."""
    return any(
        each.data.get("what") == Finding.MISSING and each.data.get("external_id") == link.external_id
        for each in repairs
    )
