"""Lines of the ledger that depend on others: of meters with tiers, and of corrections. Pure.

A correction takes back the line of what it corrects, at what taking it back comes to now, and adds its own: nothing
that stands in the ledger is ever changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core.costs.charging import Charge
from core.costs.pricing import converted, cost_of
from core.costs.rates import Price, RateCard
from core.costs.usage import Usage
from core.money import EXACT

Months = dict[tuple[str, date, date], Decimal]  # used of (meter, month, first day of its price)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger. `priced_amount` is what the rate card says, in the currency of its price."""

    charge: Charge
    is_reversal: bool
    priced_amount: Decimal
    priced_currency: str


def month_key(meter: str, price: Price, at: datetime) -> tuple[str, date, date]:
    """By what the use of a meter with tiers is counted."""
    return meter, at.date().replace(day=1), price.since


def priced(card: RateCard, usage: Usage) -> Charge:
    """The charge that this usage would be, the first of its month if its price has tiers.

    Raises UnknownMeter or InvalidUsage.
    """
    return line_for(card, usage, {}).charge


def line_for(card: RateCard, usage: Usage, used: Months) -> Line:
    """The line of what was used; `used` counts it. Raises UnknownMeter or InvalidUsage."""
    meter = card.meter(usage.meter)
    price = meter.price(usage.at)
    cost = _counted(price, usage.meter, usage.quantity, usage.at, used)
    charge = Charge(  # by position, since there are very many
        usage.id,
        usage.at,
        usage.project,
        usage.agent,
        usage.meter,
        meter.meter_class,
        usage.quantity,
        cost if price.currency == card.currency else converted(cost, card.worth(price.currency, usage.at)),
        card.currency,
    )
    return Line(charge, is_reversal=False, priced_amount=cost, priced_currency=price.currency)


def reversal_of(card: RateCard, line: Line, used: Months) -> Line:
    """The line that takes it back. At a flat price, just what it cost, whatever the rate card says meanwhile."""
    was = line.charge
    cost, amount = line.priced_amount.copy_negate(), was.amount.copy_negate()
    price = card.price(was.meter, was.at) if was.meter in card.meters else None
    if price is not None and not price.is_flat:
        cost = _counted(price, was.meter, was.quantity.copy_negate(), was.at, used)
        amount = converted(cost, card.worth(price.currency, was.at))
    charge = Charge(
        usage_id=was.usage_id,
        at=was.at,
        project=was.project,
        agent=was.agent,
        meter=was.meter,
        meter_class=was.meter_class,
        quantity=was.quantity.copy_negate(),
        amount=amount,
        currency=was.currency,
    )
    return Line(charge, is_reversal=True, priced_amount=cost, priced_currency=line.priced_currency)


def _counted(price: Price, meter: str, quantity: Decimal, at: datetime, used: Months) -> Decimal:
    if price.is_flat:
        return cost_of(price, quantity)
    key = month_key(meter, price, at)
    before = used.get(key, Decimal(0))
    used[key] = EXACT.add(before, quantity)
    return cost_of(price, quantity, before=before)
