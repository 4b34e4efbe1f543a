"""Charges counted by every budget that they belong to, in the ledger's own transaction (C3, demand 19).

One statement counts a whole batch for all budgets. Each charge is counted once by each budget whose scope it agrees
with, in the period that its time lies in, however late it comes; a correction is a charge of its own, below zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.budgets import store
from core.budgets.alerting import raise_alerts
from core.budgets.periods import Window, window_of
from core.budgets.state import Budget
from core.budgets.store import Count
from core.costs import Charge
from core.db import Transaction
from core.errors import Unavailable
from core.money import EXACT

KNOWN: Final = "budgets"
# What is remembered of the budgets may be old once; what is read under the lock cannot be.
_TRIES: Final = 2


async def count_charges(tx: Transaction, charges: Sequence[Charge]) -> None:
    """Every budget has counted them once this commits; alerts that became due are raised with it."""
    if not charges:
        return
    await store.share(tx)
    known = await tx.remembered(KNOWN, store.load_known)
    for _ in range(_TRIES):
        counts = counts_of(known.budgets, charges)
        if not counts and await store.is_current(tx, known.changed):
            return
        rows = await store.count(tx, counts, changed=known.changed) if counts else None
        if rows is not None:
            by_id = {budget.id: budget for budget in known.budgets}
            for row in rows:
                budget = by_id[row.budget_id]
                await raise_alerts(tx, budget, store.standing_in(row, budget.terms.amount))
            return
        known = await store.load_known(tx)
        tx.cache.put(tx.tenant, KNOWN, known, generation=tx.cache.generation)
    raise Unavailable("Budgets changed while charges were counted; nothing was recorded.", retry_after_s=1)


def counts_of(budgets: Iterable[Budget], charges: Sequence[Charge]) -> list[Count]:
    """Pure: what the charges add to which periods of which budgets."""
    budgets = tuple(budgets)
    of: dict[tuple[str, str, str, str], list[Charge]] = {}
    for charge in charges:
        of.setdefault((charge.project, charge.agent, charge.meter_class, charge.currency), []).append(charge)
    found: dict[tuple[UUID, datetime], tuple[Window, Decimal, int]] = {}
    for (project, agent, meter_class, currency), group in of.items():
        for budget in budgets:
            terms = budget.terms
            if terms.currency != currency:
                continue
            if terms.scope.counts(project=project, agent=agent, meter_class=meter_class):
                _add(found, budget, group)
    return [Count(budget_id, window, spent, number) for (budget_id, _), (window, spent, number) in found.items()]


def _add(
    found: dict[tuple[UUID, datetime], tuple[Window, Decimal, int]], budget: Budget, charges: Sequence[Charge]
) -> None:
    window: Window | None = None
    for charge in charges:
        if window is None or not window.holds(charge.at):
            window = window_of(budget.schemes, charge.at)
            if window is None:  # it happened before the budget's first period
                continue
        key = (budget.id, window.starts_at)
        _known, spent, number = found.get(key, (window, Decimal(0), 0))
        found[key] = (window, EXACT.add(spent, charge.amount), number + (-1 if charge.quantity < 0 else 1))
