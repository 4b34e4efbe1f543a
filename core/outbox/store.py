"""All SQL of the outbox's queue. Claims are leases: a worker that dies loses its lease, never the delivery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, select, text, update

from core.db.transaction import SystemTransaction
from core.ids import EventId, TenantId
from core.outbox.breaker import BreakerPolicy
from core.outbox.destinations import note_destinations
from core.outbox.events import Event
from core.outbox.model import deliveries, outbox_events

ROUTE_BATCH: Final = 500
TOGETHER_MAX: Final = 50  # deliveries of one line that go as one
_ROUTER_LOCK: Final = 0x6F7574626F78  # one router at a time, or a later event could be routed before an earlier one

_MAY_ROUTE: Final = text("SELECT pg_try_advisory_xact_lock(:key)")

# The head of each (subscriber, subject) line that is due and not leased. Each destination (subscriber and tenant) has
# so many places, a few where its circuit is half open and none while it is paused: one that is down for a day, or slow,
# takes nothing from the others, and however much waits for it is not looked through. Lines are served round-robin
# over tenants by rank, and what a tenant has under way counts as turns it has had: places become free one at a time,
# and by due time alone a backlog would get each of them (T4). `held`: what this worker has under way, whatever the
# clock says. The recursion walks the index from one destination to the next (a loose index scan). Whether a delivery
# is the head of its line is asked of each that comes up, in their order, until the places are filled.
_CLAIM: Final = text("""
    WITH RECURSIVE served AS (
        SELECT * FROM unnest(CAST(:subscribers AS text[]), CAST(:places AS int[]), CAST(:limits AS int[]),
                             CAST(:probes AS int[]), CAST(:coalescing AS bool[]))
                        AS s (subscriber, places, failures_max, probes, is_coalescing)
    ), lines AS (
        (SELECT tenant_id, subscriber FROM deliveries WHERE state = 'pending' ORDER BY tenant_id, subscriber LIMIT 1)
        UNION ALL
        SELECT n.tenant_id, n.subscriber FROM lines l CROSS JOIN LATERAL (
            SELECT tenant_id, subscriber FROM deliveries
            WHERE state = 'pending' AND (tenant_id, subscriber) > (l.tenant_id, l.subscriber)
            ORDER BY tenant_id, subscriber LIMIT 1) n
    ), under_way AS (
        SELECT tenant_id, subscriber, count(DISTINCT coalesce(batch, event_id)) AS turns FROM deliveries
        WHERE state = 'pending' AND lease_until IS NOT NULL AND lease_until >= :now GROUP BY tenant_id, subscriber
    ), turns AS (
        SELECT tenant_id, sum(turns) AS turns FROM under_way GROUP BY tenant_id
    ), room AS (
        SELECT l.tenant_id, l.subscriber, s.is_coalescing,
               CASE WHEN coalesce(t.failures, 0) >= s.failures_max THEN least(s.probes, s.places) ELSE s.places END
                   - coalesce(u.turns, 0) AS places
        FROM lines l JOIN served s USING (subscriber)
        LEFT JOIN destinations t USING (tenant_id, subscriber)
        LEFT JOIN under_way u USING (tenant_id, subscriber)
        WHERE t.paused_until IS NULL OR t.paused_until <= :now
    ), heads AS (
        SELECT h.*, r.is_coalescing,
               row_number() OVER (PARTITION BY h.tenant_id ORDER BY h.due_at, h.position) + coalesce(t.turns, 0) AS turn
        FROM room r CROSS JOIN LATERAL (
            SELECT d.tenant_id, d.event_id, d.subscriber, d.subject, d.due_at, d.position, d.attempts, d.batch
            FROM deliveries d
            WHERE d.tenant_id = r.tenant_id AND d.subscriber = r.subscriber AND d.state = 'pending' AND d.due_at <= :now
              AND (d.lease_until IS NULL OR d.lease_until < :now) AND d.event_id || ':' || d.subscriber <> ALL(:held)
              AND d.position = (
                  SELECT e.position FROM deliveries e
                  WHERE e.tenant_id = d.tenant_id AND e.subscriber = d.subscriber AND e.subject = d.subject
                    AND e.state = 'pending'
                  ORDER BY e.position LIMIT 1)
            ORDER BY d.due_at, d.position
            LIMIT greatest(r.places, 0)) h
        LEFT JOIN turns t ON t.tenant_id = h.tenant_id
    ), chosen AS (
        SELECT h.*
        FROM deliveries d JOIN heads h USING (tenant_id, event_id, subscriber)
        WHERE d.state = 'pending' AND (d.lease_until IS NULL OR d.lease_until < :now)
        ORDER BY h.turn, h.due_at
        LIMIT :limit
        FOR UPDATE OF d SKIP LOCKED
    ), members AS (
        SELECT c.tenant_id, c.subscriber, c.event_id AS head, m.event_id, c.is_coalescing
        FROM chosen c CROSS JOIN LATERAL (
            SELECT m.event_id FROM deliveries m
            WHERE m.tenant_id = c.tenant_id AND m.subscriber = c.subscriber AND m.subject = c.subject
              AND m.state = 'pending' AND m.position >= c.position
              AND (m.event_id = c.event_id OR (
                   c.is_coalescing AND m.attempts = c.attempts AND m.batch IS NOT DISTINCT FROM c.batch))
            ORDER BY m.position
            LIMIT :together) m
    )
    UPDATE deliveries d
    SET attempts = d.attempts + 1, lease_until = :lease_until,
        batch = CASE WHEN m.is_coalescing THEN coalesce(d.batch, m.head) END
    FROM members m, outbox_events o
    WHERE d.tenant_id = m.tenant_id AND d.event_id = m.event_id AND d.subscriber = m.subscriber
      AND o.tenant_id = m.tenant_id AND o.event_id = m.event_id
    RETURNING d.subscriber, d.attempts, d.throttled, d.position, d.told_as, m.head,
              o.tenant_id, o.event_id, o.subject, o.type, o.data, o.occurred_at
""")


# Only what is still ours: of a lease that ran out and was claimed by another, their result counts. A destination's row
# is not touched, and so not waited for, unless something was wrong with it; everybody locks in one order.
_FINISH: Final = text("""
    WITH finished AS (
        SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:events AS uuid[]), CAST(:subscribers AS text[]),
                             CAST(:attempts AS int[])) AS f (tenant_id, event_id, subscriber, attempts)
    ), done AS (
        UPDATE deliveries d SET state = 'done', finished_at = :now, lease_until = NULL, last_error = NULL
        FROM finished f
        WHERE d.tenant_id = f.tenant_id AND d.event_id = f.event_id AND d.subscriber = f.subscriber
          AND d.attempts = f.attempts AND d.state = 'pending'
    ), ill AS (
        SELECT t.tenant_id, t.subscriber
        FROM destinations t
        WHERE (t.tenant_id, t.subscriber) IN (SELECT tenant_id, subscriber FROM finished) AND t.failures > 0
        ORDER BY t.tenant_id, t.subscriber
        FOR UPDATE
    )
    UPDATE destinations t SET failures = 0, failing_since = NULL, paused_until = NULL
    FROM ill WHERE t.tenant_id = ill.tenant_id AND t.subscriber = ill.subscriber
""")


_POSTPONE: Final = (
    update(deliveries)
    .where(
        deliveries.c.tenant_id == bindparam("tenant"),
        deliveries.c.event_id == bindparam("event"),
        deliveries.c.subscriber == bindparam("name"),
        # A lease that ran out and was claimed by another: their result counts, not ours.
        deliveries.c.attempts == bindparam("attempt"),
    )
    .values(due_at=bindparam("due"), lease_until=None, last_error=bindparam("reason"))
)


@dataclass(frozen=True, slots=True)
class Served:
    """A subscriber as claims are made for it: how many at once for a tenant, and whether lines go together."""

    subscriber: str
    places: int
    breaker: BreakerPolicy
    is_coalescing: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """What this worker alone may attempt until its lease ends: a delivery, or several of one line that go together."""

    subscriber: str
    events: tuple[Event, ...]  # in the order in which they happened
    throttled: int  # how many of the attempts before were only asked to wait

    @property
    def event(self) -> Event:
        """The first of them."""
        return self.events[0]

    @property
    def tenant(self) -> TenantId:
        """Whose they are."""
        return self.event.tenant


@dataclass(frozen=True, slots=True)
class Routed:
    """How many events had their deliveries, destinations that were new and have a row now, events by type."""

    count: int
    met: frozenset[tuple[TenantId, str]]
    types: Mapping[str, int]


NOTHING_ROUTED: Final = Routed(0, frozenset(), {})


async def route(
    tx: SystemTransaction, wanted: Mapping[str, frozenset[str]], noted: AbstractSet[tuple[TenantId, str]]
) -> Routed:
    """Every unrouted event has a delivery for each subscriber that wants its type; what those were.

    `noted` are the destinations that the caller knows already. `wanted` maps a subscriber's name to event types.
    """
    if not (await tx.connection.execute(_MAY_ROUTE, {"key": _ROUTER_LOCK})).scalar():
        return NOTHING_ROUTED
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
        return NOTHING_ROUTED
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
    met = frozenset((TenantId(row["tenant_id"]), str(row["subscriber"])) for row in rows) - noted
    await note_destinations(tx, met)
    await tx.connection.execute(
        update(outbox_events).where(columns.event_id.in_([event.event_id for event in events])).values(routed_at=tx.now)
    )
    return Routed(len(events), met, Counter(event.type for event in events))


async def claim(
    tx: SystemTransaction, served: Sequence[Served], *, held: Sequence[str], limit: int, lease: timedelta
) -> tuple[Claim, ...]:
    """At most `limit` claims, leased to the caller; none of those that it holds, named by their delivery keys."""
    rows = await tx.connection.execute(
        _CLAIM,
        {
            "now": tx.now,
            "lease_until": tx.now + lease,
            "limit": limit,
            "together": TOGETHER_MAX,
            "subscribers": [each.subscriber for each in served],
            "places": [each.places for each in served],
            "limits": [each.breaker.failures for each in served],
            "probes": [each.breaker.probes for each in served],
            "coalescing": [each.is_coalescing for each in served],
            "held": list(held),
        },
    )
    lines: dict[tuple[UUID, str], list[Row[Any]]] = {}
    for row in sorted(rows, key=lambda each: int(each.position)):
        lines.setdefault((row.head, row.subscriber), []).append(row)
    return tuple(
        Claim(subscriber=subscriber, events=tuple(map(_event, found)), throttled=found[0].throttled)
        for (_head, subscriber), found in lines.items()
    )


async def finish(tx: SystemTransaction, claims: Sequence[Claim]) -> None:
    """The deliveries are done, and their destinations well again if they were not."""
    done = [
        (claim.tenant, event.id, claim.subscriber, claim.event.attempt) for claim in claims for event in claim.events
    ]
    tenants, events, subscribers, attempts = map(list, zip(*done, strict=True))
    values = {"tenants": tenants, "events": events, "subscribers": subscribers, "attempts": attempts}
    await tx.connection.execute(_FINISH, {"now": tx.now, **values})


async def split(tx: SystemTransaction, claim: Claim, reason: str) -> None:
    """What went together goes one by one from now on, so that what cannot be delivered keeps nothing else back."""
    await _set(tx, claim, batch=deliveries.c.event_id, due_at=tx.now, lease_until=None, last_error=reason)


async def bury(tx: SystemTransaction, claim: Claim, reason: str) -> None:
    """The delivery is a dead letter with its reason; the next one of the subject may go."""
    await _set(tx, claim, state="dead", finished_at=tx.now, lease_until=None, last_error=reason)


async def postpone(tx: SystemTransaction, postponed: Sequence[tuple[Claim, datetime, str]]) -> None:
    """Each delivery will be tried again at its instant, for this reason."""
    rows = [
        {
            "tenant": claim.tenant,
            "event": event.id,
            "name": claim.subscriber,
            "attempt": claim.event.attempt,
            "due": due_at,
            "reason": reason,
        }
        for claim, due_at, reason in postponed
        for event in claim.events
    ]
    await tx.connection.execute(_POSTPONE, rows)


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


async def waiting(tx: SystemTransaction, subscribers: Sequence[str]) -> dict[tuple[str, str], int]:
    """How many deliveries of each subscriber wait, and are dead; zero included."""
    columns = deliveries.c
    rows = await tx.connection.execute(
        select(columns.subscriber, columns.state, func.count().label("how_many"))
        .where(columns.state.in_(("pending", "dead")))
        .group_by(columns.subscriber, columns.state)
    )
    found = {(name, state): 0 for name in subscribers for state in ("pending", "dead")}
    return found | {(row.subscriber, row.state): row.how_many for row in rows}


async def _set(tx: SystemTransaction, claim: Claim, **values: object) -> None:
    columns = deliveries.c
    await tx.connection.execute(
        update(deliveries)
        .where(
            columns.tenant_id == claim.tenant,
            columns.event_id.in_([event.id for event in claim.events]),
            columns.subscriber == claim.subscriber,
            # A lease that ran out and was claimed by another: their result counts, not ours.
            columns.attempts == claim.event.attempt,
        )
        .values(**values)
    )


def _event(row: Row[Any]) -> Event:
    return Event(
        tenant=TenantId(row.tenant_id),
        id=EventId(row.event_id),
        subject=row.subject,
        type=row.type,
        data=row.data,
        occurred_at=row.occurred_at,
        attempt=row.attempts,
        told_as=row.told_as,
    )
