"""What doors and connectors need to do what a rule wants done elsewhere: what it is, and that it was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from core.automation import store
from core.automation.standing import stands_for
from core.automation.values import BEFORE, ActionKind
from core.db import Database, Transaction
from core.links import TicketLink, keep_origin, take_ticket, ticket_place, tickets_of
from core.outbox import Event


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing to be done. `ticket` is where, for what is done to a ticket that exists; None if there is none."""

    id: UUID
    rule: str
    kind: ActionKind
    values: Mapping[str, str]
    fields: Mapping[str, str]
    data: Mapping[str, str]
    because_of: str  # the type of the event
    event_id: UUID
    subject: str
    is_done: bool
    ticket: TicketLink | None = None
    before: Mapping[str, str] = field(default_factory=dict)  # what stood in its fields before the first attempt


async def load_effect(database: Database, event: Event, *, system: str = "") -> Effect | None:
    """What the event asks for; None if it is not kept any more."""
    async with database.tenant(event.tenant) as tx:
        row = await store.effect(tx, event.subject_id)
        if row is None:
            return None
        return Effect(
            id=row.id,
            rule=row.rule,
            kind=row.filled.kind,
            values=row.filled.values,
            fields=row.filled.group("fields"),
            data=row.filled.group("data"),
            before=row.filled.group(BEFORE),
            because_of=row.event_type,
            event_id=row.event_id,
            subject=row.subject,
            is_done=row.done_at is not None,
            ticket=await _ticket(tx, row.subject, system) if system else None,
        )


async def start_ticket(
    database: Database, event: Event, effect: Effect, *, before: Mapping[str, str] | None = None
) -> None:
    """Whatever we are about to write there is known to come from these rules, whoever hears of it first.

    `before` is what stands in its fields until then, kept at the first attempt.
    """
    async with database.tenant(event.tenant) as tx:
        if effect.kind is ActionKind.CREATE_TICKET:
            await keep_origin(tx, own_subject(effect), event.origin)
        elif effect.ticket is not None:
            await keep_origin(tx, ticket_place(effect.ticket.system, effect.ticket.external_id), event.origin)
        if before:
            await store.keep_before(tx, effect.id, before)


async def settle_ticket(
    database: Database, event: Event, effect: Effect, link: TicketLink | None, outcome: str
) -> None:
    """It is done, and the ticket is known as it stands now; one that a rule has made stands for itself."""
    async with database.tenant(event.tenant, origin=event.origin) as tx:
        if link is not None:
            await take_ticket(tx, link.subject, link, state=link.state)
        await store.finish_effect(tx, effect.id, outcome)


async def finish_effect(database: Database, event: Event, outcome: str) -> None:
    """It is done."""
    async with database.tenant(event.tenant) as tx:
        await store.finish_effect(tx, event.subject_id, outcome)


def own_subject(effect: Effect) -> str:
    """What a ticket that this effect makes stands for."""
    return f"ticket:{effect.id}"


async def note_effect(database: Database, event: Event, words: str) -> None:
    """This is said of it, unless something was said of it already: by one of several that try to do it."""
    async with database.tenant(event.tenant) as tx:
        await store.note_effect(tx, event.subject_id, words)


async def _ticket(tx: Transaction, subject: str, system: str) -> TicketLink | None:
    identity = UUID((await stands_for(tx, subject)).partition(":")[2])
    links = (await tickets_of(tx, [identity])).get(identity, ())
    return next((link for link in links if link.system == system), None)
