"""All SQL of bypasses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Uuid, bindparam, func, or_, select, update

from core.db import Transaction
from core.emergency.model import bypasses
from core.ids import UserId


async def add(tx: Transaction, values: dict[str, Any]) -> None:
    """The bypass is stored."""
    await tx.connection.execute(bypasses.insert().values(tenant_id=tx.tenant, **values))


async def lock(tx: Transaction, bypass_id: UUID) -> Row[Any] | None:
    """The bypass, held for the rest of the transaction."""
    columns = bypasses.c
    return (
        await tx.connection.execute(
            select(bypasses).where(columns.tenant_id == tx.tenant, columns.bypass_id == bypass_id).with_for_update()
        )
    ).first()


async def change(tx: Transaction, bypass_id: UUID, **values: Any) -> None:
    """The bypass has these values."""
    columns = bypasses.c
    await tx.connection.execute(
        update(bypasses).where(columns.tenant_id == tx.tenant, columns.bypass_id == bypass_id).values(**values)
    )


async def by_id(tx: Transaction, bypass_id: UUID) -> Row[Any] | None:
    """The bypass."""
    columns = bypasses.c
    return (
        await tx.connection.execute(
            select(bypasses).where(columns.tenant_id == tx.tenant, columns.bypass_id == bypass_id)
        )
    ).first()


async def numbers(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, int]:
    """The number of each of these bypasses."""
    columns = bypasses.c
    rows = await tx.connection.execute(
        select(columns.bypass_id, columns.number).where(
            columns.tenant_id == tx.tenant, columns.bypass_id.in_(tuple(ids))
        )
    )
    return {row.bypass_id: row.number for row in rows}


async def how_many_active(tx: Transaction) -> int:
    """The tenant's bypasses that run now."""
    columns = bypasses.c
    running = select(func.count()).where(columns.tenant_id == tx.tenant, columns.state == "active")
    return int((await tx.connection.execute(running)).scalar_one())


async def active_of(tx: Transaction, users: Collection[UserId]) -> list[Row[Any]]:
    """These people's bypasses that run now, newest first; none of them ends before this transaction does."""
    columns = bypasses.c
    running: Select[Any] = (
        select(
            columns.bypass_id,
            columns.requester_id,
            columns.action,
            columns.resource_name,
            columns.environment,
        )
        .where(
            columns.tenant_id == tx.tenant,
            columns.requester_id == func.any(bindparam("users", list(users), type_=ARRAY(Uuid))),
            columns.state == "active",
            columns.expires_at > tx.now,
        )
        .order_by(columns.number.desc())
        .with_for_update(read=True)
    )
    return list(await tx.connection.execute(running))


async def overdue_review(tx: Transaction, users: Collection[UserId]) -> tuple[int, UserId] | None:
    """Number and holder of the first bypass of these people whose review is overdue, also one just due."""
    columns = bypasses.c
    row = (
        await tx.connection.execute(
            select(columns.number, columns.requester_id)
            .where(
                columns.tenant_id == tx.tenant,
                columns.requester_id.in_(tuple(users)),
                or_(
                    columns.review_state == "overdue",
                    (columns.review_state == "due") & (columns.review_due_at <= tx.now),
                ),
            )
            .order_by(columns.number)
            .limit(1)
        )
    ).first()
    return None if row is None else (row.number, UserId(row.requester_id))


async def count_unjustified(tx: Transaction, user: UserId) -> int:
    """How many bypasses of the person a review has called not justified."""
    columns = bypasses.c
    counted = select(func.count()).where(
        columns.tenant_id == tx.tenant, columns.requester_id == user, columns.review_verdict == "not_justified"
    )
    return int((await tx.connection.execute(counted)).scalar_one())


async def granted_between(tx: Transaction, since: datetime, until: datetime) -> Sequence[Row[Any]]:
    """The bypasses granted in the window, oldest first."""
    columns = bypasses.c
    wanted = select(bypasses).where(
        columns.tenant_id == tx.tenant, columns.granted_at >= since, columns.granted_at < until
    )
    return (await tx.connection.execute(wanted.order_by(columns.granted_at))).all()


async def by_ids(tx: Transaction, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """These bypasses, in no particular order."""
    columns = bypasses.c
    wanted = select(bypasses).where(columns.tenant_id == tx.tenant, columns.bypass_id.in_(ids))
    return (await tx.connection.execute(wanted)).all()


async def unreviewed(tx: Transaction, *, limit: int) -> Sequence[Row[Any]]:
    """Bypasses whose review is not done, the one due first coming first."""
    columns = bypasses.c
    wanted = select(bypasses).where(columns.tenant_id == tx.tenant, columns.review_state != "done")
    return (await tx.connection.execute(wanted.order_by(columns.review_due_at).limit(limit))).all()


async def page(
    tx: Transaction, *, state: str | None, review_state: str | None, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Bypasses, newest first."""
    columns = bypasses.c
    statement = select(bypasses).where(columns.tenant_id == tx.tenant).order_by(columns.bypass_id.desc()).limit(limit)
    if state:
        statement = statement.where(columns.state == state)
    if review_state:
        statement = statement.where(columns.review_state == review_state)
    if after:
        statement = statement.where(columns.bypass_id < after)
    return (await tx.connection.execute(statement)).all()
