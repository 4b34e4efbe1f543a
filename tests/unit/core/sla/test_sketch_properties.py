"""Sketches: within 1 % of the exact percentile whatever the tail, and the same however they were put together (S2)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sla.sketch import ERROR, LEAST_S, above, add, packed, percentile, sketch_of, unpacked

SHARES = (0.5, 0.9, 0.95, 0.99, 0.999)
times = st.lists(st.floats(LEAST_S, 86_400), min_size=1, max_size=200)


def exact(values, share):
    """As percentile_cont: linear between the two ranks."""
    ordered = sorted(values)
    rank = share * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


def heavy(name, chance, size):
    draw = {
        "lognormal": lambda: chance.lognormvariate(-2, 1.5),
        "pareto, infinite variance": lambda: 0.01 * chance.paretovariate(1.1),
        "two modes": lambda: chance.gauss(0.05, 0.01) if chance.random() < 0.93 else chance.expovariate(0.2),
        "exponential": lambda: chance.expovariate(4),
    }[name]
    return [min(max(draw(), LEAST_S), 86_400) for _ in range(size)]


@pytest.mark.row("S2")
@pytest.mark.parametrize("name", ["lognormal", "pareto, infinite variance", "two modes", "exponential"])
def test_percentiles_of_heavy_tails_are_within_one_per_cent_of_the_exact_ones(name):
    values = heavy(name, random.Random(17), 20_000)
    sketch = sketch_of(values)
    for share in SHARES:
        found, wanted = percentile(sketch, share), exact(values, share)
        assert abs(found - wanted) <= 0.01 * wanted, (share, found, wanted)


@given(times, st.sampled_from(SHARES))
def test_the_bound_holds_for_any_times(values, share):
    wanted = exact(values, share)
    assert abs(percentile(sketch_of(values), share) - wanted) <= ERROR * wanted * (1 + 1e-9)


@given(times, times, times)
def test_sketches_add_up_in_any_order_to_the_sketch_of_everything(one, other, third):
    forwards, backwards = sketch_of(one), sketch_of(third)
    add(forwards, sketch_of(other))
    add(forwards, sketch_of(third))
    add(backwards, sketch_of(other))
    add(backwards, sketch_of(one))
    assert forwards == backwards == sketch_of([*one, *other, *third])


@given(times)
def test_what_was_packed_is_read_back(values):
    assert unpacked(packed(sketch_of(values))) == sketch_of(values)


@given(times, st.floats(0.001, 1000))
def test_what_is_above_a_limit_is_miscounted_only_within_two_per_cent_of_it(values, limit):
    found = above(packed(sketch_of(values)), limit)
    assert sum(each > limit * 1.02 for each in values) <= found <= sum(each > limit for each in values)


def test_no_times_have_no_percentile_and_zero_counts_as_a_microsecond():
    assert percentile({}, 0.95) is None
    assert percentile(sketch_of([0.0]), 0.5) == pytest.approx(LEAST_S, rel=0.02)
