"""What every use case of budgets begins and ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from core.access import Directory, directory
from core.actor import Actor, Door
from core.approvals import request_states
from core.audit import AuditCategory, record
from core.budgets import rules, store
from core.budgets.alerting import described
from core.budgets.catalogue import BudgetCatalogue
from core.budgets.errors import NotManager, NotYourBudget, OverBudget, UnknownBudget
from core.budgets.events import BudgetEvent
from core.budgets.periods import Scheme, Window, window_of
from core.budgets.policy import BudgetPolicy
from core.budgets.reserved import reserved_of
from core.budgets.rules import Guarded
from core.budgets.state import Budget, Standing, Terms
from core.budgets.views import BudgetView, RaiseView
from core.db import Transaction
from core.ids import UserId
from core.outbox import emit
from core.tenants import tenant_policy

PAST_SHOWN: Final = 24  # periods
_FORGET: Final = text("SELECT pg_notify('countersign_tenants', '')")


async def policy_of(tx: Transaction, catalogue: BudgetCatalogue) -> BudgetPolicy:
    """The tenant's policy in force. Raises Unavailable."""
    return catalogue.for_tenant(await tenant_policy(tx))


async def hold(tx: Transaction, budget_id: UUID) -> Budget:
    """The budget, locked. Raises UnknownBudget, or OverBudget for one that is over."""
    budget = await store.lock(tx, budget_id)
    if budget is None:
        raise UnknownBudget(where="budget")
    if budget.ended_at is not None:
        raise OverBudget(f"{budget.reference} was ended; restore it first.", where="budget")
    return budget


async def hold_now(tx: Transaction, budget: Budget) -> Standing:
    """How the period stands that runs now; nobody counts into it until commit."""
    return await store.hold_period(tx, budget, window_now(tx, budget))


def window_now(tx: Transaction, budget: Budget) -> Window:
    """The period that runs now."""
    window = window_of(budget.schemes, tx.now)
    if window is None:
        raise OverBudget(f"{budget.reference} has not begun.", where="budget")
    return window


async def require_manager(tx: Transaction, policy: BudgetPolicy, actor: Actor) -> None:
    """Returns if the actor manages budgets here. Raises NotManager."""
    if not await is_manager(tx, policy, actor):
        raise NotManager(accepted=policy.managers, next_step="Ask for a raise instead.")


async def require_owner(tx: Transaction, policy: BudgetPolicy, actor: Actor, budget: Budget) -> None:
    """Returns if the actor owns the budget or manages budgets. Raises NotYourBudget."""
    if actor.user in budget.terms.owners or await is_manager(tx, policy, actor):
        return
    raise NotYourBudget(accepted=(*policy.managers, "its owners"))


async def is_manager(tx: Transaction, policy: BudgetPolicy, actor: Actor) -> bool:
    """Whether the actor manages budgets here."""
    if actor.door is Door.SYSTEM or actor.is_enterprise_admin:
        return True
    everybody = await directory(tx)
    held = everybody.roles.get(actor.user, frozenset()) if actor.user else frozenset()
    return bool(held & _managing(policy))


def keepers(policy: BudgetPolicy, everybody: Directory, terms: Terms) -> tuple[UserId, ...]:
    """Whom `require_owner` lets pass, of the tenant's people: the owners, then those who manage budgets."""
    managers = {user for role in _managing(policy) for user in everybody.by_role.get(role, ())}
    return tuple(dict.fromkeys((*terms.owners, *sorted(managers))))


def _managing(policy: BudgetPolicy) -> frozenset[str]:
    """The roles that manage budgets."""
    return frozenset({*policy.managers, "enterprise_administrator"})


async def tell(
    tx: Transaction,
    actor: Actor,
    budget: Budget,
    standing: Standing,
    *,
    event: BudgetEvent,
    details: Mapping[str, Any] | None = None,
    category: AuditCategory = AuditCategory.USER,
) -> None:
    """What has happened to the budget is recorded and told."""
    said = {**described(budget, standing), **({"by": actor.name} if actor.user else {}), **(details or {})}
    await record(
        tx,
        actor,
        action=str(event),
        resource=budget.reference,
        subject_id=budget.id,
        category=category,
        details=said,
    )
    await emit(tx, subject=f"budget:{budget.id}", type=event, data=said)


async def forget(tx: Transaction) -> None:
    """Every replica reads the tenant's budgets anew once this commits."""
    await tx.connection.execute(_FORGET)
    await tx.cache.forget()


async def views_of(
    tx: Transaction, found: Sequence[tuple[Budget, Standing]], everybody: Directory
) -> tuple[BudgetView, ...]:
    """The budgets as doors show them."""
    waiting = await raises_waiting(tx, [budget.id for budget, _ in found])
    reserved = await reserved_of(tx, found)
    return tuple(
        replace(_view(tx, budget, standing, everybody, waiting.get(budget.id)), reserved=reserved[budget.id])
        for budget, standing in found
    )


async def view_of(tx: Transaction, budget_id: UUID, *, at: datetime | None = None) -> BudgetView:
    """The budget as doors show it, in the period that holds `at` (now), with its past. Raises UnknownBudget."""
    found = await store.with_standing(tx, at=at or tx.now, budget_id=budget_id)
    if not found:
        raise UnknownBudget(where="budget")
    (view,) = await views_of(tx, found, await directory(tx))
    ((budget, standing),) = found
    periods = await store.periods_of(tx, budget, limit=PAST_SHOWN + 1)
    past = tuple(each for each in periods if each.window.ends_at <= tx.now and each.window != standing.window)
    return replace(view, past=past[:PAST_SHOWN])


def _view(
    tx: Transaction, budget: Budget, standing: Standing, everybody: Directory, asked: RaiseView | None
) -> BudgetView:
    scheme: Scheme = budget.schemes[-1]
    people = everybody.people
    by = standing.acknowledged_by
    return BudgetView(
        id=budget.id,
        reference=budget.reference,
        terms=budget.terms,
        period=scheme.period,
        zone=scheme.zone,
        standing=standing,
        owners=tuple(people[each] for each in budget.terms.owners if each in people),
        controls_now=rules.in_force(Guarded(budget, standing)),
        projected=rules.projected(standing, now=tx.now),
        gone_at=rules.gone_at(standing, now=tx.now),
        resets_in=rules.resets_in(standing, now=tx.now),
        declared=budget.declared,
        ended_at=budget.ended_at,
        acknowledged_by=people.get(by) if by else None,
        raise_asked=asked,
    )


async def raises_waiting(tx: Transaction, budget_ids: Sequence[UUID]) -> dict[UUID, RaiseView]:
    """The raise that waits for approval, by budget."""
    found = await store.open_requests(tx, budget_ids) if budget_ids else {}
    if not found:
        return {}
    states = await request_states(tx, [row.request_id for row in found.values()])
    return {
        budget_id: RaiseView(f"REQ-{states[row.request_id][0]}", row.request_id, row.wanted, row.lasts)
        for budget_id, row in found.items()
        if states.get(row.request_id, (0, ""))[1] == "pending"
    }
