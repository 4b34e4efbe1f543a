"""Use cases of those who manage budgets: create, update, end, restore, reset (C2, demands 16, 17, 19)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from core.access import TokenScope, directory, require_scope
from core.actor import Actor
from core.audit import audited
from core.budgets import rules, store
from core.budgets.alerting import raise_alerts
from core.budgets.catalogue import BudgetCatalogue
from core.budgets.errors import InvalidBudget, OverBudget, UnknownBudget
from core.budgets.events import BudgetEvent
from core.budgets.loading import forget, hold, hold_now, policy_of, require_manager, tell, view_of, window_now
from core.budgets.periods import Period, PeriodKind, Scheme, begun, changed
from core.budgets.proposing import Proposal, changed_terms, new_terms, period_in
from core.budgets.state import Budget, Standing, Terms
from core.budgets.views import BudgetView
from core.costs import spent_in
from core.db import Database, Transaction, next_number
from core.deadlines import clear, set_deadline
from core.ids import UserId, uuid7
from core.tenants import tenant_policy

TURN: Final = "budgets.turn"
REASON_MAX: Final = 1000  # characters


async def create(database: Database, catalogue: BudgetCatalogue, actor: Actor, said: Proposal) -> BudgetView:
    """The budget counts: what was spent in the period that runs, so far, and everything from now on.

    Raises InvalidBudget naming the field, or NotManager.
    """
    about = (said.name or said.project or said.agent or "budget")[:100]
    async with audited(database, actor, action=str(BudgetEvent.CREATED), resource=about) as tx:
        require_scope(actor, TokenScope.ADMIN)
        policy = await policy_of(tx, catalogue)
        await require_manager(tx, policy, actor)
        terms = new_terms(policy, said, await people_of(tx))
        tenant = await tenant_policy(tx)
        catalogue.check_currency(tenant, terms.currency)
        catalogue.check_meter_class(tenant, terms.scope.meter_class)
        period = period_in(said) or Period(PeriodKind.MONTH)
        budget = await begin(tx, actor, terms, period)
        return await view_of(tx, budget.id)


async def update(
    database: Database, catalogue: BudgetCatalogue, actor: Actor, budget_id: UUID, said: Proposal
) -> BudgetView:
    """The budget is as was said, at once on every replica; a new period begins now, with nothing used."""
    async with audited(database, actor, action=str(BudgetEvent.UPDATED), resource=str(budget_id)) as tx:
        require_scope(actor, TokenScope.ADMIN)
        policy = await policy_of(tx, catalogue)
        await require_manager(tx, policy, actor)
        number = await store.hold_all(tx)
        budget = await hold(tx, budget_id)
        terms = changed_terms(budget.terms, said, await people_of(tx))
        await alter(tx, actor, budget, terms, period_in(said), number=number)
        return await view_of(tx, budget_id)


async def end(database: Database, catalogue: BudgetCatalogue, actor: Actor, budget_id: UUID) -> BudgetView:
    """The budget counts and controls nothing any more; what it counted stays to be seen."""
    async with audited(database, actor, action=str(BudgetEvent.ENDED), resource=str(budget_id)) as tx:
        require_scope(actor, TokenScope.ADMIN)
        await require_manager(tx, await policy_of(tx, catalogue), actor)
        number = await store.hold_all(tx)
        budget = await hold(tx, budget_id)
        await finish(tx, actor, budget, number=number)
        return await view_of(tx, budget_id)


async def restore(database: Database, catalogue: BudgetCatalogue, actor: Actor, budget_id: UUID) -> BudgetView:
    """A budget that was ended counts again, as if it had never been: the period that runs is counted anew."""
    async with audited(database, actor, action=str(BudgetEvent.UPDATED), resource=str(budget_id)) as tx:
        require_scope(actor, TokenScope.ADMIN)
        await require_manager(tx, await policy_of(tx, catalogue), actor)
        number = await store.hold_all(tx)
        budget = await store.lock(tx, budget_id)
        if budget is None:
            raise UnknownBudget(where="budget")
        if budget.ended_at is None:
            raise OverBudget(f"{budget.reference} is not over.", where="budget")
        await store.change(tx, budget_id, {"ended_at": None, "changed": number})
        budget = replace(budget, ended_at=None)
        standing = await recount(tx, budget)
        await set_deadline(tx, budget_id, TURN, standing.window.ends_at)
        await tell(tx, actor, budget, standing, event=BudgetEvent.UPDATED, details={"restored": True})
        await raise_alerts(tx, budget, standing)
        await forget(tx)
        return await view_of(tx, budget_id)


async def reset(
    database: Database, catalogue: BudgetCatalogue, actor: Actor, budget_id: UUID, *, reason: str
) -> BudgetView:
    """What was used so far in this period counts no more; the ledger and what was spent stay as they are."""
    async with audited(database, actor, action=str(BudgetEvent.RESET), resource=str(budget_id)) as tx:
        require_scope(actor, TokenScope.ADMIN)
        await require_manager(tx, await policy_of(tx, catalogue), actor)
        why = said_why(reason)
        budget = await hold(tx, budget_id)
        standing = await hold_now(tx, budget)
        values = {"forgiven": standing.spent, "reset_at": tx.now, "alerted": []}
        await store.change_period(tx, budget_id, standing.window.starts_at, values)
        after = replace(standing, forgiven=standing.spent, reset_at=tx.now)
        details = {"reason": why, "used_before": rules.amount(standing.used)}
        await tell(tx, actor, budget, after, event=BudgetEvent.RESET, details=details)
        return await view_of(tx, budget_id)


async def undo_reset(database: Database, catalogue: BudgetCatalogue, actor: Actor, budget_id: UUID) -> BudgetView:
    """What a reset by hand forgave in this period counts again. Raises OverBudget if there was none."""
    async with audited(database, actor, action=str(BudgetEvent.RESET), resource=str(budget_id)) as tx:
        require_scope(actor, TokenScope.ADMIN)
        await require_manager(tx, await policy_of(tx, catalogue), actor)
        budget = await hold(tx, budget_id)
        standing = await hold_now(tx, budget)
        if standing.reset_at is None:
            raise OverBudget(f"{budget.reference} was not reset in this period.", where="budget")
        values = {"forgiven": Decimal(0), "reset_at": None}
        await store.change_period(tx, budget_id, standing.window.starts_at, values)
        after = replace(standing, forgiven=Decimal(0), reset_at=None)
        details = {"undone": True, "reason": "The reset is undone."}
        await tell(tx, actor, budget, after, event=BudgetEvent.RESET, details=details)
        await raise_alerts(tx, budget, after)
        return await view_of(tx, budget_id)


async def begin(
    tx: Transaction,
    actor: Actor,
    terms: Terms,
    period: Period,
    *,
    declared: str = "",
    digest: str = "",
) -> Budget:
    """The budget is there, and what its first period has cost so far is counted."""
    number = await store.hold_all(tx)
    zone = (await tenant_policy(tx)).time_zone
    scheme = begun(period, zone, now=tx.now)
    budget = Budget(uuid7(), await next_number(tx, "BUD"), terms, (scheme,), declared)
    await store.add(
        tx,
        {
            "budget_id": budget.id,
            "number": budget.number,
            "declared": declared,
            "declared_digest": digest,
            "schemes": [scheme.to_json()],
            "changed": number,
            "created_at": tx.now,
            "updated_at": tx.now,
            **store.values_of(terms),
        },
    )
    standing = await recount(tx, budget)
    await set_deadline(tx, budget.id, TURN, standing.window.ends_at)
    details = {"period_kind": str(period), "counts": rules.scope_words(terms.scope), "declared": declared}
    await tell(tx, actor, budget, standing, event=BudgetEvent.CREATED, details=details)
    await raise_alerts(tx, budget, standing)
    await forget(tx)
    return budget


async def alter(
    tx: Transaction, actor: Actor, budget: Budget, terms: Terms, period: Period | None, *, number: int, digest: str = ""
) -> None:
    """The budget has these terms and periods. For whoever holds all budgets of the tenant."""
    zone = (await tenant_policy(tx)).time_zone
    values: dict[str, Any] = {**store.values_of(terms), "changed": number}
    if digest:
        values["declared_digest"] = digest
    after = replace(budget, terms=terms)
    standing = await hold_now(tx, budget)
    if period is not None and period != budget.schemes[-1].period:
        after = replace(after, schemes=_begun_anew(budget, period, zone, now=tx.now))
        values["schemes"] = [each.to_json() for each in after.schemes]
        cut = {"ends_at": tx.now, "closed_amount": budget.terms.amount, "closed_at": tx.now}
        if standing.window.starts_at < tx.now:
            await store.change_period(tx, budget.id, standing.window.starts_at, cut)
        await store.open_period(tx, budget.id, window_now(tx, after), {})
    await store.change(tx, budget.id, values)
    standing = await hold_now(tx, after)
    await settle_alerts(tx, after, standing)
    await set_deadline(tx, budget.id, TURN, standing.window.ends_at)
    await tell(tx, actor, after, standing, event=BudgetEvent.UPDATED, details=_difference(budget, after))
    await raise_alerts(tx, after, await hold_now(tx, after))
    await forget(tx)


async def finish(tx: Transaction, actor: Actor, budget: Budget, *, number: int) -> None:
    """The budget is over. For whoever holds all budgets of the tenant."""
    standing = await hold_now(tx, budget)
    await store.change(tx, budget.id, {"ended_at": tx.now, "changed": number})
    await clear(tx, budget.id)
    await tell(tx, actor, budget, standing, event=BudgetEvent.ENDED)
    await forget(tx)


async def settle_alerts(tx: Transaction, budget: Budget, standing: Standing) -> None:
    """Alerts that hold no more, as the limit or the use is another, are armed anew."""
    kept = rules.still_alerted(budget.terms, standing, now=tx.now)
    if kept != standing.alerted:
        await store.change_period(tx, budget.id, standing.window.starts_at, {"alerted": sorted(kept)})


async def recount(tx: Transaction, budget: Budget) -> Standing:
    """The period that runs has counted what the ledger says. For whoever holds all budgets of the tenant."""
    window = window_now(tx, budget)
    spent, charges = await _ledger_says(tx, budget, window.starts_at, window.ends_at)
    await store.open_period(tx, budget.id, window, {"spent": spent, "charges": charges})
    standing = await store.hold_period(tx, budget, window)
    if standing.reset_at is None:
        return standing
    forgiven, _charges = await _ledger_says(tx, budget, window.starts_at, standing.counted_since)
    await store.change_period(tx, budget.id, window.starts_at, {"forgiven": forgiven})
    return replace(standing, forgiven=forgiven)


async def _ledger_says(tx: Transaction, budget: Budget, since: datetime, until: datetime) -> tuple[Decimal, int]:
    scope = budget.terms.scope
    return await spent_in(
        tx,
        project=scope.project,
        agent=scope.agent,
        meter_class=scope.meter_class,
        currency=budget.terms.currency,
        since=since,
        until=until,
    )


async def people_of(tx: Transaction) -> Mapping[str, UserId]:
    """The people of the tenant by e-mail."""
    return {email: person.id for email, person in (await directory(tx)).by_email.items()}


def said_why(reason: str) -> str:
    """The reason, trimmed. Raises InvalidBudget."""
    text = reason.strip()
    if not 1 <= len(text) <= REASON_MAX:
        raise InvalidBudget(f"Say why, in 1 to {REASON_MAX} characters.", where="reason")
    return text


def _begun_anew(budget: Budget, period: Period, zone: str, *, now: datetime) -> tuple[Scheme, ...]:
    """A scheme that begins at this very instant has counted nothing yet, and is replaced."""
    before = tuple(each for each in budget.schemes if each.since < now)
    return changed(before, period, zone, now=now)


def _difference(before: Budget, after: Budget) -> dict[str, Any]:
    """What is another, for the record."""
    told: dict[str, Any] = {}
    if before.terms.amount != after.terms.amount:
        told["amount"] = [rules.amount(before.terms.amount), rules.amount(after.terms.amount)]
    if before.schemes != after.schemes:
        told["period_kind"] = [str(before.schemes[-1].period), str(after.schemes[-1].period)]
    kept = ("name", "roll_over", "roll_over_cap", "thresholds", "has_forecast", "controls", "owners")
    other = [name for name in kept if getattr(before.terms, name) != getattr(after.terms, name)]
    return {**told, **({"fields": other} if other else {})}
