"""What others hear of the ledger: the lines of a batch, in the transaction that writes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext

from core.db import Transaction
from core.money import EXACT, Money


@dataclass(frozen=True, slots=True)
class Charge:
    """One new line of the ledger: so much of a meter at an instant (aware UTC), and what it costs.

    `amount` is exact and in the tenant's `currency`; a correction is below 0. `project` and `agent` may be empty.
    """

    usage_id: str
    at: datetime
    project: str
    agent: str
    meter: str
    meter_class: str
    quantity: Decimal
    amount: Decimal
    currency: str

    @property
    def cost(self) -> Money:
        """What it costs."""
        return Money(self.amount, self.currency)


@dataclass(frozen=True, slots=True)
class Spent:
    """New lines that differ in their time and amount alone: when each was used, and what it costs.

    `step` is 1 for each line of use, -1 for each that takes use back.
    """

    project: str
    agent: str
    meter_class: str
    currency: str
    step: int = 1
    times: list[datetime] = field(default_factory=list)
    amounts: list[Decimal] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """What all of it costs, exactly."""
        if len(self.amounts) == 1:
            return self.amounts[0]
        with localcontext(EXACT):
            return sum(self.amounts, Decimal(0))


Listener = Callable[[Transaction, Sequence[Spent]], Awaitable[None]]
"""Called with what is new before it is committed; whatever it raises undoes it."""


def spent_of(charges: Iterable[Charge]) -> list[Spent]:
    """The charges, put together where they differ in nothing that anybody counts by."""
    found: dict[tuple[str, str, str, str, int], Spent] = {}
    for each in charges:
        step = -1 if each.quantity < 0 else 1
        key = (each.project, each.agent, each.meter_class, each.currency, step)
        spent = found.get(key) or found.setdefault(key, Spent(*key))
        spent.times.append(each.at)
        spent.amounts.append(each.amount)
    return list(found.values())
