"""What usage costs. Pure and exact: nothing is ever rounded here.

A price with tiers is graduated over a month: each unit costs what its place among the month's units says. The cost of
an event is what it adds to that sum, so the month's total depends on how much was used and never on the order in which
it was told (C3).
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Final

from core.costs.rates import Price

DIGITS: Final = 80  # more than any product of what is accepted has: quantity 24, price 27, discount 9, exchange 27


def cost_of(price: Price, quantity: Decimal, *, before: Decimal = Decimal(0)) -> Decimal:
    """What the quantity costs in the price's currency, if `before` was used of it in the month already.

    A quantity below 0 takes back what as much had cost at the end.
    """
    with localcontext(prec=DIGITS):
        if price.is_flat:
            full = quantity * price.tiers[0].unit_price
        else:
            full = _graduated(price, before + quantity) - _graduated(price, before)
        return full * (1 - price.discount)


def converted(cost: Decimal, worth: Decimal) -> Decimal:
    """The cost in a currency of which one unit of the cost's own is `worth`."""
    with localcontext(prec=DIGITS):
        return cost * worth


def added(*numbers: Decimal) -> Decimal:
    """Their sum, exactly, however long."""
    with localcontext(prec=DIGITS):
        return sum(numbers, Decimal(0))


def _graduated(price: Price, quantity: Decimal) -> Decimal:
    """What the first so many units of a month cost; below 0, as many below it at the first tier's price."""
    first = price.tiers[0]
    if quantity <= 0:
        return quantity * first.unit_price
    total = Decimal(0)
    for index, tier in enumerate(price.tiers):
        end = price.tiers[index + 1].above if index + 1 < len(price.tiers) else quantity
        total += max(min(quantity, end) - tier.above, Decimal(0)) * tier.unit_price
    return total
