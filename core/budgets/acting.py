"""Use cases of a budget's owners: acknowledge, throttle, lift the throttle (C4, C5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from core.access import TokenScope, member_of, require_scope
from core.actor import Actor
from core.audit import audited
from core.budgets import store
from core.budgets.catalogue import BudgetCatalogue
from core.budgets.errors import InvalidBudget
from core.budgets.events import BudgetEvent
from core.budgets.loading import hold, hold_now, policy_of, require_owner, tell, view_of
from core.budgets.policy_file import PER_HOUR_MAX
from core.budgets.views import BudgetView
from core.db import Database


async def acknowledge(database: Database, catalogue: BudgetCatalogue, actor: Actor, budget_id: UUID) -> BudgetView:
    """It is seen that somebody looks after it, until the period ends. Raises NotYourBudget."""
    seen = {"acknowledged_by": member_of(actor), "acknowledged_at": database.clock.now()}
    return await _act(database, catalogue, actor, budget_id, BudgetEvent.ACKNOWLEDGED, seen)


async def throttle(
    database: Database, catalogue: BudgetCatalogue, actor: Actor, budget_id: UUID, *, per_hour: int | None = None
) -> BudgetView:
    """So many governed actions an hour are let through under this budget, until the period ends or it is lifted."""
    async with database.tenant(actor.tenant) as tx:
        usual = (await policy_of(tx, catalogue)).throttle_per_hour
    rate = usual if per_hour is None else per_hour
    if not 1 <= rate <= PER_HOUR_MAX:
        raise InvalidBudget(f"1 to {PER_HOUR_MAX} an hour.", where="per_hour")
    values = {"throttle_per_hour": rate, "paced_until": None}
    return await _act(database, catalogue, actor, budget_id, BudgetEvent.THROTTLED, values, told={"per_hour": rate})


async def lift_throttle(database: Database, catalogue: BudgetCatalogue, actor: Actor, budget_id: UUID) -> BudgetView:
    """The throttle that was asked for by hand is gone."""
    values = {"throttle_per_hour": None, "paced_until": None}
    return await _act(database, catalogue, actor, budget_id, BudgetEvent.THROTTLE_LIFTED, values)


async def _act(
    database: Database,
    catalogue: BudgetCatalogue,
    actor: Actor,
    budget_id: UUID,
    event: BudgetEvent,
    values: Mapping[str, Any],
    *,
    told: Mapping[str, Any] | None = None,
) -> BudgetView:
    async with audited(database, actor, action=str(event), resource=str(budget_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        budget = await hold(tx, budget_id)
        await require_owner(tx, await policy_of(tx, catalogue), actor, budget)
        standing = await hold_now(tx, budget)
        await store.change_period(tx, budget_id, standing.window.starts_at, values)
        await tell(tx, actor, budget, replace(standing, **values), event=event, details=told)
        return await view_of(tx, budget_id)
