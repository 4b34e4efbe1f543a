"""All SQL of named tickets. Whoever writes one holds its request's lock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.named_tickets.facts import TicketFacts
from core.named_tickets.model import named_tickets
from core.named_tickets.ticket import NamedTicket, Standing


async def tickets_needed(tx: Transaction, requests: Collection[UUID]) -> Mapping[UUID, NamedTicket]:
    """The ticket of each of these requests that needs one."""
    columns = named_tickets.c
    rows = await tx.connection.execute(
        select(named_tickets).where(columns.tenant_id == tx.tenant, columns.request_id.in_(tuple(requests)))
    )
    return {row.request_id: _ticket(row) for row in rows}


async def ticket_needed(tx: Transaction, request: UUID) -> NamedTicket | None:
    """The request's ticket; None if it needs none."""
    return (await tickets_needed(tx, [request])).get(request)


async def keep_ticket(tx: Transaction, ticket: NamedTicket) -> None:
    """The request's ticket is this one."""
    values = {
        "system": ticket.system,
        "number": ticket.number,
        "standing": ticket.standing,
        "reasons": list(ticket.reasons),
        "facts": ticket.facts.to_json() if ticket.facts else None,
        "holds_from": ticket.holds_from,
        "holds_until": ticket.holds_until,
        "checked_at": ticket.checked_at,
        "accepted_at": ticket.accepted_at,
        "stood_until": ticket.stood_until,
        "at_most_until": ticket.at_most_until,
    }
    await tx.connection.execute(
        insert(named_tickets)
        .values(tenant_id=tx.tenant, request_id=ticket.request_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "request_id"], set_=values)
    )


async def drop_ticket(tx: Transaction, request: UUID) -> None:
    """The request needs none any more."""
    columns = named_tickets.c
    await tx.connection.execute(
        delete(named_tickets).where(columns.tenant_id == tx.tenant, columns.request_id == request)
    )


async def requests_naming(tx: Transaction, system: str, numbers: Collection[str]) -> tuple[UUID, ...]:
    """Every request that names one of these tickets, in the order in which all lock them."""
    columns = named_tickets.c
    wanted = [number.casefold() for number in numbers if number]
    rows = await tx.connection.execute(
        select(columns.request_id)
        .where(columns.tenant_id == tx.tenant, columns.system == system, func.lower(columns.number).in_(wanted))
        .order_by(columns.request_id)
    )
    return tuple(rows.scalars())


def _ticket(row: Row[Any]) -> NamedTicket:
    return NamedTicket(
        request_id=row.request_id,
        system=row.system,
        number=row.number,
        standing=Standing(row.standing),
        reasons=tuple(row.reasons),
        facts=TicketFacts.from_json(row.facts) if row.facts else None,
        holds_from=row.holds_from,
        holds_until=row.holds_until,
        checked_at=row.checked_at,
        accepted_at=row.accepted_at,
        stood_until=row.stood_until,
        at_most_until=row.at_most_until,
    )
