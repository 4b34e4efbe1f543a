"""First call, replay, still under way, or another call under the same key (draft-ietf-httpapi-idempotency-key)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.db.transaction import SystemTransaction
from core.idempotency.model import idempotency_keys

KEPT: Final = timedelta(hours=24)
# A first call that has not answered within this time died with its process: the key may be used anew.
ABANDONED_AFTER: Final = timedelta(seconds=30)


class Begun(StrEnum):
    """What `begin` found."""

    FRESH = "fresh"
    REPLAY = "replay"
    IN_FLIGHT = "in_flight"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first call's answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def begin(tx: Transaction, *, actor: str, key: str, fingerprint: str) -> tuple[Begun, StoredAnswer | None]:
    """FRESH: this caller does the work and must complete or abandon. REPLAY comes with the answer."""
    columns = idempotency_keys.c
    fresh = {
        "fingerprint": fingerprint,
        "status": None,
        "headers": None,
        "body": None,
        "started_at": tx.now,
        "expires_at": tx.now + KEPT,
    }
    died = columns.status.is_(None) & (columns.started_at < tx.now - ABANDONED_AFTER)
    taken = await tx.connection.execute(
        insert(idempotency_keys)
        .values(tenant_id=tx.tenant, actor=actor, key=key, **fresh)
        .on_conflict_do_update(
            index_elements=["tenant_id", "actor", "key"], set_=fresh, where=(columns.expires_at < tx.now) | died
        )
        .returning(columns.key)
    )
    if taken.first() is not None:
        return Begun.FRESH, None
    row = (
        await tx.connection.execute(
            select(columns.fingerprint, columns.status, columns.headers, columns.body).where(
                columns.tenant_id == tx.tenant, columns.actor == actor, columns.key == key
            )
        )
    ).one()
    if row.fingerprint != fingerprint:
        return Begun.MISMATCH, None
    if row.status is None:
        return Begun.IN_FLIGHT, None
    return Begun.REPLAY, StoredAnswer(row.status, row.headers or {}, bytes(row.body or b""))


async def complete(tx: Transaction, *, actor: str, key: str, answer: StoredAnswer) -> None:
    """The answer is what later calls with this key get."""
    await tx.connection.execute(
        update(idempotency_keys)
        .where(*_same(tx, actor, key))
        .values(status=answer.status, headers=dict(answer.headers), body=answer.body)
    )


async def abandon(tx: Transaction, *, actor: str, key: str) -> None:
    """The key is free again: the first call changed nothing."""
    await tx.connection.execute(delete(idempotency_keys).where(*_same(tx, actor, key)))


async def purge(tx: SystemTransaction) -> int:
    """Expired keys are gone; how many there were."""
    result = await tx.connection.execute(delete(idempotency_keys).where(idempotency_keys.c.expires_at < tx.now))
    return result.rowcount


def _same(tx: Transaction, actor: str, key: str) -> tuple[ColumnElement[bool], ...]:
    columns = idempotency_keys.c
    return columns.tenant_id == tx.tenant, columns.actor == actor, columns.key == key
