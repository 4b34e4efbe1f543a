"""First call, replay, still under way, or another call under the same key (draft-ietf-httpapi-idempotency-key).

A call's answer is stored after its transaction; that it was carried out is stored in it. So a process that dies between
the two leaves a key that repeats no work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from core.actor import CallKey
from core.db import Transaction
from core.db.transaction import SystemTransaction
from core.errors import Conflict
from core.idempotency.model import idempotency_keys

KEPT: Final = timedelta(hours=24)
# A first call that has not answered within this time died with its process: the key may be used anew.
ABANDONED_AFTER: Final = timedelta(seconds=30)


class TakenOver(Conflict):
    """This call took so long that it was sent again meanwhile; the later one counts, and this one changed nothing."""

    code = "idempotency.taken_over"


class Begun(StrEnum):
    """What `begin` found."""

    FRESH = "fresh"
    REPLAY = "replay"
    IN_FLIGHT = "in_flight"
    MISMATCH = "mismatch"
    ANSWER_LOST = "answer_lost"


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first call's answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What a call did whose answer nobody knows any more, and to what."""

    what: str
    subject: UUID | None


async def begin(
    tx: Transaction, *, actor: str, key: CallKey, fingerprint: str
) -> tuple[Begun, StoredAnswer | CarriedOut | None]:
    """FRESH: this caller does the work and must complete or abandon. REPLAY comes with the answer.

    ANSWER_LOST: the process died when the work was done and its answer was not stored yet; comes with what was done.
    """
    columns = idempotency_keys.c
    fresh = {
        "fingerprint": fingerprint,
        "status": None,
        "headers": None,
        "body": None,
        "carried_out": None,
        "carried_out_subject": None,
        "attempt": key.attempt,
        "started_at": tx.now,
        "expires_at": tx.now + KEPT,
    }
    died = columns.status.is_(None) & columns.carried_out.is_(None) & (columns.started_at < tx.now - ABANDONED_AFTER)
    taken = await tx.connection.execute(
        insert(idempotency_keys)
        .values(tenant_id=tx.tenant, actor=actor, key=key.key, **fresh)
        .on_conflict_do_update(
            index_elements=["tenant_id", "actor", "key"], set_=fresh, where=(columns.expires_at < tx.now) | died
        )
        .returning(columns.key)
    )
    if taken.first() is not None:
        return Begun.FRESH, None
    row = (await tx.connection.execute(select(idempotency_keys).where(*_same(tx, actor, key.key)))).one()
    if row.fingerprint != fingerprint:
        return Begun.MISMATCH, None
    if row.status is not None:
        return Begun.REPLAY, StoredAnswer(row.status, row.headers or {}, bytes(row.body or b""))
    if row.carried_out is not None and row.started_at < tx.now - ABANDONED_AFTER:
        return Begun.ANSWER_LOST, CarriedOut(row.carried_out, row.carried_out_subject)
    return Begun.IN_FLIGHT, None


async def carried_out(tx: Transaction, *, actor: str, key: CallKey, what: str, subject: UUID | None) -> None:
    """The call under this key has done its work, if and only if the transaction commits; the first word of it stays.

    Raises TakenOver for a call that was so slow that it counted as dead and a repeated one has begun in its place.
    """
    columns = idempotency_keys.c
    marked = await tx.connection.execute(
        update(idempotency_keys)
        .where(*_mine(tx, actor, key), columns.carried_out.is_(None))
        .values(carried_out=what, carried_out_subject=subject)
        .returning(columns.key)
    )
    if marked.first() is None:
        is_mine = await tx.connection.execute(select(columns.key).where(*_mine(tx, actor, key)))
        if is_mine.first() is None:
            raise TakenOver


async def complete(tx: Transaction, *, actor: str, key: CallKey, answer: StoredAnswer) -> None:
    """The answer is what later calls with this key get."""
    await tx.connection.execute(
        update(idempotency_keys)
        .where(*_mine(tx, actor, key))
        .values(status=answer.status, headers=dict(answer.headers), body=answer.body)
    )


async def abandon(tx: Transaction, *, actor: str, key: CallKey) -> None:
    """The key is free again, unless its call was carried out: then what went wrong is only the answer."""
    unfinished = idempotency_keys.c.carried_out.is_(None)
    await tx.connection.execute(delete(idempotency_keys).where(*_mine(tx, actor, key), unfinished))


async def purge(tx: SystemTransaction) -> int:
    """Expired keys are gone; how many there were."""
    result = await tx.connection.execute(delete(idempotency_keys).where(idempotency_keys.c.expires_at < tx.now))
    return result.rowcount


def _mine(tx: Transaction, actor: str, key: CallKey) -> tuple[ColumnElement[bool], ...]:
    return *_same(tx, actor, key.key), idempotency_keys.c.attempt == key.attempt


def _same(tx: Transaction, actor: str, key: str) -> tuple[ColumnElement[bool], ...]:
    columns = idempotency_keys.c
    return columns.tenant_id == tx.tenant, columns.actor == actor, columns.key == key
