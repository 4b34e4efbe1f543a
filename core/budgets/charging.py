"""Charges counted by every budget that they belong to, in the ledger's own transaction (C3, demand 19).

One statement counts a whole batch for all budgets. Each charge is counted once by each budget whose scope it agrees
with, in the period that its time lies in, however late it comes; a correction is a charge of its own, below zero. What
was used before a reset by hand is forgiven, whenever it is told or corrected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from core.budgets import store
from core.budgets.alerting import raise_alerts
from core.budgets.periods import Window, window_of
from core.budgets.state import Budget, Standing
from core.budgets.store import KNOWN, Count
from core.costs import Spent
from core.db import Transaction
from core.errors import Unavailable
from core.money import EXACT

# What is remembered of the budgets may be old once; what is read under the lock cannot be.
_TRIES: Final = 2


async def count_charges(tx: Transaction, spent: Sequence[Spent]) -> None:
    """Every budget has counted them once this commits; alerts that became due are raised with it."""
    if not spent:
        return
    known = await tx.remembered(KNOWN, store.load_known)
    for _ in range(_TRIES):
        counts = counts_of(known.budgets, spent)
        if not counts:
            await store.share(tx)
            if await store.is_current(tx, known.changed):
                return
        elif (rows := await store.count(tx, counts, changed=known.changed)) is not None:
            by_id = {budget.id: budget for budget in known.budgets}
            counted = [(by_id[row["budget_id"]], row) for row in rows]
            standings = [(budget, store.standing_in(row, budget.terms.amount)) for budget, row in counted]
            for budget, standing in await _without_forgiven(tx, standings, spent):
                await raise_alerts(tx, budget, standing)
            return
        known = await store.load_known(tx)
        tx.cache.put(tx.tenant, KNOWN, known, generation=tx.cache.generation)
    raise Unavailable("Budgets changed while charges were counted; nothing was recorded.", retry_after_s=1)


async def _without_forgiven(
    tx: Transaction, standings: Sequence[tuple[Budget, Standing]], spent: Sequence[Spent]
) -> list[tuple[Budget, Standing]]:
    """How the budgets stand once what these charges add to the time before a reset is forgiven, and kept as such."""
    found = [
        (budget, replace(standing, forgiven=forgiven_with(budget, standing, spent)) if standing.reset_at else standing)
        for budget, standing in standings
    ]
    changed = [
        (budget.id, after.window.starts_at, after.forgiven)
        for (budget, after), (_, before) in zip(found, standings, strict=True)
        if after.forgiven != before.forgiven
    ]
    await store.forgive(tx, changed)
    return found


def forgiven_with(budget: Budget, standing: Standing, spent: Iterable[Spent]) -> Decimal:
    """Pure: what is forgiven of a period that was reset by hand, once it has counted these charges.

    Those for a time before the reset are forgiven, as what was told by then is. It is never more than was spent: usage
    that was told ahead of its time, and forgiven, may be taken back too.
    """
    forgiven = standing.forgiven
    for each in spent:
        if _counts(budget, each):
            for at, amount in zip(each.times, each.amounts, strict=True):
                if standing.window.starts_at <= at < standing.counted_since:
                    forgiven = EXACT.add(forgiven, amount)
    return min(forgiven, standing.spent)


def counts_of(budgets: Sequence[Budget], spent: Iterable[Spent]) -> list[Count]:
    """Pure: what new charges add to which periods of which budgets."""
    bound: dict[tuple[str, str, str, str], list[_Counter]] = {}
    counters = [_Counter(budget) for budget in budgets]
    for each in spent:
        about = (each.project, each.agent, each.meter_class, each.currency)
        if about not in bound:
            bound[about] = [counter for counter in counters if _counts(counter.budget, each)]
        for counter in bound[about]:
            counter.add(each)
    return [count for counter in counters for count in counter.found()]


def _counts(budget: Budget, spent: Spent) -> bool:
    """Whether these charges are the budget's."""
    terms = budget.terms
    if terms.currency != spent.currency:
        return False
    return terms.scope.counts(project=spent.project, agent=spent.agent, meter_class=spent.meter_class)


class _Counter:
    """What is added to the periods of one budget."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._found: dict[datetime, tuple[Window, Decimal, int]] = {}
        self._window: Window | None = None  # the last that was met: nearly always the next, too

    def add(self, spent: Spent) -> None:
        """They are counted, each in the period that it lies in; in none what lies before the first."""
        window = self._at(min(spent.times))
        if window is not None and window.holds(max(spent.times)):
            self._add(window, spent.total, len(spent.times) * spent.step)
            return
        for at, amount in zip(spent.times, spent.amounts, strict=True):
            window = self._at(at)
            if window is not None:
                self._add(window, amount, spent.step)

    def found(self) -> Iterable[Count]:
        """What there is to count."""
        return (Count(self.budget.id, window, amount, number) for window, amount, number in self._found.values())

    def _at(self, at: datetime) -> Window | None:
        if self._window is None or not self._window.holds(at):
            self._window = window_of(self.budget.schemes, at)
        return self._window

    def _add(self, window: Window, amount: Decimal, number: int) -> None:
        known = self._found.get(window.starts_at)
        if known is not None:
            amount, number = EXACT.add(known[1], amount), known[2] + number
        self._found[window.starts_at] = (window, amount, number)
