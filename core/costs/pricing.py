"""What usage costs. Pure and exact: nothing is ever rounded here.

A price with tiers is graduated over a month: each unit costs what its place among the month's units says. The cost of
an event is what it adds to that sum, so the month's total depends on how much was used and never on the order in which
it was told (C3).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.costs.rates import Price
from core.money import EXACT

_ONE: Final = Decimal(1)
_NOTHING: Final = Decimal(0)


def cost_of(price: Price, quantity: Decimal, *, before: Decimal = _NOTHING) -> Decimal:
    """What the quantity costs in the price's currency, if `before` was used of it in the month already.

    A quantity below 0 takes back what as much had cost at the end.
    """
    if price.is_flat:
        full = EXACT.multiply(quantity, price.tiers[0].unit_price)
    else:
        full = EXACT.subtract(_graduated(price, EXACT.add(before, quantity)), _graduated(price, before))
    return EXACT.multiply(full, EXACT.subtract(_ONE, price.discount)) if price.discount else full


def converted(cost: Decimal, worth: Decimal) -> Decimal:
    """The cost in a currency of which one unit of the cost's own is `worth`."""
    return cost if worth == 1 else EXACT.multiply(cost, worth)


def _graduated(price: Price, quantity: Decimal) -> Decimal:
    """What the first so many units of a month cost; below 0, as many below it at the first tier's price."""
    if quantity <= 0:
        return EXACT.multiply(quantity, price.tiers[0].unit_price)
    total = _NOTHING
    for index, tier in enumerate(price.tiers):
        end = price.tiers[index + 1].above if index + 1 < len(price.tiers) else quantity
        inside = EXACT.subtract(min(quantity, end), tier.above)
        if inside > 0:
            total = EXACT.add(total, EXACT.multiply(inside, tier.unit_price))
    return total
