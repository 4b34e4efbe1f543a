"""Looking at deliveries, and sending dead ones again (N6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from core.db import Transaction
from core.errors import NotFound
from core.outbox.model import deliveries, outbox_events


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One event on its way to one subscriber."""

    event_id: UUID
    subscriber: str
    subject: str
    event_type: str
    state: str
    attempts: int
    due_at: datetime
    finished_at: datetime | None
    last_error: str | None


async def list_deliveries(
    tx: Transaction, *, subscriber: str | None, state: str | None, after: UUID | None, limit: int
) -> tuple[DeliveryView, ...]:
    """Deliveries, newest first, after the cursor `after`."""
    d, o = deliveries.c, outbox_events.c
    statement = (
        select(d.event_id, d.subscriber, d.subject, o.type, d.state, d.attempts, d.due_at, d.finished_at, d.last_error)
        .join(outbox_events, (o.tenant_id == d.tenant_id) & (o.event_id == d.event_id))
        .where(d.tenant_id == tx.tenant)
        .order_by(d.event_id.desc(), d.subscriber)
        .limit(limit)
    )
    if subscriber:
        statement = statement.where(d.subscriber == subscriber)
    if state:
        statement = statement.where(d.state == state)
    if after:
        statement = statement.where(d.event_id < after)
    return tuple(DeliveryView(*row) for row in await tx.connection.execute(statement))


async def replay(tx: Transaction, event_id: UUID, subscriber: str) -> None:
    """The dead delivery is pending again, with a fresh count of attempts. Raises NotFound if there is none."""
    d = deliveries.c
    result = await tx.connection.execute(
        update(deliveries)
        .where(d.tenant_id == tx.tenant, d.event_id == event_id, d.subscriber == subscriber, d.state == "dead")
        .values(state="pending", attempts=0, throttled=0, due_at=tx.now, lease_until=None, finished_at=None)
        .returning(d.event_id)
    )
    if result.first() is None:
        raise NotFound(
            "There is no dead delivery with this id for this subscriber.",
            where="delivery",
            next_step="List them with state=dead.",
        )
