"""What others hear of the ledger: the lines of a batch, in the transaction that writes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.db import Transaction
from core.money import Money


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


Listener = Callable[[Transaction, Sequence[Charge]], Awaitable[None]]
"""Called with the new lines before they are committed; whatever it raises undoes them."""
