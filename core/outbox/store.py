"""All SQL of the outbox's queue. Claims are leases: a worker that dies loses its lease, never the delivery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, select, text, update

from core.db.transaction import SystemTransaction
from core.ids import EventId, TenantId
from core.outbox.events import Event
from core.outbox.model import deliveries, outbox_events

ROUTE_BATCH: Final = 500
_ROUTER_LOCK: Final = 0x6F7574626F78  # one router at a time, or a later event could be routed before an earlier one

# The head of each (subscriber, subject) line that is due and not leased. Lines are served round-robin over tenants by
# rank, and what a tenant has under way counts as turns it has had: places become free one at a time, and by due time
# alone a backlog would get each of them (T4). `held`: what this worker has under way, whatever the clock says.
_CLAIM = text("""
    WITH under_way AS (
        SELECT tenant_id, count(*) AS turns FROM deliveries
        WHERE state = 'pending' AND lease_until >= :now GROUP BY tenant_id
    ), heads AS (
        SELECT tenant_id, event_id, subscriber, due_at,
               row_number() OVER (PARTITION BY tenant_id ORDER BY due_at, position) + coalesce(u.turns, 0) AS turn
        FROM deliveries d LEFT JOIN under_way u USING (tenant_id)
        WHERE state = 'pending' AND due_at <= :now AND (lease_until IS NULL OR lease_until < :now)
          AND subscriber = ANY(:subscribers) AND event_id || ':' || subscriber <> ALL(:held)
          AND NOT EXISTS (
              SELECT 1 FROM deliveries e
              WHERE e.tenant_id = d.tenant_id AND e.subscriber = d.subscriber AND e.subject = d.subject
                AND e.position < d.position AND e.state = 'pending')
    ), chosen AS (
        SELECT d.tenant_id, d.event_id, d.subscriber
        FROM deliveries d JOIN heads h USING (tenant_id, event_id, subscriber)
        WHERE d.state = 'pending' AND (d.lease_until IS NULL OR d.lease_until < :now)
        ORDER BY h.turn, h.due_at
        LIMIT :limit
        FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE deliveries d
    SET attempts = d.attempts + 1, lease_until = :lease_until
    FROM chosen c, outbox_events o
    WHERE d.tenant_id = c.tenant_id AND d.event_id = c.event_id AND d.subscriber = c.subscriber
      AND o.tenant_id = c.tenant_id AND o.event_id = c.event_id
    RETURNING d.subscriber, d.attempts, d.throttled, o.tenant_id, o.event_id, o.subject, o.type, o.data, o.occurred_at
""")


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery that this worker alone may attempt until its lease ends."""

    subscriber: str
    event: Event
    throttled: int  # how many of the attempts before were only asked to wait


async def route(tx: SystemTransaction, wanted: Mapping[str, frozenset[str]]) -> int:
    """Every unrouted event has a delivery for each subscriber that wants its type; the number of events routed.

    `wanted` maps a subscriber's name to event types.
    """
    if not (
        await tx.connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _ROUTER_LOCK})
    ).scalar():
        return 0
    columns = outbox_events.c
    events = (
        await tx.connection.execute(
            select(columns.tenant_id, columns.event_id, columns.position, columns.subject, columns.type)
            .where(columns.routed_at.is_(None))
            .order_by(columns.position)
            .limit(ROUTE_BATCH)
        )
    ).all()
    if not events:
        return 0
    rows = [
        {
            "tenant_id": event.tenant_id,
            "event_id": event.event_id,
            "subscriber": name,
            "position": event.position,
            "subject": event.subject,
            "state": "pending",
            "due_at": tx.now,
        }
        for event in events
        for name, types in wanted.items()
        if event.type in types
    ]
    if rows:
        await tx.connection.execute(insert(deliveries), rows)
    await tx.connection.execute(
        update(outbox_events).where(columns.event_id.in_([event.event_id for event in events])).values(routed_at=tx.now)
    )
    return len(events)


async def claim(
    tx: SystemTransaction, subscribers: Sequence[str], *, held: Sequence[str], limit: int, lease: timedelta
) -> tuple[Claim, ...]:
    """At most `limit` deliveries, leased to the caller; none of those that it holds, named by their delivery keys."""
    rows = await tx.connection.execute(
        _CLAIM,
        {
            "now": tx.now,
            "lease_until": tx.now + lease,
            "limit": limit,
            "subscribers": list(subscribers),
            "held": list(held),
        },
    )
    return tuple(
        Claim(
            subscriber=row.subscriber,
            event=Event(
                tenant=TenantId(row.tenant_id),
                id=EventId(row.event_id),
                subject=row.subject,
                type=row.type,
                data=row.data,
                occurred_at=row.occurred_at,
                attempt=row.attempts,
            ),
            throttled=row.throttled,
        )
        for row in rows
    )


async def finish(tx: SystemTransaction, claim: Claim) -> None:
    """The delivery is done."""
    await _set(tx, claim, state="done", finished_at=tx.now, lease_until=None, last_error=None)


async def bury(tx: SystemTransaction, claim: Claim, reason: str) -> None:
    """The delivery is a dead letter with its reason; the next one of the subject may go."""
    await _set(tx, claim, state="dead", finished_at=tx.now, lease_until=None, last_error=reason)


async def postpone(tx: SystemTransaction, claim: Claim, due_at: datetime, reason: str) -> None:
    """The delivery will be tried again at `due_at`."""
    await _set(tx, claim, due_at=due_at, lease_until=None, last_error=reason)


async def wait(tx: SystemTransaction, claim: Claim, due_at: datetime, reason: str) -> None:
    """The other side has named `due_at`; this attempt does not count as a failure."""
    await _set(tx, claim, due_at=due_at, lease_until=None, last_error=reason, throttled=claim.throttled + 1)


async def renew(tx: SystemTransaction, claim: Claim, lease: timedelta) -> None:
    """The worker is still at it."""
    await _set(tx, claim, lease_until=tx.now + lease)


async def oldest_unrouted(tx: SystemTransaction) -> datetime | None:
    """When the oldest event happened that has no deliveries yet; None if all are routed."""
    columns = outbox_events.c
    statement = select(columns.occurred_at).where(columns.routed_at.is_(None)).order_by(columns.position).limit(1)
    oldest: datetime | None = (await tx.connection.execute(statement)).scalar()
    return oldest


async def _set(tx: SystemTransaction, claim: Claim, **values: object) -> None:
    columns = deliveries.c
    await tx.connection.execute(
        update(deliveries)
        .where(
            columns.tenant_id == claim.event.tenant,
            columns.event_id == claim.event.id,
            columns.subscriber == claim.subscriber,
            # A lease that ran out and was claimed by another: their result counts, not ours.
            columns.attempts == claim.event.attempt,
        )
        .values(**values)
    )
