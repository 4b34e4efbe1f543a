"""What if a budget had another limit: who would have been stopped, and who would not (X11).

Reckoned from the ledger and from the decisions of the period, as they stand; what people would have done instead is
not. A limit counts as reached at the second in which the ledger says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.access import TokenScope, permitted
from core.actor import Actor
from core.agents import agents_named, projects_of
from core.budgets import BudgetView, Effect, load_period, reached_at
from core.db import Database, Transaction
from core.decisions import store
from core.decisions.errors import InvalidQuestion
from core.decisions.store import Decided
from core.decisions.views import Answer

SHOWN_MAX: Final = 500  # decisions of one answer
_HOLDS_UP: Final = (Effect.STOP, Effect.QUEUE)
_REFUSALS: Final = ("budgets.exceeded", "budgets.queued")


@dataclass(frozen=True, slots=True)
class Supposition:
    """What another limit would have meant in one period of a budget."""

    budget: BudgetView
    limit: Decimal
    reached_at: datetime | None  # None: it would not have been reached
    really_reached_at: datetime | None
    beyond: Decimal  # what was used after that limit was reached
    stopped: tuple[Decided, ...]  # what was allowed, and would not have been
    freed: tuple[Decided, ...]  # what this budget held up, and would not have

    @property
    def people(self) -> dict[str, int]:
        """How many actions of each person would have been stopped, the most first."""
        counts: dict[str, int] = {}
        for each in self.stopped:
            counts[each.by] = counts.get(each.by, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


async def suppose_limit(
    database: Database, actor: Actor, budget_id: UUID, *, limit: Decimal | None = None, at: datetime | None = None
) -> Supposition:
    """What this limit (None: its own) would have meant in the period that holds `at` (now).

    Raises UnknownBudget, InvalidQuestion, or InvalidBudget for a period that it has not or not yet.
    """
    if limit is not None and (not limit.is_finite() or limit <= 0):
        raise InvalidQuestion("A limit is a number above zero.", where="limit", accepted=("500.00",))
    async with permitted(database, actor, TokenScope.READ, action="budget.what_if", resource=str(budget_id)) as tx:
        budget = await load_period(tx, budget_id, at)
        limit = budget.standing.limit if limit is None else limit
        supposed = await reached_at(tx, budget, limit)
        really = await reached_at(tx, budget, budget.standing.limit)
        until = min(budget.standing.window.ends_at, tx.now + timedelta(microseconds=1))
        stopped: tuple[Decided, ...] = ()
        freed: tuple[Decided, ...] = ()
        if supposed is not None:
            stopped = await _held_up(tx, budget, since=supposed[0], until=until, allowed=True)
        if really is not None and (supposed is None or supposed[0] > really[0]):
            freed = await _held_up(tx, budget, since=really[0], until=supposed[0] if supposed else until, allowed=False)
        return Supposition(
            budget=budget,
            limit=limit,
            reached_at=supposed[0] if supposed else None,
            really_reached_at=really[0] if really else None,
            beyond=budget.standing.used - supposed[1] if supposed else Decimal(0),
            stopped=stopped,
            freed=freed,
        )


async def _held_up(
    tx: Transaction, budget: BudgetView, *, since: datetime, until: datetime, allowed: bool
) -> tuple[Decided, ...]:
    """The decisions on what the budget's controls hold up, allowed or refused by it."""
    controls = [each for each in budget.terms.controls if each.does in _HOLDS_UP]
    named = {action for each in controls for action in each.actions}
    actions = None if any(not each.actions for each in controls) else sorted(named)
    if actions == []:
        return ()
    found = await store.decided_between(tx, since, until, actions=actions, limit=SHOWN_MAX)
    agents = await agents_named(tx, {each.agent for each in found})
    kept = []
    for each in found:
        projects = projects_of(each.project, agents.get(each.agent))
        refused = each.code in _REFUSALS and f" {budget.reference} " in each.reason
        fits = each.answer is Answer.ALLOW if allowed else refused
        if fits and budget.terms.scope.binds(projects=projects, agent=each.agent):
            kept.append(each)
    return tuple(kept)
