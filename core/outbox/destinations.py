"""All SQL of destinations: one row per tenant and subscriber, written only when something is wrong or right again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from core.db.transaction import SystemTransaction
from core.ids import TenantId
from core.outbox.breaker import BreakerPolicy, Circuit
from core.outbox.model import destinations


async def note_destinations(tx: SystemTransaction, known: Iterable[tuple[TenantId, str]]) -> None:
    """Each (tenant, subscriber) has a row."""
    rows = [{"tenant_id": tenant, "subscriber": subscriber} for tenant, subscriber in sorted(known)]
    if rows:
        await tx.connection.execute(insert(destinations).on_conflict_do_nothing(), rows)


async def note_failure(
    tx: SystemTransaction, tenant: TenantId, subscriber: str, policy: BreakerPolicy, *, reason: str, chance: float
) -> Circuit:
    """One more failure is counted; the circuit as it stands now."""
    before = await _held(tx, tenant, subscriber)
    after = before.after_failure(policy, now=tx.now, chance=chance)
    await _save(tx, tenant, subscriber, after, reason)
    return after


async def note_refusal(tx: SystemTransaction, tenant: TenantId, subscriber: str, *, reason: str) -> None:
    """What it said last is known; it answers, so nothing counts against it."""
    columns = destinations.c
    await tx.connection.execute(
        update(destinations)
        .where(columns.tenant_id == tenant, columns.subscriber == subscriber)
        .values(last_failed_at=tx.now, last_error=reason)
    )


async def note_wait(tx: SystemTransaction, tenant: TenantId, subscriber: str, *, until: datetime, reason: str) -> None:
    """The destination is left alone until then, as it asked."""
    after = (await _held(tx, tenant, subscriber)).after_being_asked_to_wait(until)
    await _save(tx, tenant, subscriber, after, reason)


async def _held(tx: SystemTransaction, tenant: TenantId, subscriber: str) -> Circuit:
    columns = destinations.c
    row = (
        await tx.connection.execute(
            select(columns.failures, columns.failing_since, columns.paused_until)
            .where(columns.tenant_id == tenant, columns.subscriber == subscriber)
            .with_for_update()
        )
    ).first()
    return Circuit() if row is None else Circuit(row.failures, row.failing_since, row.paused_until)


async def _save(tx: SystemTransaction, tenant: TenantId, subscriber: str, circuit: Circuit, reason: str) -> None:
    columns = destinations.c
    await tx.connection.execute(
        update(destinations)
        .where(columns.tenant_id == tenant, columns.subscriber == subscriber)
        .values(
            failures=circuit.failures,
            failing_since=circuit.failing_since,
            paused_until=circuit.paused_until,
            last_failed_at=tx.now,
            last_error=reason,
        )
    )
