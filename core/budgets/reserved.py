"""What is reserved of budgets at this moment, for whoever looks at them.

What ended with its time or with its usage may stand in the table until somebody asks before spending: it is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from core.budgets import reservation_store
from core.budgets.reservation_store import Held, held_within
from core.budgets.state import Budget, Standing
from core.costs import known_among
from core.db import Transaction
from core.money import EXACT


async def reserved_of(tx: Transaction, found: Sequence[tuple[Budget, Standing]]) -> Mapping[UUID, Decimal]:
    """What is reserved of each budget: nothing of one that is over, or of a period that does not run."""
    runs = {budget.id for budget, standing in found if budget.ended_at is None and standing.window.holds(tx.now)}
    held = await _held(tx) if runs else ()
    return {
        budget.id: held_within(budget.terms.scope, held) if budget.id in runs else Decimal(0) for budget, _ in found
    }


async def _held(tx: Transaction) -> Sequence[Held]:
    """What reservations hold whose time is not over and whose usage was not told, for each project, agent and class."""
    running = await reservation_store.running(tx)
    told = await known_among(tx, [each.usage_id for each in running])
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for each in running:
        if each.usage_id not in told:
            names = (each.project, each.agent, each.meter_class)
            sums[names] = EXACT.add(sums[names], each.amount)
    return [
        Held(project=project, agent=agent, meter_class=meter_class, amount=amount)
        for (project, agent, meter_class), amount in sums.items()
    ]
