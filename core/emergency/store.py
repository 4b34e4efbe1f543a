"""All SQL of bypasses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Uuid, bindparam, func, or_, select, update

from core.access import Directory, PersonView
from core.db import Transaction
from core.emergency.model import bypasses
from core.emergency.views import BypassView
from core.ids import UserId
from core.links import tickets_of


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


async def id_of_number(tx: Transaction, number: int) -> UUID | None:
    """The id behind BYP-<number>."""
    columns = bypasses.c
    found: UUID | None = (
        await tx.connection.execute(
            select(columns.bypass_id).where(columns.tenant_id == tx.tenant, columns.number == number)
        )
    ).scalar()
    return found


async def active_of(tx: Transaction, users: Collection[UserId]) -> list[Row[Any]]:
    """These people's bypasses that run now, newest first."""
    columns = bypasses.c
    running: Select[Any] = (
        select(columns.bypass_id, columns.requester_id, columns.action, columns.resource_name)
        .where(
            columns.tenant_id == tx.tenant,
            columns.requester_id == func.any(bindparam("users", list(users), type_=ARRAY(Uuid))),
            columns.state == "active",
            columns.expires_at > tx.now,
        )
        .order_by(columns.number.desc())
    )
    return list(await tx.connection.execute(running))


async def has_overdue_review(tx: Transaction, user: UserId) -> int | None:
    """The number of an overdue review of the person's bypasses, if there is one; also one just due."""
    columns = bypasses.c
    found: int | None = (
        await tx.connection.execute(
            select(columns.number)
            .where(
                columns.tenant_id == tx.tenant,
                columns.requester_id == user,
                or_(
                    columns.review_state == "overdue",
                    (columns.review_state == "due") & (columns.review_due_at <= tx.now),
                ),
            )
            .order_by(columns.number)
            .limit(1)
        )
    ).scalar()
    return found


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


async def views(tx: Transaction, rows: Sequence[Row[Any]], everybody: Directory) -> tuple[BypassView, ...]:
    """The rows as doors show them; one more statement for all tickets."""
    links = await tickets_of(tx, [row.bypass_id for row in rows]) if rows else {}

    def person(user: UUID | None) -> PersonView | None:
        return None if user is None else everybody.people[UserId(user)]

    return tuple(
        BypassView(
            id=row.bypass_id,
            reference=f"BYP-{row.number}",
            tenant=tx.tenant,
            requester=everybody.people[UserId(row.requester_id)],
            action=row.action,
            resource=row.resource_name,
            justification=row.justification,
            status=row.state,
            granted_at=row.granted_at,
            expires_at=row.expires_at,
            ended_at=row.ended_at,
            risk=row.risk["level"],
            acknowledged_by=person(row.acknowledged_by),
            acknowledged_at=row.acknowledged_at,
            review_due_at=row.review_due_at,
            review_status=row.review_state,
            review_verdict=row.review_verdict,
            tickets=links.get(row.bypass_id, ()),
            risk_factors=tuple((name, points) for name, points in row.risk["factors"]),
            reviewed_by=person(row.reviewed_by),
            review_notes=row.review_notes,
        )
        for row in rows
    )
