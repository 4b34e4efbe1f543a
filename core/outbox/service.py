"""Writing an event inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.db import Transaction
from core.ids import EventId, uuid7
from core.outbox.model import outbox_events


async def emit(tx: Transaction, *, subject: str, type: str, data: Mapping[str, Any]) -> EventId:  # noqa: A002
    """The event will be delivered if and only if the transaction commits.

    The caller holds the subject's row lock: that is what makes the order of events the order of commits.
    """
    event_id = EventId(uuid7())
    await tx.connection.execute(
        outbox_events.insert().values(
            tenant_id=tx.tenant, event_id=event_id, subject=subject, type=type, data=dict(data), occurred_at=tx.now
        )
    )
    return event_id


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
