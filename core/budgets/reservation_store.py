"""All SQL of reservations: what may be spent still, held for whoever asked before they spend."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from core.budgets.model import budget_reservations
from core.budgets.state import Scope
from core.db import Transaction
from core.money import EXACT

_HOLD: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_C: Final = budget_reservations.c
_WHOLE: Final = (_C.usage_id, _C.project, _C.agent, _C.meter_class, _C.amount, _C.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """So much is held for usage of this project, agent and class."""

    project: str
    agent: str
    meter_class: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation(Held):
    """It is held until then for the usage of this id, unless that is told before."""

    usage_id: str
    expires_at: datetime


def held_within(scope: Scope, held: Iterable[Held]) -> Decimal:
    """How much of what is held the scope counts."""
    total = Decimal(0)
    for each in held:
        if scope.counts(project=each.project, agent=each.agent, meter_class=each.meter_class):
            total = EXACT.add(total, each.amount)
    return total


async def hold(tx: Transaction) -> None:
    """Nobody else reserves anything of the tenant's budgets until commit."""
    await tx.connection.execute(_HOLD, {"name": f"reservations {tx.tenant}"})


async def expire(tx: Transaction) -> None:
    """Those whose time is over hold nothing any more."""
    mine = _C.tenant_id == tx.tenant
    await tx.connection.execute(delete(budget_reservations).where(mine, _C.expires_at <= tx.now))


async def some(tx: Transaction, *, after: str = "", limit: int | None = None) -> list[str]:
    """The usages that something is reserved for, in the order of their ids, beyond `after`."""
    wanted = select(_C.usage_id).where(_C.tenant_id == tx.tenant, _C.usage_id > after).order_by(_C.usage_id)
    return list((await tx.connection.execute(wanted.limit(limit))).scalars())


async def sums(tx: Transaction) -> tuple[list[Held], int]:
    """What is held in all, for each project, agent and class, and by how many reservations."""
    names = (_C.project, _C.agent, _C.meter_class)
    figures = (func.sum(_C.amount).label("amount"), func.count().label("reservations"))
    wanted = select(*names, *figures).where(_C.tenant_id == tx.tenant).group_by(*names)
    rows = (await tx.connection.execute(wanted)).all()
    held = [Held(project=row.project, agent=row.agent, meter_class=row.meter_class, amount=row.amount) for row in rows]
    return held, sum(row.reservations for row in rows)


async def running(tx: Transaction) -> list[Reservation]:
    """Each whose time is not over."""
    rows = await tx.connection.execute(select(*_WHOLE).where(_C.tenant_id == tx.tenant, _C.expires_at > tx.now))
    return [Reservation(**row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's public name


async def of(tx: Transaction, ids: Collection[str]) -> dict[str, Reservation]:
    """Those for these usages, by their ids."""
    rows = await tx.connection.execute(select(*_WHOLE).where(_C.tenant_id == tx.tenant, _C.usage_id.in_(list(ids))))
    return {row.usage_id: Reservation(**row._mapping) for row in rows}  # noqa: SLF001  SQLAlchemy's public name


async def keep(tx: Transaction, reservations: Iterable[Reservation]) -> None:
    """They hold, each in the place of an earlier one for the same usage."""
    values = [
        {
            "tenant_id": tx.tenant,
            "usage_id": each.usage_id,
            "project": each.project,
            "agent": each.agent,
            "meter_class": each.meter_class,
            "amount": each.amount,
            "expires_at": each.expires_at,
        }
        for each in reservations
    ]
    if not values:
        return
    rows = insert(budget_reservations).values(values)
    kept = ("project", "agent", "meter_class", "amount", "expires_at")
    await tx.connection.execute(
        rows.on_conflict_do_update(
            index_elements=["tenant_id", "usage_id"], set_={name: rows.excluded[name] for name in kept}
        )
    )


async def drop(tx: Transaction, ids: Collection[str]) -> None:
    """They hold nothing any more."""
    if ids:
        mine = _C.tenant_id == tx.tenant
        await tx.connection.execute(delete(budget_reservations).where(mine, _C.usage_id.in_(list(ids))))
