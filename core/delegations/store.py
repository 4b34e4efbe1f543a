"""All SQL of delegations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select, text, update

from core.db import Transaction
from core.delegations.chains import Coverage, Delegation
from core.delegations.model import delegations
from core.ids import UserId

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def lock_all(tx: Transaction) -> None:
    """No other transaction of the tenant adds a delegation until this one ends.

    Two that are harmless each by itself could close a ring together: row locks do not see what is not there yet.
    """
    await tx.connection.execute(_LOCK, {"name": f"delegations/{tx.tenant}"})


async def add(tx: Transaction, delegation: Delegation, *, reason: str, created_by: str) -> None:
    """The delegation is stored."""
    coverage = delegation.coverage
    await tx.connection.execute(
        delegations.insert().values(
            tenant_id=tx.tenant,
            delegation_id=delegation.id,
            absent_id=delegation.absent,
            stand_in_id=delegation.stand_in,
            starts_at=delegation.starts_at,
            ends_at=delegation.ends_at,
            actions=None if coverage.actions is None else sorted(coverage.actions),
            stages=None if coverage.stages is None else sorted(coverage.stages),
            reason=reason,
            created_by=created_by,
            created_at=tx.now,
        )
    )


async def live(tx: Transaction) -> Sequence[Row[Any]]:
    """Every delegation that is not over, the next to begin first."""
    columns = delegations.c
    return (
        await tx.connection.execute(
            select(delegations)
            .where(columns.tenant_id == tx.tenant, columns.ends_at > tx.now, columns.ended_at.is_(None))
            .order_by(columns.starts_at, columns.delegation_id)
        )
    ).all()


async def live_of(tx: Transaction, user: UserId) -> Sequence[Row[Any]]:
    """Those of them that the person gave or was given, held for the rest of the transaction."""
    columns = delegations.c
    return (
        await tx.connection.execute(
            select(delegations)
            .where(
                columns.tenant_id == tx.tenant,
                columns.ends_at > tx.now,
                columns.ended_at.is_(None),
                or_(columns.absent_id == user, columns.stand_in_id == user),
            )
            .order_by(columns.delegation_id)
            .with_for_update()
        )
    ).all()


async def by_id(tx: Transaction, delegation_id: UUID) -> Row[Any] | None:
    """The delegation, live or not, held for the rest of the transaction."""
    columns = delegations.c
    return (
        await tx.connection.execute(
            select(delegations)
            .where(columns.tenant_id == tx.tenant, columns.delegation_id == delegation_id)
            .with_for_update()
        )
    ).first()


async def end(tx: Transaction, delegation_id: UUID, *, at: datetime, by: str) -> None:
    """The delegation is over, before its time."""
    columns = delegations.c
    await tx.connection.execute(
        update(delegations)
        .where(columns.tenant_id == tx.tenant, columns.delegation_id == delegation_id)
        .values(ended_at=at, ended_by=by)
    )


def delegation_of(row: Row[Any]) -> Delegation:
    """The row as rules read it."""
    return Delegation(
        id=row.delegation_id,
        absent=UserId(row.absent_id),
        stand_in=UserId(row.stand_in_id),
        starts_at=row.starts_at,
        ends_at=row.ends_at if row.ended_at is None else row.ended_at,
        coverage=Coverage(
            actions=None if row.actions is None else frozenset(row.actions),
            stages=None if row.stages is None else frozenset(row.stages),
        ),
    )
