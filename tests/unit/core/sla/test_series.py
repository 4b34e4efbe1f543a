"""Minutes and hours: what they add up to, and what a gap is (S2, D20)."""

from __future__ import annotations

import random
from array import array
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sla.adding import additions, merged, touched
from core.sla.sample_store import Sample, SliceKey
from core.sla.series import FULL, UNSAMPLED, Counts, Series, Slice, minute_of, share_of, uptime

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
AT = minute_of(START)


def series_of(samples, *, batches=1, chance=None):
    """The samples, taken in so many batches, in an order of chance."""
    taken = list(samples)
    if chance:
        chance.shuffle(taken)
    known: dict[SliceKey, Slice] = {}
    size = max(1, len(taken) // batches)
    for begin in range(0, len(taken), size):
        found = additions(taken[begin : begin + size])
        known |= merged(found, {key: known[key] for key in touched(found) if key in known})
    return Series(
        {minute: each for (grain, _name, minute), each in known.items() if grain == "minute"},
        {minute: each for (grain, _name, minute), each in known.items() if grain == "hour"},
        min((minute_of(each.at) for each in taken), default=None),
    )


def sample(minute, *, success=True, seconds=0.1):
    return Sample("api", START + timedelta(minutes=minute, seconds=7), seconds, success)


@pytest.mark.row("S2")
def test_samples_in_any_order_and_batches_add_up_to_the_same():
    chance = random.Random(3)
    samples = [
        sample(chance.randrange(200), success=chance.random() < 0.9, seconds=chance.expovariate(3)) for _ in range(900)
    ]
    whole = series_of(samples)
    assert series_of(samples, batches=40, chance=chance) == whole
    for since, until in ((AT, AT + 200), (AT + 13, AT + 177), (AT + 61, AT + 62)):
        within = [each for each in samples if since <= minute_of(each.at) < until]
        assert whole.counts(since, until) == Counts(len(within), sum(not each.success for each in within))
        assert sum(whole.sketch(since, until).values()) == len(within)


def test_availability_is_the_mean_of_the_minutes_shares():
    samples = [sample(0), sample(0), sample(1), sample(1, success=False), sample(2, success=False)]
    found = series_of(samples).uptime(AT, AT + 3, bridge=2)
    assert (found.up, found.minutes, found.unsampled) == (pytest.approx(1.5, abs=1e-4), 3, 0)


@pytest.mark.row("S2")
def test_a_gap_is_bridged_for_a_while_and_then_counts_as_down():
    found = series_of([sample(0), sample(30)]).uptime(AT, AT + 31, bridge=5)
    assert (found.up, found.minutes, found.unsampled) == (7.0, 31, 24)


def test_nothing_counts_before_the_first_sample_and_silence_at_the_end_counts():
    found = series_of([sample(100)]).uptime(AT, AT + 120, bridge=5)
    assert (found.up, found.minutes, found.unsampled) == (6.0, 20, 14)


def test_what_was_heard_before_the_window_speaks_for_its_beginning():
    found = series_of([sample(0, success=False), sample(4)]).uptime(AT + 2, AT + 5, bridge=5)
    assert (found.up, found.minutes) == (1.0, 3)


@given(st.lists(st.sampled_from((UNSAMPLED, 0, FULL // 2, FULL)), max_size=80), st.integers(1, 9))
def test_uptime_is_never_more_than_its_minutes_and_a_longer_patience_never_worse(shares, bridge):
    found, patient = (uptime(array("H", shares), each) for each in (bridge, bridge + 1))
    assert 0 <= found.up <= found.minutes == len(shares)
    assert patient.unsampled <= found.unsampled


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_a_share_is_whole_only_where_nothing_failed(total, failed):
    share = share_of(total, min(failed, total))
    assert (share == FULL) == (failed == 0)
    assert 0 <= share <= FULL


def test_the_usual_interval_is_that_of_most_samples():
    assert series_of([sample(minute) for minute in range(0, 100, 10)]).interval(AT, AT + 100) == 10
    assert series_of([sample(0)]).interval(AT, AT + 100) == 1


@given(
    st.lists(
        st.sampled_from(([FULL] * 60, [UNSAMPLED] * 60, [FULL] * 59 + [0], [UNSAMPLED] * 59 + [FULL])), max_size=6
    ),
    st.integers(0, 90),
    st.integers(0, 70),
)
def test_whole_hours_at_a_glance_are_the_same_as_minute_by_minute(hours, bridge, skip):
    shares = [share for hour in hours for share in hour]
    up, silent, last, unsampled = 0, bridge, UNSAMPLED, 0
    for index, share in enumerate(shares):
        last, silent = (last, silent + 1) if share == UNSAMPLED else (share, 0)
        if index >= skip:
            is_up = silent <= bridge and last != UNSAMPLED
            up, unsampled = (up + last, unsampled) if is_up else (up, unsampled + 1)
    found = uptime(array("H", shares), bridge, skip=skip)
    assert (found.up, found.minutes, found.unsampled) == (up / FULL, max(len(shares) - skip, 0), unsampled)
