"""When we move a ticket ourselves, so that our own moves are not heard as somebody's there.

A move takes several calls, and looks at the system go on meanwhile. Only a look that began after our last move was
over tells of somebody else's; one that overlaps it is made again for that ticket.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from core.db import Database, Transaction
from core.ids import TenantId
from core.links.model import tickets
from core.links.recording import take_ticket
from core.links.tickets import LINK_COLUMNS, TicketLink

MOVE_MAX: Final = timedelta(minutes=2)  # longer than any move takes; one that broke off is over then
AGAIN_MAX: Final = 50  # tickets that one look asks for one by one


@dataclass(frozen=True, slots=True)
class OwnMove:
    """Our last move of a ticket. It is over at `until`; if it never `arrived`, nobody knows how far it came."""

    until: datetime
    has_arrived: bool


async def begin_move(database: Database, tenant: TenantId, link: TicketLink) -> None:
    """Until it has arrived, what is read of the ticket may be our own doing."""
    async with database.tenant(tenant) as tx:
        await _keep(tx, link, until=tx.now + MOVE_MAX, has_arrived=False)


async def end_move(database: Database, tenant: TenantId, link: TicketLink, *, state: str | None) -> None:
    """Our move is over and left the ticket in `state`, which is no news; None: somebody there was further already."""
    async with database.tenant(tenant) as tx:
        if state is not None:
            await take_ticket(tx, link.subject, link, state=state)
        await _keep(tx, link, until=tx.now, has_arrived=True)


async def break_off_move(database: Database, tenant: TenantId, link: TicketLink) -> None:
    """Our move is over and did not get where it should: it may have gone a part of the way."""
    async with database.tenant(tenant) as tx:
        await _keep(tx, link, until=tx.now, has_arrived=False)


async def own_moves(tx: Transaction, system: str, subjects: Collection[UUID]) -> Mapping[UUID, OwnMove]:
    """Our last move of each of these subjects' tickets in that system, where there is one."""
    t = tickets.c
    rows = await tx.connection.execute(
        select(t.subject_id, t.moving_until, t.has_arrived).where(
            t.tenant_id == tx.tenant, t.system == system, t.subject_id.in_(subjects), t.moving_until.is_not(None)
        )
    )
    return {row.subject_id: OwnMove(row.moving_until, row.has_arrived) for row in rows}


async def settle_move(tx: Transaction, link: TicketLink) -> None:
    """Where a move that broke off has left the ticket is known now."""
    await _set(tx, link.system, [link.subject_id], has_arrived=True)


async def look_again_at(tx: Transaction, system: str, subjects: Collection[UUID], *, is_due: bool) -> None:
    """The next look reads these subjects' tickets, touched or not; or that has been done."""
    if subjects:
        await _set(tx, system, subjects, is_look_due=is_due)


async def tickets_to_look_at(tx: Transaction, system: str) -> tuple[TicketLink, ...]:
    """The tickets in that system that the next look reads, touched or not."""
    t = tickets.c
    rows = await tx.connection.execute(
        select(*LINK_COLUMNS)
        .where(t.tenant_id == tx.tenant, t.system == system, t.is_look_due)
        .order_by(t.subject_id)
        .limit(AGAIN_MAX)
    )
    return tuple(TicketLink(*row) for row in rows)


async def _keep(tx: Transaction, link: TicketLink, *, until: datetime, has_arrived: bool) -> None:
    await _set(tx, link.system, [link.subject_id], moving_until=until, has_arrived=has_arrived)


async def _set(tx: Transaction, system: str, subjects: Collection[UUID], **values: datetime | bool) -> None:
    t = tickets.c
    await tx.connection.execute(
        update(tickets).where(t.tenant_id == tx.tenant, t.system == system, t.subject_id.in_(subjects)).values(**values)
    )
