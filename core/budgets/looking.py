"""Questions about budgets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid5

from core.access import PersonView, TokenScope, directory, permitted
from core.actor import Actor
from core.budgets import store
from core.budgets.catalogue import BudgetCatalogue
from core.budgets.errors import InvalidBudget, UnknownBudget
from core.budgets.loading import keepers, policy_of, view_of, views_of, window_now
from core.budgets.periods import window_of
from core.budgets.views import BudgetView
from core.costs import spent_by_step
from core.db import Database, Transaction
from core.money import EXACT

HOURLY_UP_TO: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class BudgetFilter:
    """Which budgets; every field narrows."""

    project: str | None = None
    agent: str | None = None
    meter_class: str | None = None
    is_mine: bool = False
    is_exceeded: bool = False
    contains: str | None = None
    after: int | None = None  # those whose numbers are above this one


async def list_budgets(database: Database, actor: Actor, wanted: BudgetFilter) -> tuple[BudgetView, ...]:
    """Those that are not over, by their numbers."""
    async with permitted(database, actor, TokenScope.READ, action="budget.list", resource="budgets") as tx:
        found = await store.with_standing(tx, at=tx.now)
        views = await views_of(tx, found, await directory(tx))
        return tuple(each for each in views if _fits(each, wanted, actor))


async def shares_used(tx: Transaction) -> dict[str, tuple[str, float]]:
    """Of each budget that is not over, by its reference: its name, and which share of its limit is used now."""
    return {
        f"BUD-{budget.number}": (budget.terms.name, float(standing.used / standing.limit))
        for budget, standing in await store.with_standing(tx, at=tx.now)
        if standing.limit > 0
    }


async def get_budget(database: Database, actor: Actor, reference: UUID | int) -> BudgetView:
    """The budget with its past periods, over or not. Raises UnknownBudget."""
    async with permitted(database, actor, TokenScope.READ, action="budget.show", resource=str(reference)) as tx:
        if isinstance(reference, int):
            budget = await store.find(tx, number=reference)
            if budget is None:
                raise UnknownBudget(f"There is no budget BUD-{reference}.", where="budget")
            reference = budget.id
        return await view_of(tx, reference)


async def get_period(database: Database, actor: Actor, period: UUID) -> BudgetView:
    """The budget whose period that runs now has this id. Raises UnknownBudget."""
    async with permitted(database, actor, TokenScope.READ, action="budget.show", resource=str(period)) as tx:
        for budget, standing in await store.with_standing(tx, at=tx.now):
            if period_id(budget.id, standing.window.starts_at) == period:
                return await view_of(tx, budget.id)
        raise UnknownBudget(where="budget")


def period_id(budget_id: UUID, starts_at: datetime) -> UUID:
    """By which messages of one period of a budget are known."""
    return uuid5(budget_id, starts_at.astimezone(UTC).isoformat())


async def keepers_of(tx: Transaction, catalogue: BudgetCatalogue, budget: BudgetView) -> tuple[PersonView, ...]:
    """Whoever may acknowledge it and slow it down: its owners first, then those who manage budgets."""
    everybody = await directory(tx)
    found = keepers(await policy_of(tx, catalogue), everybody, budget.terms)
    return tuple(everybody.people[each] for each in found if each in everybody.people)


async def load_budget(tx: Transaction, budget_id: UUID, *, at: datetime | None = None) -> BudgetView:
    """The budget in the period that holds `at` (now), for whoever shows it to others. Raises UnknownBudget."""
    return await view_of(tx, budget_id, at=at)


async def load_period(tx: Transaction, budget_id: UUID, at: datetime | None) -> BudgetView:
    """The budget in the period that holds `at` (now). Raises UnknownBudget, or InvalidBudget where it had none then."""
    budget = await store.find(tx, budget_id=budget_id)
    if budget is None:
        raise UnknownBudget(where="budget")
    if at is not None:
        begins = budget.schemes[0].since
        first, ends = window_of(budget.schemes, begins), window_now(tx, budget).ends_at
        if first is None or not begins <= at < ends:
            until = f"{first.ends_at:%Y-%m-%dT%H:%M:%SZ}" if first else ""
            raise InvalidBudget(
                f"{budget.reference} has no such period: its first is from {begins:%Y-%m-%dT%H:%M:%SZ} to {until}, "
                f"and the one that runs ends {ends:%Y-%m-%dT%H:%M:%SZ}.",
                where="period",
                accepted=(f"{begins:%Y-%m-%dT%H:%M:%SZ}", f"before {ends:%Y-%m-%dT%H:%M:%SZ}"),
            )
    return await view_of(tx, budget_id, at=at)


async def load_budgets(tx: Transaction, budget_ids: Collection[UUID]) -> tuple[BudgetView, ...]:
    """Those of these budgets that are not over, as they are now."""
    found = [each for each in await store.with_standing(tx, at=tx.now) if each[0].id in budget_ids]
    return await views_of(tx, found, await directory(tx)) if found else ()


async def burn_of(tx: Transaction, budget: BudgetView) -> tuple[tuple[datetime, Decimal], ...]:
    """What was used of the budget's period before and after each day, or hour of a short one, with charges, by time."""
    standing = budget.standing
    window = standing.window
    step = timedelta(hours=1) if window.ends_at - window.starts_at <= HOURLY_UP_TO else timedelta(days=1)
    total = Decimal(0)
    found: list[tuple[datetime, Decimal]] = []
    counted_since = standing.counted_since
    steps = await _by_step(tx, budget, since=counted_since, until=min(window.ends_at, tx.now), step=step)
    for ends_at, spent in steps:
        begins_at = max(ends_at - step, standing.counted_since)
        if (found and found[-1][0] < begins_at) or (not found and begins_at > standing.counted_since):
            found.append((begins_at, total))  # nothing was used until then, which a straight line would hide
        total = EXACT.add(total, spent)
        found.append((min(ends_at, tx.now), total))
    return tuple(found)


async def reached_at(tx: Transaction, budget: BudgetView, limit: Decimal) -> tuple[datetime, Decimal] | None:
    """When so much of the budget's period was used, to the second, and what was used then; None if it was not.

    Charges count at the time of what they are for.
    """
    since, until = budget.standing.counted_since, min(budget.standing.window.ends_at, tx.now)
    total = Decimal(0)
    for step in (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)):
        for ends_at, spent in await _by_step(tx, budget, since=since, until=until, step=step):
            after = EXACT.add(total, spent)
            if after >= limit:
                since, until = max(since, ends_at - step), min(until, ends_at)
                break
            total = after
        else:
            return None
    for _, spent in await _by_step(tx, budget, since=since, until=until, step=timedelta(seconds=1)):
        total = EXACT.add(total, spent)
    return until, total


async def _by_step(
    tx: Transaction, budget: BudgetView, *, since: datetime, until: datetime, step: timedelta
) -> Sequence[tuple[datetime, Decimal]]:
    scope = budget.terms.scope
    return await spent_by_step(
        tx,
        project=scope.project,
        agent=scope.agent,
        meter_class=scope.meter_class,
        currency=budget.terms.currency,
        since=since,
        until=until,
        step=step,
    )


def _fits(budget: BudgetView, wanted: BudgetFilter, actor: Actor) -> bool:
    scope, words = budget.terms.scope, (wanted.contains or "").lower()
    return (
        (wanted.after is None or budget.number > wanted.after)
        and wanted.project in (None, scope.project)
        and wanted.agent in (None, scope.agent)
        and wanted.meter_class in (None, scope.meter_class)
        and (not wanted.is_mine or any(each.id == actor.user for each in budget.owners))
        and (not wanted.is_exceeded or budget.is_exceeded)
        and words in f"{budget.reference} {budget.terms.name} {scope.project} {scope.agent}".lower()
    )
