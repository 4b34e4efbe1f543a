"""All SQL of reservations: what may be spent still, held for whoever asked before they spend."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from core.budgets.model import budget_reservations
from core.db import Transaction

_HOLD: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_C: Final = budget_reservations.c


@dataclass(frozen=True, slots=True)
class Reservation:
    """So much is held until then for the usage of this id, unless that is told before."""

    usage_id: str
    project: str
    agent: str
    meter_class: str
    amount: Decimal
    expires_at: datetime


async def hold(tx: Transaction) -> None:
    """Nobody else reserves anything of the tenant's budgets until commit."""
    await tx.connection.execute(_HOLD, {"name": f"reservations {tx.tenant}"})


async def live(tx: Transaction) -> dict[str, Reservation]:
    """Those that have not expired, by usage; the others are gone."""
    mine = _C.tenant_id == tx.tenant
    await tx.connection.execute(delete(budget_reservations).where(mine, _C.expires_at <= tx.now))
    columns = (_C.usage_id, _C.project, _C.agent, _C.meter_class, _C.amount, _C.expires_at)
    rows = await tx.connection.execute(select(*columns).where(mine))
    return {row.usage_id: Reservation(*row) for row in rows}


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
