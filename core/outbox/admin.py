"""Looking at deliveries and destinations, sending dead ones again and dismissing them (N6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text, update

from core.db import Transaction
from core.errors import NotFound
from core.ids import earliest_uuid7
from core.outbox.breaker import BreakerPolicy, Circuit, Flow
from core.outbox.model import deliveries, destinations, outbox_events

LATELY: Final = timedelta(hours=1)  # over which throughput is counted
DRAWN: Final = timedelta(hours=23)  # before the hour that runs
MEASURED_MAX: Final = 5_000  # of the last hour's deliveries, the latest: enough to say how long they take
_AGAIN: Final = {
    "state": "pending", "attempts": 0, "throttled": 0, "lease_until": None, "finished_at": None, "batch": None,
    "dismissed_by": None, "dismissed_because": None,
}  # fmt: skip
DELIVERY_STATES: Final = ("dead", "pending", "dismissed", "done")  # the worst first
REPLAY_MAX: Final = 1000  # dead letters sent again, or dismissed, by one call


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
    occurred_at: datetime
    data: Mapping[str, Any]  # the event's, as it was written
    dismissed_by: str | None = None
    dismissed_because: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """How one delivery goes: one of DELIVERY_STATES."""

    state: str
    attempts: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class DestinationView:
    """How deliveries to one subscriber go. `done_lately` counts those of events of the last hour."""

    subscriber: str
    flow: Flow
    failures: int
    failing_since: datetime | None
    paused_until: datetime | None
    last_failed_at: datetime | None
    last_error: str | None
    pending: int
    oldest_pending_at: datetime | None
    dead: int
    done_lately: int
    last_done_at: datetime | None
    p50_s: float | None = None  # from what happened to its delivery, of those delivered in the last hour
    p95_s: float | None = None


_BY_HOUR: Final = text("""
    SELECT h.begins, count(d.event_id) AS done
    FROM generate_series(date_trunc('hour', CAST(:since AS timestamptz)), CAST(:now AS timestamptz), '1 hour') h(begins)
    LEFT JOIN deliveries d ON d.tenant_id = :tenant AND d.subscriber = :subscriber AND d.state = 'done'
        AND d.finished_at >= h.begins AND d.finished_at < h.begins + interval '1 hour'
    GROUP BY h.begins ORDER BY h.begins
""")
_DESTINATIONS: Final = text("""
    SELECT t.subscriber, t.failures, t.failing_since, t.paused_until, t.last_failed_at, t.last_error,
           w.pending, w.oldest, x.dead, l.done, l.last_done, q.p50, q.p95
    FROM destinations t
    CROSS JOIN LATERAL (
        SELECT count(*) AS pending, min(o.occurred_at) AS oldest
        FROM deliveries d JOIN outbox_events o USING (tenant_id, event_id)
        WHERE d.tenant_id = t.tenant_id AND d.subscriber = t.subscriber AND d.state = 'pending') w
    CROSS JOIN LATERAL (
        SELECT count(*) AS dead FROM deliveries d
        WHERE d.tenant_id = t.tenant_id AND d.subscriber = t.subscriber AND d.state = 'dead') x
    CROSS JOIN LATERAL (
        SELECT count(*) AS done, max(d.finished_at) AS last_done FROM deliveries d
        WHERE d.tenant_id = t.tenant_id AND d.event_id >= :since AND d.subscriber = t.subscriber AND d.state = 'done') l
    CROSS JOIN LATERAL (
        SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY f.lag) AS p50,
               percentile_disc(0.95) WITHIN GROUP (ORDER BY f.lag) AS p95
        FROM (
            SELECT extract(epoch FROM d.finished_at - o.occurred_at)::float AS lag
            FROM deliveries d JOIN outbox_events o USING (tenant_id, event_id)
            WHERE d.tenant_id = t.tenant_id AND d.subscriber = t.subscriber AND d.state = 'done'
              AND d.finished_at >= :since_at
            ORDER BY d.finished_at DESC LIMIT :measured) f) q
    WHERE t.tenant_id = :tenant
    ORDER BY t.subscriber
""")


async def list_destinations(tx: Transaction) -> tuple[DestinationView, ...]:
    """Every destination of the tenant that anything was ever delivered to."""
    rows = await tx.connection.execute(
        _DESTINATIONS,
        {"tenant": tx.tenant, "since": earliest_uuid7(LATELY), "since_at": tx.now - LATELY, "measured": MEASURED_MAX},
    )
    return tuple(
        DestinationView(
            subscriber=row.subscriber,
            flow=Circuit(row.failures, row.failing_since, row.paused_until).flow(BreakerPolicy(), now=tx.now),
            failures=row.failures,
            failing_since=row.failing_since,
            paused_until=row.paused_until,
            last_failed_at=row.last_failed_at,
            last_error=row.last_error,
            pending=row.pending,
            oldest_pending_at=row.oldest,
            dead=row.dead,
            done_lately=row.done,
            last_done_at=row.last_done,
            p50_s=row.p50,
            p95_s=row.p95,
        )
        for row in rows
    )


async def destination_names(tx: Transaction) -> tuple[str, ...]:
    """Every destination of the tenant that anything was ever delivered to, by name."""
    known = destinations.c
    found = await tx.connection.execute(
        select(known.subscriber).where(known.tenant_id == tx.tenant).order_by(known.subscriber)
    )
    return tuple(found.scalars())


async def deliveries_by_hour(tx: Transaction, subscriber: str) -> tuple[tuple[datetime, int], ...]:
    """How many were delivered in each hour of the last day, by when it began, the oldest first."""
    values = {"tenant": tx.tenant, "subscriber": subscriber, "since": tx.now - DRAWN, "now": tx.now}
    return tuple((row.begins, row.done) for row in await tx.connection.execute(_BY_HOUR, values))


async def resume(tx: Transaction, subscriber: str) -> None:
    """What waits for the destination is tried at once, whatever went wrong before. Raises NotFound."""
    await _forgive(tx, subscriber)
    waiting = deliveries.c
    await tx.connection.execute(
        update(deliveries)
        .where(
            waiting.tenant_id == tx.tenant,
            waiting.subscriber == subscriber,
            waiting.state == "pending",
            waiting.due_at > tx.now,
        )
        .values(due_at=tx.now)
    )


async def replay_all(tx: Transaction, subscriber: str) -> int:
    """The oldest dead deliveries of the subscriber are pending again, a thousand at most; how many they were.

    They are tried at once, whatever went wrong before. Raises NotFound.
    """
    await _forgive(tx, subscriber)
    return await _change_dead(tx, subscriber, _AGAIN | {"due_at": tx.now})


async def dismiss_all(tx: Transaction, subscriber: str, *, by: str, reason: str) -> int:
    """The oldest dead deliveries of the subscriber are dismissed, a thousand at most; how many they were.

    Raises NotFound.
    """
    await _require_known(tx, subscriber)
    return await _change_dead(tx, subscriber, _dismissed(tx, by, reason))


async def delivery_states(tx: Transaction, event_ids: Sequence[UUID]) -> Mapping[UUID, DeliveryState]:
    """How the delivery of each event goes that has any; where it goes to several, how the worst of them does."""
    d = deliveries.c
    rows = await tx.connection.execute(
        select(d.event_id, d.state, d.attempts, d.last_error).where(d.tenant_id == tx.tenant, d.event_id.in_(event_ids))
    )
    found: dict[UUID, DeliveryState] = {}
    for row in rows:
        known = found.get(row.event_id)
        if known is None or DELIVERY_STATES.index(row.state) < DELIVERY_STATES.index(known.state):
            found[row.event_id] = DeliveryState(row.state, row.attempts, row.last_error)
    return found


async def list_deliveries(
    tx: Transaction, *, subscriber: str | None, state: str | None, after: UUID | None, limit: int
) -> tuple[DeliveryView, ...]:
    """Deliveries, newest first, after the cursor `after`."""
    d, o = deliveries.c, outbox_events.c
    statement = (
        select(
            *(d.event_id, d.subscriber, d.subject, o.type, d.state, d.attempts, d.due_at, d.finished_at),
            *(d.last_error, o.occurred_at, o.data, d.dismissed_by, d.dismissed_because),
        )
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
    """The dead or dismissed delivery is pending again, with a fresh count of attempts. Raises NotFound."""
    await _change_one(tx, event_id, subscriber, states=("dead", "dismissed"), values=_AGAIN | {"due_at": tx.now})


async def dismiss(tx: Transaction, event_id: UUID, subscriber: str, *, by: str, reason: str) -> None:
    """The dead delivery is dismissed: kept as it is, and counted as dead no more. Raises NotFound if there is none."""
    await _change_one(tx, event_id, subscriber, states=("dead",), values=_dismissed(tx, by, reason))


def _dismissed(tx: Transaction, by: str, reason: str) -> dict[str, Any]:
    return {"state": "dismissed", "finished_at": tx.now, "dismissed_by": by, "dismissed_because": reason}


async def _change_dead(tx: Transaction, subscriber: str, values: Mapping[str, Any]) -> int:
    d = deliveries.c
    oldest = (
        select(d.event_id)
        .where(d.tenant_id == tx.tenant, d.subscriber == subscriber, d.state == "dead")
        .order_by(d.event_id)
        .limit(REPLAY_MAX)
    )
    result = await tx.connection.execute(
        update(deliveries)
        .where(d.tenant_id == tx.tenant, d.subscriber == subscriber, d.event_id.in_(oldest), d.state == "dead")
        .values(values)
        .returning(d.event_id)
    )
    return len(result.all())


async def _change_one(
    tx: Transaction, event_id: UUID, subscriber: str, *, states: Sequence[str], values: Mapping[str, Any]
) -> None:
    d = deliveries.c
    result = await tx.connection.execute(
        update(deliveries)
        .where(d.tenant_id == tx.tenant, d.event_id == event_id, d.subscriber == subscriber, d.state.in_(states))
        .values(values)
        .returning(d.event_id)
    )
    if result.first() is None:
        raise NotFound(
            "There is no dead delivery with this id for this subscriber.",
            where="delivery",
            next_step="List them with state=dead.",
        )


async def _forgive(tx: Transaction, subscriber: str) -> None:
    known = destinations.c
    found = await tx.connection.execute(
        update(destinations)
        .where(known.tenant_id == tx.tenant, known.subscriber == subscriber)
        .values(failures=0, failing_since=None, paused_until=None)
        .returning(known.subscriber)
    )
    if found.first() is None:
        await _require_known(tx, subscriber)


async def _require_known(tx: Transaction, subscriber: str) -> None:
    known_names = await destination_names(tx)
    if subscriber not in known_names:
        raise NotFound("Nothing was ever delivered there.", where="connector", accepted=known_names)
