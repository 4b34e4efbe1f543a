"""Writing an event inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, or_, select

from core.db import Transaction
from core.ids import EventId, TenantId, uuid7
from core.outbox.events import Event
from core.outbox.model import outbox_events


async def emit(tx: Transaction, *, subject: str, type: str, data: Mapping[str, Any]) -> EventId:  # noqa: A002
    """The event will be delivered if and only if the transaction commits.

    The caller holds the subject's row lock: that is what makes the order of events the order of commits.
    """
    event_id = EventId(uuid7())
    await tx.connection.execute(
        outbox_events.insert().values(
            tenant_id=tx.tenant,
            event_id=event_id,
            subject=subject,
            type=type,
            data=tx.origin.marked(data),
            occurred_at=tx.now,
        )
    )
    return event_id


async def emit_all(tx: Transaction, *, type: str, of: Mapping[str, Mapping[str, Any]]) -> None:  # noqa: A002
    """The same for several subjects, each with its data, at once; what they are told of has no order among them."""
    if not of:
        return
    await tx.connection.execute(
        outbox_events.insert(),
        [
            {
                "tenant_id": tx.tenant,
                "event_id": uuid7(),
                "subject": subject,
                "type": type,
                "data": tx.origin.marked(data),
                "occurred_at": tx.now,
            }
            for subject, data in of.items()
        ],
    )


async def latest_events(tx: Transaction, *, prefix: str, limit: int) -> tuple[tuple[UUID, str], ...]:
    """(id, subject) of the tenant's latest events about subjects that begin with `prefix`, oldest first."""
    columns = outbox_events.c
    rows = await tx.connection.execute(
        select(columns.event_id, columns.subject)
        .where(columns.tenant_id == tx.tenant, columns.subject.startswith(prefix, autoescape=True))
        .order_by(columns.event_id.desc())
        .limit(limit)
    )
    return tuple((row.event_id, row.subject) for row in reversed(rows.all()))


async def latest_references(tx: Transaction, *, prefixes: Sequence[str], limit: int) -> dict[UUID, str]:
    """The tenant's latest events about subjects that begin so, oldest first: event id -> the reference that it says."""
    columns = outbox_events.c
    about = or_(*(columns.subject.startswith(prefix, autoescape=True) for prefix in prefixes))
    reference = columns.data["reference"].astext.label("reference")
    rows = await tx.connection.execute(
        select(columns.event_id, reference)
        .where(columns.tenant_id == tx.tenant, about)
        .order_by(columns.event_id.desc())
        .limit(limit)
    )
    return {row.event_id: row.reference for row in reversed(rows.all()) if row.reference}


async def past_events(tx: Transaction, *, types: Sequence[str], since: datetime, limit: int) -> tuple[Event, ...]:
    """The tenant's newest events of these types since then, oldest first."""
    columns = outbox_events.c
    rows = await tx.connection.execute(
        select(outbox_events)
        .where(columns.tenant_id == tx.tenant, columns.type.in_(types), columns.occurred_at >= since)
        .order_by(columns.position.desc())
        .limit(limit)
    )
    return tuple(_event(row) for row in reversed(rows.all()))


async def count_events(tx: Transaction, *, after: UUID, until: UUID) -> dict[str, int]:
    """How many of the tenant's events of each type have ids beyond `after`, `until` included."""
    columns = outbox_events.c
    rows = await tx.connection.execute(
        select(columns.type, func.count().label("count"))
        .where(columns.tenant_id == tx.tenant, columns.event_id > after, columns.event_id <= until)
        .group_by(columns.type)
    )
    return {row.type: int(row[1]) for row in rows}


async def past_event(tx: Transaction, event_id: UUID) -> Event | None:
    """The tenant's event with this id."""
    columns = outbox_events.c
    row = (
        await tx.connection.execute(
            select(outbox_events).where(columns.tenant_id == tx.tenant, columns.event_id == event_id)
        )
    ).first()
    return None if row is None else _event(row)


def _event(row: Row[Any]) -> Event:
    return Event(
        tenant=TenantId(row.tenant_id),
        id=EventId(row.event_id),
        subject=row.subject,
        type=row.type,
        data=row.data,
        occurred_at=row.occurred_at,
    )
