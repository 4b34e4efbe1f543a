"""All SQL of destinations: one row per tenant and subscriber, written only when something is wrong or right again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from core.db.transaction import SystemTransaction
from core.ids import TenantId
from core.outbox.breaker import BreakerPolicy, Circuit
from core.outbox.model import destinations


@dataclass(frozen=True, slots=True)
class FailureNote:
    """An attempt that failed, as it counts against its destination."""

    tenant: TenantId
    subscriber: str
    policy: BreakerPolicy
    reason: str
    chance: float


async def note_destinations(tx: SystemTransaction, known: Iterable[tuple[TenantId, str]]) -> None:
    """Each (tenant, subscriber) has a row."""
    rows = [{"tenant_id": tenant, "subscriber": subscriber} for tenant, subscriber in sorted(known)]
    if rows:
        await tx.connection.execute(insert(destinations).on_conflict_do_nothing(), rows)


async def note_failures(tx: SystemTransaction, failures: Sequence[FailureNote]) -> tuple[Circuit, ...]:
    """Each failure is counted; the circuit of each as it stood after it. Everybody locks in one order."""
    columns = destinations.c
    wanted = sorted({(each.tenant, each.subscriber) for each in failures})
    rows = await tx.connection.execute(
        select(columns.tenant_id, columns.subscriber, columns.failures, columns.failing_since, columns.paused_until)
        .where(tuple_(columns.tenant_id, columns.subscriber).in_(wanted))
        .order_by(columns.tenant_id, columns.subscriber)
        .with_for_update()
    )
    known = {
        (TenantId(row.tenant_id), str(row.subscriber)): Circuit(row.failures, row.failing_since, row.paused_until)
        for row in rows
    }
    found, reasons = [], {}
    for each in failures:
        key = (each.tenant, each.subscriber)
        known[key] = known.get(key, Circuit()).after_failure(each.policy, now=tx.now, chance=each.chance)
        reasons[key] = each.reason
        found.append(known[key])
    await tx.connection.execute(_SAVE, [_saved(key, known[key], reasons[key], tx.now) for key in sorted(reasons)])
    return tuple(found)


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


_SAVE: Final = (
    update(destinations)
    .where(destinations.c.tenant_id == bindparam("tenant"), destinations.c.subscriber == bindparam("name"))
    .values(
        failures=bindparam("count"),
        failing_since=bindparam("since"),
        paused_until=bindparam("until"),
        last_failed_at=bindparam("at"),
        last_error=bindparam("reason"),
    )
)


def _saved(key: tuple[TenantId, str], circuit: Circuit, reason: str, now: datetime) -> dict[str, Any]:
    return {
        "tenant": key[0],
        "name": key[1],
        "count": circuit.failures,
        "since": circuit.failing_since,
        "until": circuit.paused_until,
        "at": now,
        "reason": reason,
    }


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
