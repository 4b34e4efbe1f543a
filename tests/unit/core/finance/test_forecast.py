"""What the coming days will cost: the method against series whose future is known (C8)."""

from __future__ import annotations

import math
import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.finance.forecast import foretell

MONDAY = date(2026, 1, 5)
WEEK = (1.1, 1.15, 1.2, 1.1, 1.0, 0.35, 0.3)


def series(seed, days, *, level=200.0, growth=0.0, week=WEEK, noise=0.08):
    chance = random.Random(seed)
    return [(level + growth * day) * week[day % 7] * math.exp(chance.gauss(0, noise)) for day in range(days)]


@pytest.mark.row("C8")
@pytest.mark.parametrize(
    ("growth", "week", "noise"),
    [(0.0, WEEK, 0.08), (0.8, WEEK, 0.08), (0.0, (1,) * 7, 0.1), (-0.3, WEEK, 0.05)],
    ids=["seasonal", "growing", "flat", "shrinking"],
)
def test_four_weeks_ahead_are_foretold_better_than_by_last_week_and_lie_in_the_band(growth, week, noise):
    missed, naive, spent, inside, totals_inside, days, covered = 0.0, 0.0, 0.0, 0, 0, 0, []
    for seed in range(12):
        whole = series(seed, 200 + 28, growth=growth, week=week, noise=noise)
        history, future = whole[:200], whole[200:]
        found = foretell(MONDAY, history, days=28)
        for number, (expected, actual) in enumerate(zip(found.days, future, strict=True)):
            missed += abs(expected.cost - actual)
            naive += abs(history[-7 + number % 7] - actual)
            inside += expected.low <= actual <= expected.high
        spent += sum(future)
        days += len(future)
        totals_inside += found.total.low <= sum(future) <= found.total.high
        covered.append(found.back_test.covered)
    assert missed / spent < 0.12
    assert missed < naive
    assert 0.70 <= inside / days <= 0.95
    assert totals_inside >= 8  # of 12
    assert 0.70 <= sum(covered) / 12 <= 0.90


@pytest.mark.row("C8")
def test_the_back_test_says_what_error_to_expect():
    history = series(7, 240, growth=0.4)
    found = foretell(MONDAY, history, days=7).back_test
    assert found.error == pytest.approx(0.07, abs=0.03)
    assert found.error < found.naive_error
    assert abs(found.bias) < 0.05


@pytest.mark.row("C8")
def test_a_weekday_is_told_from_a_weekend():
    found = foretell(MONDAY, series(1, 140), days=7).days
    assert found[0].day.weekday() == 0
    assert found[5].cost < found[2].cost / 2
    assert found[6].cost < found[2].cost / 2


@pytest.mark.row("C8")
def test_less_than_a_week_foretells_nothing_and_less_than_three_has_no_season():
    assert foretell(MONDAY, [5.0] * 6, days=7) is None
    found = foretell(MONDAY, [5.0, 6, 5, 6, 5, 6, 5], days=3)
    assert "too short" in found.method
    assert found.back_test is None
    assert found.days[0].low < found.days[0].cost < found.days[0].high


@given(st.lists(st.floats(0, 1e7), min_size=7, max_size=60), st.integers(1, 90))
@pytest.mark.row("C8")
def test_whatever_was_spent_the_band_holds_the_forecast_and_nothing_is_below_zero(values, days):
    found = foretell(MONDAY, values, days=days)
    assert len(found.days) == days
    for each in (*found.days, found.total):
        assert 0 <= each.low <= each.cost <= each.high < math.inf


@given(st.floats(0.01, 1e6), st.integers(21, 80))
@pytest.mark.row("C8")
def test_a_constant_goes_on(value, days):
    found = foretell(MONDAY, [value] * days, days=14)
    assert found.total.cost == pytest.approx(14 * value, rel=1e-6)
