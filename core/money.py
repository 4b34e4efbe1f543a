"""Money: an exact decimal and its currency. Never a float, never rounded by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Final

from core.errors import InvalidInput

CENT: Final = Decimal("0.01")
EXACT: Final = Context(prec=400, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""Arithmetic that refuses to round. Plain `+`, `*` and even unary `-` of Python round to 28 digits in silence."""
WIDE: Final = Context(prec=EXACT.prec, traps=[InvalidOperation, DivisionByZero, Overflow])
"""The same for quotients and for figures to the cent, which are rounded: where they end, not at 28 digits."""
SYMBOLS: Final = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_NUMBER: Final = r"(?P<number>[0-9]{1,15}(?:\.[0-9]{1,12})?)"
_WRITTEN: Final = re.compile(rf"(?P<symbol>[$€£¥])?\s*{_NUMBER}(?:\s*(?P<code>[A-Z]{{3}}))?")
CODE: Final = re.compile(r"[A-Z]{3}")  # ISO 4217, alphabetic


class InvalidMoney(InvalidInput):
    """This is no amount of money."""

    code = "money.invalid"


@dataclass(frozen=True, slots=True)
class Money:
    """So much of a currency (ISO 4217). Amounts of different currencies are never added."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or not CODE.fullmatch(self.currency):
            raise InvalidMoney(f"'{self.amount} {self.currency}' is no amount of money.", accepted=("12.50 USD",))

    def __add__(self, other: Money) -> Money:
        return Money(EXACT.add(self.amount, self._alike(other).amount), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(EXACT.subtract(self.amount, self._alike(other).amount), self.currency)

    def __neg__(self) -> Money:
        return Money(self.amount.copy_negate(), self.currency)

    def times(self, factor: Decimal) -> Money:
        """So many times as much, exactly."""
        return Money(EXACT.multiply(self.amount, factor), self.currency)

    @property
    def text(self) -> str:
        """The amount in full, with two places at least: "12.50", "0.00125"."""
        return plain(self.amount)

    @property
    def words(self) -> str:
        """As people read it, to the cent: "1,204.50 USD"."""
        return f"{to_cents(self.amount):,} {self.currency}"

    @classmethod
    def parse(cls, text: str, *, currency: str = "USD") -> Money:
        """The money in "$0.10", "12.50 EUR" or "12.50", which is in `currency`. Raises InvalidMoney."""
        found = _WRITTEN.fullmatch(text.strip())
        if found is None:
            raise InvalidMoney(f"'{text[:40]}' is no amount of money.", accepted=("$0.10", "12.50 EUR", "12.50"))
        by_symbol, code = SYMBOLS.get(found["symbol"] or ""), found["code"]
        if by_symbol and code and by_symbol != code:
            raise InvalidMoney(f"'{text[:40]}' names two currencies, {by_symbol} and {code}.")
        return cls(Decimal(found["number"]), by_symbol or code or currency)

    def _alike(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise InvalidMoney(f"{self.currency} and {other.currency} are not added.")
        return other


def to_cents(amount: Decimal) -> Decimal:
    """The amount to the cent, half to even, however large it is."""
    return amount.quantize(CENT, context=WIDE)


def plain(number: Decimal) -> str:
    """A decimal in full without an exponent or idle zeros, with two places at least."""
    text = format(number, "f")
    whole, _, places = text.partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"


def in_full(number: Decimal) -> str:
    """A decimal to its last digit, with its thousands apart and no idle zeros: "1,204.5". `normalize` would round."""
    whole, _, places = format(number, ",f").partition(".")
    places = places.rstrip("0")
    return f"{whole}.{places}" if places else whole
