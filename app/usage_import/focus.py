"""What a row of FOCUS says (FinOps Open Cost and Usage Specification 1.2 and 1.3). Pure but for what it has seen.

Without a meter the SKU is the meter and the consumed quantity the quantity. With one, what a row cost there is the
quantity of that meter here, so that the bill of another provider comes in: the meter counts units of one currency, and
takes no row that is billed in another.

A bill has more rows than cost something. What is free says nothing here. A credit lowers what was charged by another
row, and FOCUS does not say by which; the ledger takes back only what it has. So a credit is no usage, and is told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.usage_import.cells import BadCell, instant, number
from core.costs import Price, RateCard, Usage
from core.errors import InvalidInput
from core.money import CODE, Money

SIGN: Final = "ChargePeriodStart"  # a column that FOCUS demands, and nobody else has
CONSUMED: Final = (SIGN, "ConsumedQuantity", "SkuId")
BILLED: Final = (SIGN, "BilledCost", "BillingCurrency")
_DIGEST: Final = 32  # hexadecimal digits
_COUNTS_MONEY: Final = ('a meter such as cloud_spend: "$1 per USD"',)


class FocusReader:
    """Reads one file's rows. Raises InvalidInput for a header that lacks a column, or a meter that counts no money."""

    def __init__(self, header: Sequence[str], card: RateCard, meter: str | None) -> None:
        self._card = card
        self._meter = meter
        self._seen: dict[str, int] = {}
        _check_header(header, meter)
        if meter:
            for price in card.meter(meter).prices:
                _currency_counted(meter, price)
        self.columns = {
            "meter": "SkuId",
            "quantity": "BilledCost" if meter else "ConsumedQuantity",
            "time": SIGN,
            "project": "x_ProjectId" if "x_ProjectId" in header else "SubAccountName",
            "agent": "x_AgentId" if "x_AgentId" in header else "ResourceId",
            "id": "",
        }

    def read(self, fields: Mapping[str, str]) -> Usage | Money | None:
        """What was used; a credit, which is below 0; or None for what is free.

        Raises BadCell, or InvalidUsage before the meter's first price.
        """
        if self._meter is None:
            quantity = _consumed(fields)
        else:
            quantity = number(fields, "BilledCost")
            if quantity:
                money = Money(quantity, _currency(fields))
                if quantity < 0:
                    return money
                self._check_currency(money.currency, instant(fields, SIGN))
        if not quantity:
            return None
        return Usage(
            id=self._id(fields),
            meter=self._meter or fields["SkuId"].strip(),
            quantity=quantity,
            at=instant(fields, SIGN),
            project=(fields.get("x_ProjectId") or fields.get("SubAccountName") or "").strip(),
            agent=(fields.get("x_AgentId") or fields.get("ResourceId") or "").strip(),
        )

    def _id(self, fields: Mapping[str, str]) -> str:
        """It follows from what the row says, and from how often the file has said the same."""
        said = json.dumps(sorted(fields.items()))
        digest = hashlib.sha256(said.encode()).hexdigest()[:_DIGEST]
        self._seen[digest] = self._seen.get(digest, 0) + 1
        return f"focus:{digest}:{self._seen[digest]}"

    def _check_currency(self, billed: str, at: datetime) -> None:
        meter = self._meter or ""
        counted = _currency_counted(meter, self._card.price(meter, at))
        if billed != counted:
            raise BadCell(
                f"It is billed in {billed}, and '{meter}' counts {counted}.",
                where="BillingCurrency",
                accepted=(counted, f'a --meter of its own: "1 {billed} per {billed}"'),
            )


def _check_header(header: Sequence[str], meter: str | None) -> None:
    needed = BILLED if meter else CONSUMED
    missing = [name for name in needed if name not in header]
    if missing:
        raise InvalidInput(
            f"The file is FOCUS and has no column '{missing[0]}'.",
            where="header",
            accepted=(", ".join(needed),),
            next_step=None if meter else "To count what its rows cost, name the meter by --meter.",
        )


def _currency_counted(meter: str, price: Price) -> str:
    """The currency whose units the meter counts: "$1 per USD" says it, "$1" means its own."""
    unit = price.unit.strip() or price.currency
    if not CODE.fullmatch(unit):
        raise InvalidInput(f"'{meter}' counts no money, but '{unit}'.", where="--meter", accepted=_COUNTS_MONEY)
    return unit


def _currency(fields: Mapping[str, str]) -> str:
    code = fields["BillingCurrency"].strip()
    if not CODE.fullmatch(code):
        raise BadCell(f"'{code[:40]}' is no currency.", where="BillingCurrency", accepted=("USD", "EUR"))
    return code


def _consumed(fields: Mapping[str, str]) -> Decimal:
    """The quantity; nothing for what is no consumption: a purchase, tax, an adjustment, a commitment that lay idle."""
    is_idle = fields.get("CommitmentDiscountStatus", "").strip() == "Unused"
    is_usage = fields.get("ChargeCategory", "").strip() in ("", "Usage")
    if not fields["ConsumedQuantity"].strip() and (is_idle or not is_usage):
        return Decimal(0)
    quantity = number(fields, "ConsumedQuantity")
    if quantity < 0:
        raise BadCell(
            "It takes usage back, and does not say which.",
            where="ConsumedQuantity",
            accepted=("a number above 0", "usage of ours with 'corrects'"),
        )
    return quantity
