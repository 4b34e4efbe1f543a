"""Why actual costs differ from the budget (C11)."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.finance.variance import LineKey, Used, explain, spread, total_of


def line(meter, agent="", unit="hour"):
    return LineKey(unit, meter, "", agent)


def used(quantity, price):
    return Used(Fraction(quantity), Fraction(quantity) * Fraction(price))


@pytest.mark.row("C11")
def test_a_dearer_hour_is_price_more_of_all_is_volume_and_more_of_the_dear_is_mix():
    cheap, dear = line("cpu_hours", "a"), line("cpu_hours", "b")
    planned = {cheap: used(100, 1), dear: used(100, 3)}

    def effects(actual):
        found = total_of(explain(planned, actual))
        return found.price, found.volume, found.mix

    assert effects({cheap: used(100, "1.5"), dear: used(100, 3)}) == (50, 0, 0)
    assert effects({cheap: used(150, 1), dear: used(150, 3)}) == (0, 200, 0)
    assert effects({cheap: used(50, 1), dear: used(150, 3)}) == (0, 0, 100)
    # 300 hours instead of 200 at the planned mean of 2 is 200; 200 dear ones instead of 150 is 100; 20 cents each is 60
    assert effects({cheap: used(100, "1.2"), dear: used(200, "3.2")}) == (60, 200, 100)


@pytest.mark.row("C11")
def test_quantities_of_different_units_are_not_mixed():
    found = explain(
        {line("cpu_hours"): used(10, 1)}, {line("cpu_hours"): used(10, 1), line("scans", unit="scan"): used(5, 2)}
    )
    assert [(each.key.meter, each.effects.volume, each.effects.mix) for each in found] == [
        ("cpu_hours", 0, 0),
        ("scans", 10, 0),
    ]


quantities = st.fractions(0, 10_000, max_denominator=10_000)
prices = st.fractions(0, 100, max_denominator=10_000)
keys = st.builds(
    LineKey,
    st.sampled_from(["hour", "scan"]),
    st.sampled_from(["a", "b"]),
    st.just(""),
    st.sampled_from(["x", "y", ""]),
)
FEW = settings(max_examples=30)  # fractions of many digits take their time
usages = st.dictionaries(keys, st.builds(lambda q, p: Used(q, q * p), quantities, prices), max_size=8)


@FEW
@given(usages, usages)
@pytest.mark.row("C11")
def test_the_three_add_up_to_the_whole_difference_for_each_line_and_altogether(planned, actual):
    lines = explain(planned, actual)
    for each in lines:
        assert each.effects.price + each.effects.volume + each.effects.mix == each.effects.total
    found = total_of(lines)
    assert found.price + found.volume + found.mix == found.total
    exact = sum(each.cost for each in actual.values()) - sum(each.cost for each in planned.values())
    assert abs(Fraction(found.total) - exact) <= Fraction(len(lines), 10**12)


@FEW
@given(usages, st.decimals(1, 10**9, places=2))
@pytest.mark.row("C11")
def test_a_budget_is_spread_as_the_pattern_was(pattern, budget):
    found = spread(budget, pattern)
    if sum(each.cost for each in pattern.values()) == 0:
        assert found == {}
    else:
        assert sum(each.cost for each in found.values()) == Fraction(budget)
        for key, each in found.items():
            assert each.cost * pattern[key].quantity == pattern[key].cost * each.quantity


@FEW
@given(usages)
@pytest.mark.row("C11")
def test_what_went_as_planned_has_nothing_to_explain(planned):
    found = total_of(explain(planned, planned))
    assert (found.price, found.volume, found.mix) == (Decimal(0), Decimal(0), Decimal(0))


@pytest.mark.row("C11")
def test_nothing_is_lost_of_figures_of_more_digits_than_python_keeps():
    limit = Decimal("999999999999999999.999999999999")
    planned = spread(limit, {line("cpu_hours"): used(3, "0.1"), line("cpu_hours", "a"): used(4, "0.07")})
    found = total_of(explain(planned, {line("cpu_hours"): used("7.123456789012", "12345678901234.5")}))
    assert found.planned == limit
    with localcontext(prec=60):
        assert found.price + found.volume + found.mix == found.total == found.actual - limit
