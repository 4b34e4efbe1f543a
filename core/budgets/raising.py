"""Use cases by which a budget gets more, and an action passes it: both by the one approval engine (C4, C5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from core.access import TokenScope, require_scope
from core.actor import Actor, system_actor
from core.agents import agents_named, projects_of
from core.approvals import RequestEvent, load_request, open_request, request_states
from core.audit import AuditCategory, audited
from core.budgets import rules, store
from core.budgets.alerting import raise_alerts
from core.budgets.catalogue import BudgetCatalogue
from core.budgets.errors import InvalidBudget, NothingToLift, NothingToRaise, RaiseWaits
from core.budgets.events import BudgetEvent
from core.budgets.guarding import load_guard
from core.budgets.loading import forget, hold, hold_now, policy_of, raises_waiting, require_manager, tell, view_of
from core.budgets.managing import said_why, settle_alerts
from core.budgets.policy import OVERRIDE, RAISE
from core.budgets.rules import Bite
from core.budgets.state import Budget, Effect, Standing
from core.budgets.views import BudgetView, RaiseView
from core.db import Database, Transaction
from core.ids import RequestId
from core.money import Money
from core.outbox import Event
from core.roles.permissions import permission_for

LASTS: Final = ("period", "always")
_LASTS_WORDS: Final = {"period": "this period", "always": "from now on"}
# What a budget hears of the requests about it.
HEARD: Final = frozenset(
    map(str, (RequestEvent.APPROVED, RequestEvent.REJECTED, RequestEvent.WITHDRAWN, RequestEvent.EXPIRED))
)
_FACT_MAX: Final = 300  # characters of an attribute of what is asked for


async def ask_raise(
    database: Database,
    catalogue: BudgetCatalogue,
    actor: Actor,
    budget_id: UUID,
    *,
    to: Money,
    lasts: str = "period",
    reason: str,
) -> BudgetView:
    """Those who decide are asked whether the limit is raised to `to`: for this period, or from now on.

    Asked for the same again while that waits, nothing new happens. Raises NothingToRaise, InvalidBudget, RaiseWaits
    while another raise waits, or NobodyToAsk.
    """
    async with audited(database, actor, action=str(BudgetEvent.RAISE_ASKED), resource=str(budget_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        policy = await policy_of(tx, catalogue)
        why = said_why(reason)
        budget = await hold(tx, budget_id)
        standing = await hold_now(tx, budget)
        wanted = _wanted(budget, standing, to, lasts)
        waiting = (await raises_waiting(tx, [budget_id])).get(budget_id)
        if waiting is not None:
            if (waiting.wanted, waiting.lasts) != (wanted, lasts):
                raise _waits(budget, waiting)
            return await view_of(tx, budget_id)
        request_id, is_approved = await open_request(
            tx,
            actor,
            policy.raising.policy(RAISE),
            action=RAISE,
            resource=_asked(budget, standing, wanted, lasts),
            justification=why,
        )
        await store.add_request(tx, request_id, budget_id, wanted=wanted, lasts=lasts)
        said = {"to": rules.amount(wanted), "lasts": lasts, "reason": why, "request_id": str(request_id)}
        await tell(tx, actor, budget, standing, event=BudgetEvent.RAISE_ASKED, details=said)
        if is_approved:
            await _settle(tx, request_id, "approved")
        return await view_of(tx, budget_id)


async def raise_at_once(
    database: Database,
    catalogue: BudgetCatalogue,
    actor: Actor,
    budget_id: UUID,
    *,
    to: Money,
    lasts: str = "period",
    reason: str,
) -> BudgetView:
    """The limit is raised, at once on every replica. For those who manage budgets."""
    async with audited(database, actor, action=str(BudgetEvent.RAISED), resource=str(budget_id)) as tx:
        require_scope(actor, TokenScope.ADMIN)
        await require_manager(tx, await policy_of(tx, catalogue), actor)
        why = said_why(reason)
        number = await store.hold_all(tx)
        budget = await hold(tx, budget_id)
        standing = await hold_now(tx, budget)
        wanted = _wanted(budget, standing, to, lasts)
        await _raise(tx, actor, budget, wanted=wanted, lasts=lasts, number=number, details={"reason": why})
        return await view_of(tx, budget_id)


async def request_override(
    database: Database, catalogue: BudgetCatalogue, actor: Actor, *, action: str, agent: str, project: str, reason: str
) -> tuple[str, RequestId]:
    """The reference and id of the request that lets the action pass its budgets once. Raises NothingToLift."""
    permission_for(action)
    async with audited(database, actor, action="budget.override_asked", resource=agent) as tx:
        require_scope(actor, TokenScope.REQUEST)
        why = said_why(reason)
        projects = projects_of(project, (await agents_named(tx, [agent])).get(agent))
        bites = (await load_guard(tx)).bites(action=action, projects=projects, agent=agent, now=tx.now)
        if not bites or bites[0].effect is Effect.WARN:
            raise NothingToLift(where="action")
        request_id, _is_approved = await ask_override(
            tx, catalogue, actor, bites[0], action=action, agent=agent, reason=why
        )
        number, _state = (await request_states(tx, [request_id]))[request_id]
        return f"REQ-{number}", request_id


async def hear_of_request(database: Database, event: Event) -> None:
    """The budget that the request is about stands where its outcome leads; heard again, nothing happens."""
    async with database.tenant(event.tenant) as tx:
        await _settle(tx, event.subject_id, event.type.partition(".")[2])


async def ask_override(
    tx: Transaction, catalogue: BudgetCatalogue, actor: Actor, bite: Bite, *, action: str, agent: str, reason: str
) -> tuple[RequestId, bool]:
    """The request that lets this action pass its budgets once, open; and whether it is approved already."""
    policy = await policy_of(tx, catalogue)
    _code, said = bite.reason(now=tx.now)
    return await open_request(
        tx,
        actor,
        policy.overriding.policy(OVERRIDE),
        action=OVERRIDE,
        resource={**override_of(action, agent), "budget": bite.guarded.budget.reference, "why": said[:_FACT_MAX]},
        justification=reason or said,
    )


def override_of(action: str, agent: str) -> dict[str, str]:
    """What an override is of: one action on one agent, whichever budgets stand in its way."""
    return {"type": "budget", "name": f"{action} of {agent}"}


def _wanted(budget: Budget, standing: Standing, to: Money, lasts: str) -> Decimal:
    if lasts not in LASTS:
        raise InvalidBudget(f"'{lasts}' is not accepted.", where="lasts", accepted=LASTS)
    if to.currency != budget.terms.currency:
        raise InvalidBudget(
            f"This budget is in {budget.terms.currency}.", where="to.currency", accepted=(budget.terms.currency,)
        )
    has = standing.limit if lasts == "period" else budget.terms.amount
    if not to.amount.is_finite() or to.amount <= has:
        raise NothingToRaise(f"It has {rules.amount(has)} {to.currency} already.", where="to")
    return to.amount


def _waits(budget: Budget, waiting: RaiseView) -> RaiseWaits:
    asked = f"{rules.amount(waiting.wanted)} {budget.terms.currency} {_LASTS_WORDS[waiting.lasts]}"
    return RaiseWaits(
        f"{waiting.reference} asks for {asked} already.",
        where="to",
        next_step="Await its outcome, or withdraw it first.",
    )


def _asked(budget: Budget, standing: Standing, wanted: Decimal, lasts: str) -> Mapping[str, str]:
    currency = budget.terms.currency
    return {
        "type": "budget",
        "name": budget.reference,
        "title": budget.terms.name,
        "counts": rules.scope_words(budget.terms.scope)[:_FACT_MAX],
        "used": f"{rules.amount_words(standing.used)} {currency}",
        "limit": f"{rules.amount_words(standing.limit)} {currency}",
        "raise_to": f"{rules.amount(wanted)} {currency}",
        "lasts": _LASTS_WORDS[lasts],
    }


async def _settle(tx: Transaction, request_id: UUID, outcome: str) -> None:
    asked = await store.request(tx, request_id)
    if asked is None or asked.settled_at is not None:
        return
    number = await store.hold_all(tx)
    budget = await store.lock(tx, asked.budget_id)
    await store.settle_request(tx, request_id)
    if budget is None or budget.ended_at is not None:
        return
    who, details = system_actor(tx.tenant), {"request_id": str(request_id), "outcome": outcome}
    standing = await hold_now(tx, budget)
    if outcome == "approved" and asked.lasts == "period":
        asked_at = (await load_request(tx, RequestId(request_id))).created_at
        if asked_at < standing.window.starts_at:  # the use that was shown, and the period meant, are over
            outcome = details["outcome"] = "too late"
    if outcome == "approved":
        await _raise(tx, who, budget, wanted=asked.wanted, lasts=asked.lasts, number=number, details=details)
        return
    said, category = {"to": rules.amount(asked.wanted), **details}, AuditCategory.SYSTEM
    await tell(tx, who, budget, standing, event=BudgetEvent.RAISE_DECLINED, details=said, category=category)


async def _raise(
    tx: Transaction,
    actor: Actor,
    budget: Budget,
    *,
    wanted: Decimal,
    lasts: str,
    number: int,
    details: Mapping[str, Any],
) -> None:
    """The limit is `wanted` now, unless it is more already."""
    standing = await hold_now(tx, budget)
    before, after = standing.limit, budget
    if lasts == "always":
        after = replace(budget, terms=replace(budget.terms, amount=max(wanted, budget.terms.amount)))
        await store.change(tx, budget.id, {"amount": after.terms.amount, "changed": number})
    elif wanted > standing.limit:
        extra = wanted - standing.amount - standing.carried
        await store.change_period(tx, budget.id, standing.window.starts_at, {"extra": extra})
    standing = await hold_now(tx, after)
    await settle_alerts(tx, after, standing)
    said = {**details, "limit_before": rules.amount(before), "lasts": lasts}
    await tell(tx, actor, after, standing, event=BudgetEvent.RAISED, details=said)
    await raise_alerts(tx, after, await hold_now(tx, after))
    await forget(tx)
