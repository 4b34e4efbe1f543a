"""Sums and products of decimals without rounding: Python's own stop at 28 digits. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Final

DIGITS: Final = 100  # a line of the ledger has up to 80


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, exactly."""
    with localcontext(prec=DIGITS):
        return sum(amounts, Decimal(0))


def product(one: Decimal, other: Decimal) -> Decimal:
    """The product, exactly as far as a hundred digits go."""
    with localcontext(prec=DIGITS):
        return one * other


def difference(one: Decimal, other: Decimal) -> Decimal:
    """The first less the second, exactly."""
    with localcontext(prec=DIGITS):
        return one - other


def to_places(amount: Decimal, places: int) -> Decimal:
    """The amount with so many places, half to even."""
    with localcontext(prec=DIGITS):
        return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
