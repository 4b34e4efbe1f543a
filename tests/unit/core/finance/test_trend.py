"""Where daily costs are going (C8)."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from core.finance.trend import Direction, moving_means, trend_of

MONDAY = date(2026, 1, 5)
WEEK = (1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5)


def series(days, *, growth=0.0, seed=3):
    chance = random.Random(seed)
    return [(100 + growth * day) * WEEK[day % 7] * chance.uniform(0.95, 1.05) for day in range(days)]


@pytest.mark.row("C8")
@pytest.mark.parametrize(
    ("growth", "direction"), [(0.5, Direction.RISING), (-0.5, Direction.FALLING), (0.0, Direction.STEADY)]
)
def test_a_trend_is_told_from_chance_and_measured_by_the_week(growth, direction):
    found = trend_of(MONDAY, series(91, growth=growth))
    assert found.direction is direction
    assert found.per_week == pytest.approx(growth * 7 * 7, abs=8)  # a week is seven days, each 7 x growth dearer


@pytest.mark.row("C8")
def test_three_weeks_are_too_few_to_tell():
    assert trend_of(MONDAY, series(21)).direction is Direction.UNKNOWN


@pytest.mark.row("C8")
def test_weekdays_are_shares_of_the_mean_day_wherever_the_span_begins():
    for shift in range(7):
        values = (series(84) + series(84))[shift : shift + 84]
        found = trend_of(MONDAY + timedelta(days=shift), values).weekdays
        assert found[0] == pytest.approx(1.2, abs=0.03)
        assert found[6] == pytest.approx(0.5, abs=0.03)


@pytest.mark.row("C8")
def test_the_day_on_which_somebody_forgot_to_switch_off_stands_out():
    values = series(84)
    values[52] *= 2.5
    found = trend_of(MONDAY, values).unusual
    assert MONDAY + timedelta(days=52) in [each.day for each in found]
    assert found[0].cost == values[52]
    assert found[0].expected == pytest.approx(values[52] / 2.5, rel=0.2)
    assert trend_of(MONDAY, series(84)).unusual == ()


@pytest.mark.row("C8")
def test_the_change_is_of_the_second_half_against_the_first():
    assert trend_of(MONDAY, [1.0] * 14 + [1.5] * 14).change == pytest.approx(0.5)
    assert trend_of(MONDAY, [0.0] * 14 + [1.5] * 14).change is None
    assert moving_means([7.0] * 8) == [None] * 6 + [7.0, 7.0]
