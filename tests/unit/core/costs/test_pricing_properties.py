"""Prices are exact, whatever is asked in whatever order (C1, C3)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.costs.charging import spent_of
from core.costs.ledger import Months, line_for, reversal_of
from core.costs.pricing import cost_of
from core.costs.rates import FOREVER, Meter, Price, RateCard, Tier
from core.costs.usage import Usage

QUANTITY = st.decimals("0.000000000001", 10**12, places=12)
MONEY = st.decimals(0, 10**15, places=12)
SHARE = st.decimals(0, "0.99", places=8)


@st.composite
def prices(draw):
    steps = draw(st.lists(st.decimals("0.001", 10**6, places=3), max_size=4))
    above, tiers = Decimal(0), [Tier(Decimal(0), draw(MONEY))]
    for step in steps:
        above += step
        tiers.append(Tier(above, draw(MONEY)))
    return Price(FOREVER, "USD", tuple(tiers), discount=draw(SHARE))


def by_fractions(price, quantity):
    total = Fraction(0)
    for index, tier in enumerate(price.tiers):
        end = price.tiers[index + 1].above if index + 1 < len(price.tiers) else quantity
        inside = min(Fraction(quantity), Fraction(end)) - Fraction(tier.above)
        total += max(inside, Fraction(0)) * Fraction(tier.unit_price)
    return total * (1 - Fraction(price.discount))


@pytest.mark.row("C1")
@given(prices(), QUANTITY)
def test_a_cost_is_what_fractions_say_to_the_last_digit(price, quantity):
    assert Fraction(cost_of(price, quantity)) == by_fractions(price, quantity)


@pytest.mark.row("C3")
@given(prices(), st.lists(QUANTITY, min_size=1, max_size=8), st.randoms(use_true_random=False), st.data())
def test_a_month_costs_the_same_in_any_order_and_with_some_of_it_taken_back(price, quantities, chance, data):
    card = RateCard(
        "EUR", {"tokens": Meter("tokens", "models", (price,))}, ((date(2020, 1, 1), {"USD": Decimal("0.9")}),)
    )
    at = datetime(2026, 1, 5, tzinfo=UTC)
    used: Months = {}
    lines = [line_for(card, Usage(str(i), "tokens", each, at), used) for i, each in enumerate(quantities)]
    back = data.draw(st.sets(st.integers(0, len(lines) - 1)))
    everything = [*lines, *(reversal_of(card, lines[i], used) for i in chance.sample(sorted(back), len(back)))]
    left = sum((Fraction(each) for i, each in enumerate(quantities) if i not in back), Fraction(0))
    expected = by_fractions(price, left) * Fraction(9, 10)
    quantity = sum((Fraction(line.charge.quantity) for line in everything), Fraction(0))
    assert quantity == left
    spent = spent_of(line.charge for line in everything)
    assert sum((Fraction(each.total) for each in spent), Fraction(0)) == expected
    assert sum(each.step * len(each.amounts) for each in spent) == len(lines) - len(back)
