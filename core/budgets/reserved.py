"""What is reserved of budgets at this moment, for whoever looks at them.

What ended with its time or with its usage may stand in the table until somebody asks before spending: it is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import select

from core.budgets.model import budget_reservations
from core.budgets.state import Budget, Standing
from core.costs import known_among
from core.db import Transaction
from core.money import EXACT

_C: Final = budget_reservations.c
_NAMES: Final = (_C.project, _C.agent, _C.meter_class)

Names = tuple[str, str, str]  # project, agent, meter class


async def reserved_of(tx: Transaction, found: Sequence[tuple[Budget, Standing]]) -> Mapping[UUID, Decimal]:
    """What is reserved of each budget: nothing of one that is over, or of a period that does not run."""
    runs = {budget.id for budget, standing in found if budget.ended_at is None and standing.window.holds(tx.now)}
    held = await _held(tx) if runs else {}
    return {budget.id: _sum_of(budget, held) if budget.id in runs else Decimal(0) for budget, _ in found}


async def _held(tx: Transaction) -> Mapping[Names, Decimal]:
    """What reservations hold whose time is not over and whose usage was not told."""
    wanted = select(_C.usage_id, _C.amount, *_NAMES).where(_C.tenant_id == tx.tenant, _C.expires_at > tx.now)
    rows = (await tx.connection.execute(wanted)).all()
    told = await known_among(tx, [usage_id for usage_id, *_ in rows])
    held: dict[Names, Decimal] = defaultdict(Decimal)
    for usage_id, amount, *names in rows:
        if usage_id not in told:
            project, agent, meter_class = names
            held[project, agent, meter_class] = EXACT.add(held[project, agent, meter_class], amount)
    return held


def _sum_of(budget: Budget, held: Mapping[Names, Decimal]) -> Decimal:
    total = Decimal(0)
    for (project, agent, meter_class), amount in held.items():
        if budget.terms.scope.counts(project=project, agent=agent, meter_class=meter_class):
            total = EXACT.add(total, amount)
    return total
