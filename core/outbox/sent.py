"""What a destination took last for each subject, so that people can see what a dead letter would change there (N6)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Database, Transaction
from core.ids import EventId, TenantId
from core.outbox.events import Event
from core.outbox.model import deliveries, last_sent, outbox_events
from core.redaction import without_secrets

TEXT_MAX: Final = 2_000  # characters of one text
PAYLOAD_MAX: Final = 32_768  # characters of the whole, as JSON
CUT: Final = "…"


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent for a subject and accepted there: shortened, without secrets."""

    payload: Mapping[str, Any]
    at: datetime


def bounded(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload as it is kept and shown: secrets struck out, long texts cut, and never longer than PAYLOAD_MAX."""
    kept = {name: _cut(value) for name, value in without_secrets("", payload).items()}
    if len(json.dumps(kept, default=str)) <= PAYLOAD_MAX:
        return kept
    return {"too_long": f"{len(json.dumps(payload, default=str)):,} characters"}


async def record_sent(database: Database, event: Event, *, subscriber: str, payload: Mapping[str, Any]) -> None:
    """This is what the subscriber's system took last for the event's subject."""
    async with database.tenant(event.tenant) as tx:
        values = {"event_id": event.id, "payload": bounded(payload), "sent_at": tx.now}
        await tx.connection.execute(
            insert(last_sent)
            .values(tenant_id=event.tenant, subscriber=subscriber, subject=event.subject, **values)
            .on_conflict_do_update(index_elements=["tenant_id", "subscriber", "subject"], set_=values)
        )


async def record_told(database: Database, events: Sequence[Event], *, subscriber: str, key: str) -> None:
    """A note of this key over there tells of these events of one tenant, whatever becomes of their deliveries."""
    d = deliveries.c
    async with database.tenant(events[0].tenant) as tx:
        await tx.connection.execute(
            update(deliveries)
            .where(
                d.tenant_id == tx.tenant,
                d.event_id.in_([each.id for each in events]),
                d.subscriber == subscriber,
            )
            .values(told_as=key)
        )


async def sent_last(tx: Transaction, subscriber: str, subject: str) -> Sent | None:
    """What was last accepted there; None before anything was, or if it was before this was kept."""
    columns = last_sent.c
    row = (
        await tx.connection.execute(
            select(columns.payload, columns.sent_at).where(
                columns.tenant_id == tx.tenant, columns.subscriber == subscriber, columns.subject == subject
            )
        )
    ).first()
    return None if row is None else Sent(row.payload, row.sent_at)


async def delivered_event(tx: Transaction, event_id: UUID, subscriber: str) -> Event | None:
    """The event of this delivery, as its subscriber gets it; None if there is no such delivery."""
    d, o = deliveries.c, outbox_events.c
    row = (
        await tx.connection.execute(
            select(o.subject, o.type, o.data, o.occurred_at, d.attempts)
            .join(deliveries, (o.tenant_id == d.tenant_id) & (o.event_id == d.event_id))
            .where(d.tenant_id == tx.tenant, d.event_id == event_id, d.subscriber == subscriber)
        )
    ).first()
    if row is None:
        return None
    return Event(
        tenant=TenantId(tx.tenant),
        id=EventId(event_id),
        subject=row.subject,
        type=row.type,
        data=row.data,
        occurred_at=row.occurred_at,
        attempt=row.attempts,
    )


def _cut(value: Any) -> Any:
    match value:
        case str() if len(value) > TEXT_MAX:
            return value[: TEXT_MAX - 1] + CUT
        case dict():
            return {name: _cut(each) for name, each in value.items()}
        case list():
            return [_cut(each) for each in value]
        case _:
            return value
