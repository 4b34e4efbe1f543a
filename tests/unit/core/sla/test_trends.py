"""Slopes, seasons and changes of level: found where they are, and not where they are not (S4)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from core.sla.effects import Verdict, effect
from core.sla.trends import season_of_day, season_of_week, shifts, slope

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def noise(count, level=1.0, spread=0.1, seed=1):
    chance = random.Random(seed)
    return [level + chance.gauss(0, spread) for _ in range(count)]


@pytest.mark.row("S4")
def test_a_steady_rise_has_a_slope_and_noise_has_none():
    rising = [value + 0.05 * day for day, value in enumerate(noise(30))]
    found = slope(rising)
    assert (found.is_sure, found.per_day) == (True, pytest.approx(0.05, abs=0.01))
    assert sum(slope(noise(30, seed=seed)).is_sure for seed in range(100)) <= 4  # one in a hundred is expected
    assert slope(noise(5)) is None
    assert slope([1.0] * 20).is_sure is False


def test_one_bad_day_is_no_trend():
    values = noise(30, spread=0.01)
    values[29] = 50.0
    assert slope(values).per_day == pytest.approx(0, abs=0.005)
    assert shifts(values) == ()


@pytest.mark.row("S4")
@pytest.mark.parametrize("at", [10, 15, 20])
def test_a_change_of_level_is_found_on_its_day(at):
    values = [*noise(at, level=0.2, spread=0.02), *noise(30 - at, level=0.4, spread=0.02, seed=2)]
    (found,) = shifts(values)
    assert abs(found.index - at) <= 1
    assert (found.before, found.after) == (pytest.approx(0.2, abs=0.03), pytest.approx(0.4, abs=0.03))


def test_two_changes_are_two_and_noise_has_hardly_any():
    values = [*noise(20, 1, 0.05), *noise(20, 2, 0.05, 2), *noise(20, 0.5, 0.05, 3)]
    assert [round(each.index, -1) for each in shifts(values)] == [20, 40]
    assert sum(bool(shifts(noise(40, seed=seed))) for seed in range(100)) <= 4


@pytest.mark.row("S4")
def test_the_season_of_the_day_is_told_in_the_tenants_own_hours():
    hours = [MONDAY + timedelta(hours=hour) for hour in range(24 * 14)]
    busy = [(at, (3.0 if at.hour == 8 else 1.0) + random.Random(at.hour).random() / 10) for at in hours]
    found = season_of_day(busy, "Europe/Zurich")
    assert (found.is_seen, found.worst) == (True, 9)
    assert season_of_week(busy, "UTC").is_seen is False
    flat = [(at, value) for at, value in zip(hours, noise(len(hours)), strict=True)]
    assert season_of_day(flat, "UTC").is_seen is False
    assert season_of_day(flat[:20], "UTC") is None


def test_the_season_of_the_week_is_found():
    hours = [MONDAY + timedelta(hours=hour) for hour in range(24 * 28)]
    points = [(at, 5.0 if at.weekday() == 4 else 1.0) for at in hours]
    assert (season_of_week(points, "UTC").is_seen, season_of_week(points, "UTC").worst) == (True, 4)


@pytest.mark.row("S6")
@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        ({"error_rate": 0.01, "response_time_p95": 1.0}, Verdict.BETTER),
        ({"error_rate": 0.09, "response_time_p95": 1.0}, Verdict.WORSE),
        ({"error_rate": 0.01, "response_time_p95": 2.0}, Verdict.MIXED),
        ({"error_rate": 0.051, "response_time_p95": 1.02}, Verdict.SAME),
    ],
)
def test_an_effect_is_told_where_it_is_noticeable(after, verdict):
    before = {"operations": 1000, "error_rate": 0.05, "response_time_p95": 1.0, "availability": None}
    found = effect(before, {"operations": 1000, "availability": None, **after})
    assert found.verdict is verdict
    assert effect(before, {**after, "operations": 50}).verdict is Verdict.TOO_EARLY
