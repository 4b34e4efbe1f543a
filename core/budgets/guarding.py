"""What the gate must know of budgets, read once for a batch of questions (C5)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from core.budgets import rules, store
from core.budgets.rules import Bite, Guarded
from core.budgets.state import Effect
from core.budgets.store import KNOWN
from core.db import Transaction
from core.errors import Unavailable

_TRIES: Final = 3  # to read counters of budgets that change meanwhile


@dataclass(frozen=True, slots=True)
class Guard:
    """The budgets as they stand. While facts are held, the gate notes here what throttled budgets let through."""

    guarded: tuple[Guarded, ...] = ()
    paced: dict[UUID, datetime] = field(default_factory=dict)

    @property
    def is_slowing(self) -> bool:
        """Whether a throttle holds: what it lets through depends on who was let through the moment before."""
        return any(control.does is Effect.THROTTLE for each in self.guarded for control in rules.in_force(each))

    def bites(self, *, action: str, projects: Collection[str], agent: str, now: datetime) -> tuple[Bite, ...]:
        """Every control that holds for the action, the strongest first."""
        if not self.guarded:
            return ()
        return rules.bites(self.guarded, action=action, projects=projects, agent=agent, paced=self.paced, now=now)

    def passed(self, *, action: str, projects: Collection[str], agent: str, now: datetime) -> None:
        """The action was let through: what slows it down counts it."""
        for each in self.guarded:
            if not each.budget.terms.scope.binds(projects=projects, agent=agent):
                continue
            per_hour = rules.throttle_of(each, action)
            if per_hour is not None:
                pace = self.paced.get(each.budget.id) or each.standing.paced_until
                self.paced[each.budget.id] = rules.paced_after(pace, per_hour, now=now)


NOTHING: Final = Guard()


async def load_guard(tx: Transaction) -> Guard:
    """The budgets that the gate has to heed, with their counters as committed; nothing is asked where there is none.

    Raises Unavailable if budgets change faster than they can be read.
    """
    found = tuple(each for each in await load_guarded(tx) if _has_say(each))
    return Guard(found) if found else NOTHING


async def load_guarded(tx: Transaction) -> tuple[Guarded, ...]:
    """Every budget that has begun and is not over, with its counters as committed.

    Raises Unavailable if budgets change faster than they can be read.
    """
    known = await tx.remembered(KNOWN, store.load_known)
    for _ in range(_TRIES):
        if not known.budgets:
            return ()
        found = await store.standings(tx, known)
        if found is not None:
            return tuple(Guarded(budget, found[budget.id]) for budget in known.budgets if budget.id in found)
        known = await store.load_known(tx)
        tx.cache.put(tx.tenant, KNOWN, known, generation=tx.cache.generation)
    raise Unavailable("Budgets change while they are read; nothing was decided.", retry_after_s=1)


def _has_say(guarded: Guarded) -> bool:
    return bool(guarded.budget.terms.controls) or guarded.standing.throttle_per_hour is not None


async def note_passed(tx: Transaction, guard: Guard) -> None:
    """What throttled budgets have let through is kept. For whoever holds the tenant's quotas."""
    starts = {each.budget.id: each.standing.window for each in guard.guarded}
    for budget_id, until in sorted(guard.paced.items()):
        await store.set_pace(tx, budget_id, starts[budget_id], until)
