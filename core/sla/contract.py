"""What a customer gets back when availability was not kept: service credits by tiers. Pure (S9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from core.sla.windows import Unit

_FEE: Final = re.compile(r"(\d{1,12}(?:\.\d{1,4})?)\s*([A-Z]{3})", re.ASCII)
FEE_EXAMPLES: Final = ("1000.00 USD",)
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Tier:
    """Below this availability, this share of the fee is credited."""

    below: float
    credit: Decimal  # 0.10: ten per cent


@dataclass(frozen=True, slots=True)
class Contract:
    """The terms: the tiers, the lowest availability last, by which period, of which fee (None: not known here)."""

    tiers: tuple[Tier, ...]
    period: Unit = Unit.MONTH
    fee: Decimal | None = None  # of one period
    currency: str = "USD"

    def tier_of(self, availability: float) -> Tier | None:
        """The tier that applies: the lowest that it is below; None if the promise was kept."""
        return next((each for each in reversed(self.tiers) if availability < each.below), None)

    def credit(self, availability: float) -> Decimal:
        """The share of the fee that is credited."""
        tier = self.tier_of(availability)
        return tier.credit if tier else Decimal()

    def amount(self, availability: float) -> Decimal | None:
        """What is credited, in whole cents; None if the fee is not known."""
        return None if self.fee is None else (self.fee * self.credit(availability)).quantize(_CENT, ROUND_HALF_UP)

    def to_json(self) -> dict[str, Any]:
        """As a document."""
        return {
            "tiers": [[each.below, str(each.credit)] for each in self.tiers],
            "period": self.period,
            "fee": None if self.fee is None else str(self.fee),
            "currency": self.currency,
        }


def usual_tiers(target: float) -> tuple[Tier, ...]:
    """Ten per cent below the target, a quarter below 99 %, all below 95 %, as the large clouds credit."""
    tiers = {target: Decimal("0.10"), 0.99: Decimal("0.25"), 0.95: Decimal(1)}
    return tuple(Tier(below, tiers[below]) for below in sorted(tiers, reverse=True) if below <= target)


def read_fee(text: str) -> tuple[Decimal, str] | None:
    """The fee and its currency in "1000.00 USD"; None for anything else."""
    found = _FEE.fullmatch(text.strip())
    return (Decimal(found[1]), found[2]) if found else None


def tier_words(contract: Contract) -> tuple[str, ...]:
    """The tiers in words."""
    return tuple(f"below {each.below * 100:g}%: {credit_words(each.credit)} credit" for each in contract.tiers)


def credit_words(credit: Decimal) -> str:
    """`10%`, `12.5%`."""
    return f"{(credit * 100).normalize():f}%"


Contracts = Mapping[str, Contract]  # service, or ANY
