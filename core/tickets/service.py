"""Use cases of a ticket system's inbox.

A look is claimed before the system is asked and settled after it, each in a transaction of its own: nothing is held
while somebody else's server answers. What a look brought and the cursor behind it are stored together, so each thing
that happened there is taken over once, whichever process dies when.

Where we move a ticket ourselves meanwhile, a look cannot tell whose doing it has read. So it takes over nothing of
where that ticket stands, and the next look reads it again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import case, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core import incidents
from core.approvals import hear_of_ticket
from core.db import Database, Transaction
from core.ids import TenantId
from core.links import (
    INCIDENT,
    OWN,
    OwnMove,
    TicketEvent,
    TicketLink,
    look_again_at,
    origin_of,
    own_moves,
    settle_move,
    take_ticket,
    tell_of_ticket,
    ticket_place,
    tickets_known_as,
    tickets_to_look_at,
)
from core.origin import Origin
from core.outbox import emit
from core.redaction import without_secrets
from core.ticket_accounts import finish_ticket_link
from core.tickets.approving import weigh
from core.tickets.events import TicketTask
from core.tickets.model import ticket_inboxes
from core.tickets.placing import STATE
from core.tickets.store import agreed
from core.tickets.tasks import hear_of_tasks
from core.tickets.values import InboxView, Look, Told, ToldTasks

EVERY: Final = timedelta(seconds=20)  # between looks that nobody hurries; webhooks do
SOON: Final = timedelta(seconds=5)  # until a ticket is read again that we were moving
LEASE: Final = timedelta(minutes=2)  # longer than any look takes
BACK_OFF_MAX: Final = timedelta(minutes=10)
PROBLEM_MAX: Final = 300  # characters
HURRIED: Final = "countersign_inbox"  # the channel on which pollers are woken
NOTE_MAX: Final = 4000  # characters of a note that are told


async def claim_look(database: Database, tenant: TenantId, system: str) -> Look | None:
    """The right to look, if it is time and nobody else is at it."""
    columns = ticket_inboxes.c
    async with database.tenant(tenant) as tx:
        await tx.connection.execute(
            insert(ticket_inboxes).values(tenant_id=tenant, system=system, next_look_at=tx.now).on_conflict_do_nothing()
        )
        row = (
            await tx.connection.execute(
                update(ticket_inboxes)
                .where(columns.tenant_id == tenant, columns.system == system, columns.next_look_at <= tx.now)
                .values(next_look_at=tx.now + LEASE)
                .returning(columns.cursor)
            )
        ).first()
        return None if row is None else Look(row.cursor, tx.now, await tickets_to_look_at(tx, system))


async def take_over(
    database: Database,
    tenant: TenantId,
    system: str,
    *,
    look: Look,
    cursor: str,
    told: Sequence[Told],
    tasks: ToldTasks | None = None,
    maps_fields: bool = False,
) -> None:
    """Our subjects know what the look brought, and the next one begins behind it.

    A look that was overtaken by another changes nothing. `maps_fields`: fields of touched tickets are looked at then.
    `tasks` are child records of our tickets.
    """
    async with database.tenant(tenant) as tx:
        if not await _is_at(tx, system, look):
            return
        ours = await tickets_known_as(tx, system, {each.external_id for each in told})
        known = [(ours[each.external_id], each) for each in told if each.external_id in ours]
        moves = await own_moves(tx, system, {link.subject_id for link, _told in known if link.subject_type == INCIDENT})
        unsure = {link.subject_id for link, each in known if _may_be_ours(moves, link, each, began_at=look.began_at)}
        await look_again_at(tx, system, {each.subject_id for each in look.again} - unsure, is_due=False)
        await look_again_at(tx, system, unsure, is_due=True)
        plain = await _linked(tx, system, [(link, _still(link, each, unsure)) for link, each in known])
        if tasks is not None:  # before the requests: whoever holds both a change and its request takes the change first
            await hear_of_tasks(tx, tasks.catalogue, system, tasks.tasks)
        for link, each in sorted(plain, key=lambda pair: pair[0].subject_id):  # everybody locks in one order
            await _hear(tx, link, each, moves.get(link.subject_id))
            if link.subject_type != OWN:
                await _touch(tx, link, each, maps_fields=maps_fields and link.subject_type != INCIDENT)
        columns = ticket_inboxes.c
        await tx.connection.execute(
            update(ticket_inboxes)
            .where(columns.tenant_id == tenant, columns.system == system)
            .values(
                cursor=cursor,
                looked_at=tx.now,
                # Somebody who was told of something during the look waits for the next one, which is due already.
                next_look_at=case(
                    (columns.next_look_at <= tx.now, columns.next_look_at), else_=tx.now + (SOON if unsure else EVERY)
                ),
                failures=0,
                problem="",
            )
        )


async def note_failed(database: Database, tenant: TenantId, system: str, problem: str) -> None:
    """The look brought nothing; the next one is later the more of them failed in a row."""
    columns, said = ticket_inboxes.c, without_secrets("", problem)[:PROBLEM_MAX]
    async with database.tenant(tenant) as tx:
        mine = (columns.tenant_id == tenant) & (columns.system == system)
        failures = (await tx.connection.execute(select(columns.failures).where(mine).with_for_update())).scalar_one()
        wait = min(EVERY * 2 ** min(failures, 10), BACK_OFF_MAX)
        await tx.connection.execute(
            update(ticket_inboxes).where(mine).values(failures=failures + 1, problem=said, next_look_at=tx.now + wait)
        )


async def hurry(database: Database, tenant: TenantId, system: str) -> None:
    """Something happened there: the next look is now. One that is under way is followed by another."""
    columns = ticket_inboxes.c
    async with database.tenant(tenant) as tx:
        await tx.connection.execute(
            update(ticket_inboxes)
            .where(columns.tenant_id == tenant, columns.system == system)
            .values(next_look_at=tx.now)
        )
        await tx.connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": HURRIED})


async def list_inboxes(tx: Transaction) -> tuple[InboxView, ...]:
    """Every system of the tenant that was ever looked at."""
    i = ticket_inboxes.c
    rows = await tx.connection.execute(
        select(i.system, i.looked_at, i.next_look_at, i.failures, i.problem)
        .where(i.tenant_id == tx.tenant)
        .order_by(i.system)
    )
    return tuple(InboxView(*row) for row in rows)


async def _is_at(tx: Transaction, system: str, look: Look) -> bool:
    columns = ticket_inboxes.c
    at = columns.cursor.is_(None) if look.cursor is None else columns.cursor == look.cursor
    found = await tx.connection.execute(
        select(columns.system).where(columns.tenant_id == tx.tenant, columns.system == system, at).with_for_update()
    )
    return found.first() is not None


async def _touch(tx: Transaction, link: TicketLink, told: Told, *, maps_fields: bool) -> None:
    """The ticket's fields are looked at, where any are kept in step.

    Not for an echo of the very write after which we have read them.
    """
    known = [each for name, each in (await agreed(tx, link.subject_id, link.system)).items() if name != STATE]
    if not maps_fields and not known:
        return
    if told.is_ours and known and all(each.there_version >= told.version for each in known):
        return
    await emit(tx, subject=link.subject, type=TicketTask.TOUCHED, data={"system": link.system})


async def _linked(
    tx: Transaction, system: str, told: Sequence[tuple[TicketLink, Told]]
) -> list[tuple[TicketLink, Told]]:
    """The same without the notes by which people linked their accounts: a used code is nobody's news."""
    notes = [note for _link, each in told for note in each.notes]
    notes.sort(key=lambda note: (note.at is None, note.at))
    used = await finish_ticket_link(tx, system, [(note.account, note.author, note.text) for note in notes])
    spent = {id(notes[index]) for index in used}
    return [
        (link, replace(each, notes=tuple(note for note in each.notes if id(note) not in spent))) for link, each in told
    ]


def _may_be_ours(moves: Mapping[UUID, OwnMove], link: TicketLink, told: Told, *, began_at: datetime) -> bool:
    """Whether the ticket stands otherwise than we knew, and we were moving it when it was read, or since."""
    move = moves.get(link.subject_id)
    return move is not None and told.state != link.state and move.until >= began_at


def _still(link: TicketLink, told: Told, unsure: Collection[UUID]) -> Told:
    """The same standing where we left it, if nobody can tell yet who moved it."""
    return replace(told, state=link.state) if link.subject_id in unsure else told


async def _hear(tx: Transaction, link: TicketLink, told: Told, move: OwnMove | None) -> None:
    if link.subject.startswith("request:"):  # what is written with an approval is told with the vote, or why it is none
        told = replace(told, notes=tuple(note for note in told.notes if not note.is_of_approval))
    # What our account wrote comes from the rules that made it write, however it is that we hear of it.
    origin = await origin_of(tx, ticket_place(link.system, link.external_id)) if told.is_ours else tx.origin
    has_moved = await take_ticket(
        replace(tx, origin=origin), link.subject, link, state=told.state, is_ours=told.is_ours
    )
    await _tell(tx, replace(link, state=told.state), told, closed_from=origin if has_moved and told.is_over else None)
    if link.subject_type == INCIDENT:
        # Whose hand was the last says nothing of who moved it: we may have written a note since. Where we have moved it
        # ourselves is known before we hear of it here, unless that broke off on the way.
        is_somebody = has_moved
        if has_moved and move is not None and not move.has_arrived:
            is_somebody = not told.is_ours
            await settle_move(tx, link)
        notes = [(note.author, note.text) for note in told.notes]
        by = "" if told.is_ours else told.by
        await incidents.hear_of_ticket(tx, link, notes=notes, phase=told.phase if is_somebody else None, by=by)
    if link.subject.startswith("request:"):
        for approval in sorted(told.approvals, key=lambda each: (each.at, each.id)):
            await weigh(tx, link, approval)  # before the closing that may follow from it there
        await hear_of_ticket(
            tx,
            link.subject_id,
            system=link.system_title,
            number=link.number,
            notes=[(note.author, note.text) for note in told.notes],
            # As for incidents: the last hand may be that of a note of ours, which hides who has closed it.
            closed_by=("" if told.is_ours else told.by) if has_moved and told.is_over else None,
            state=told.state,
        )


async def _tell(tx: Transaction, link: TicketLink, told: Told, *, closed_from: Origin | None) -> None:
    """Whoever listens to tickets hears what people wrote, and that it is over there."""
    for note in told.notes:
        words = note.text.strip()[:NOTE_MAX]
        await tell_of_ticket(tx, TicketEvent.COMMENTED, link.subject, link, is_ours=False, by=note.author, text=words)
    if closed_from is not None:
        await tell_of_ticket(
            replace(tx, origin=closed_from), TicketEvent.CLOSED, link.subject, link, is_ours=told.is_ours, by=told.by
        )
