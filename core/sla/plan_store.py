"""All SQL of plans and actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from core.db import Transaction
from core.ids import uuid7
from core.sla.model import actions, plans

_P, _A = plans.c, actions.c


async def add_plan(tx: Transaction, values: Mapping[str, Any]) -> UUID:
    """It is there; its id."""
    plan_id = uuid7()
    await tx.connection.execute(
        plans.insert().values(tenant_id=tx.tenant, plan_id=plan_id, created_at=tx.now, **values)
    )
    return plan_id


async def lock_plan(tx: Transaction, plan_id: UUID) -> Row[Any] | None:
    """The plan, locked."""
    wanted = select(plans).where(_P.tenant_id == tx.tenant, _P.plan_id == plan_id).with_for_update()
    return (await tx.connection.execute(wanted)).first()


async def plan_by_id(tx: Transaction, plan_id: UUID) -> Row[Any] | None:
    """The plan."""
    return (await tx.connection.execute(select(plans).where(_P.tenant_id == tx.tenant, _P.plan_id == plan_id))).first()


async def page_of_plans(tx: Transaction, *, service: str | None, after: int | None, limit: int) -> Sequence[Row[Any]]:
    """Plans, newest first."""
    wanted = select(plans).where(_P.tenant_id == tx.tenant)
    if service is not None:
        wanted = wanted.where(_P.service == service)
    if after is not None:
        wanted = wanted.where(_P.number < after)
    return (await tx.connection.execute(wanted.order_by(_P.number.desc()).limit(limit))).all()


async def change_plan(tx: Transaction, plan_id: UUID, values: Mapping[str, Any]) -> None:
    """It has these values."""
    await tx.connection.execute(update(plans).where(_P.tenant_id == tx.tenant, _P.plan_id == plan_id).values(**values))


async def add_action(tx: Transaction, values: Mapping[str, Any]) -> UUID:
    """It is there; its id."""
    action_id = uuid7()
    await tx.connection.execute(
        actions.insert().values(tenant_id=tx.tenant, action_id=action_id, created_at=tx.now, state="open", **values)
    )
    return action_id


async def lock_action(tx: Transaction, action_id: UUID) -> Row[Any] | None:
    """The action, locked."""
    wanted = select(actions).where(_A.tenant_id == tx.tenant, _A.action_id == action_id).with_for_update()
    return (await tx.connection.execute(wanted)).first()


async def open_actions(tx: Transaction, plan_id: UUID) -> Sequence[Row[Any]]:
    """The plan's actions that are open, locked; everybody locks in one order."""
    mine = select(actions).where(_A.tenant_id == tx.tenant, _A.plan_id == plan_id, _A.state == "open")
    return (await tx.connection.execute(mine.order_by(_A.action_id).with_for_update())).all()


async def change_action(tx: Transaction, action_id: UUID, values: Mapping[str, Any]) -> None:
    """It has these values."""
    await tx.connection.execute(
        update(actions).where(_A.tenant_id == tx.tenant, _A.action_id == action_id).values(**values)
    )


async def find_actions(
    tx: Transaction,
    *,
    action_id: UUID | None = None,
    plan_id: UUID | None = None,
    service: str | None = None,
    state: str | None = None,
    after: UUID | None = None,
    limit: int = 200,
) -> Sequence[Row[Any]]:
    """Actions, newest first."""
    wanted = select(actions).where(_A.tenant_id == tx.tenant)
    for column, value in ((_A.action_id, action_id), (_A.plan_id, plan_id), (_A.service, service), (_A.state, state)):
        if value is not None:
            wanted = wanted.where(column == value)
    if after is not None:
        wanted = wanted.where(_A.action_id < after)
    return (await tx.connection.execute(wanted.order_by(_A.action_id.desc()).limit(limit))).all()


async def actions_of_plans(tx: Transaction, plan_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """The actions of these plans, as they were proposed and added."""
    wanted = select(actions).where(_A.tenant_id == tx.tenant, _A.plan_id.in_(plan_ids))
    return (await tx.connection.execute(wanted.order_by(_A.action_id))).all()


def is_late(row: Row[Any], now: datetime) -> bool:
    """Whether it should have been done."""
    return row.state == "open" and row.due_at is not None and row.due_at < now
