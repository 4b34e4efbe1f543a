"""What another system counted becomes minutes: as many operations as it counted, in the buckets it put them into."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sla.counting import COUNT_MAX, LOOK_BACK, SETTLED, TooManyError, as_additions, counted, minutes_due
from core.sla.series import instant_of, minute_of
from core.sla.sketch import above, packed

pytestmark = pytest.mark.row("S2")
NOW = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)
MINUTE = minute_of(NOW)
totals = st.floats(min_value=0.5001, max_value=1e6)
bounds = st.lists(
    st.integers(1, 10_000_000).map(lambda ms: ms / 1000), max_size=12, unique=True
)  # apart by a millisecond


@st.composite
def histograms(draw):
    """Cumulative counts by bound, as extrapolated as Prometheus gives them: not quite monotone, not quite whole."""
    found, running = {}, 0.0
    for bound in [*sorted(draw(bounds)), math.inf]:
        running += draw(st.floats(min_value=0, max_value=1e5))
        found[bound] = running * draw(st.floats(min_value=0.95, max_value=1.05))
    return found


@given(total=totals, failed=st.floats(min_value=-1, max_value=2e6), buckets=histograms())
def test_as_many_operations_come_out_as_were_counted(total, failed, buckets):
    found = counted(MINUTE, total, failed, buckets)
    assert found is not None
    assert found.total == round(total)
    assert 0 <= found.failed <= found.total
    says_something = len(buckets) > 1 and max(buckets.values()) > 0
    assert sum(found.times.values()) == (found.total if says_something else 0)
    ((_key, added),) = as_additions("payments", [found]).items()
    assert sum(added.sketch.values()) == sum(found.times.values())


@given(total=totals, buckets=histograms())
def test_no_more_lie_below_a_bound_than_there_were_and_none_leaves_its_bucket(total, buckets):
    found = counted(MINUTE, total, 0.0, buckets)
    whole, most = max(buckets.values()), 0.0
    for bound in sorted(buckets):
        most = max(most, buckets[bound])
        if whole > 0 and bound < math.inf:
            below = sum(count for seconds, count in found.times.items() if seconds <= bound)
            assert below == pytest.approx(found.total * most / whole, abs=0.5 + 1e-6 * found.total)


def test_a_bucket_counts_at_its_middle_and_what_lies_beyond_the_last_bound_is_above_it():
    found = counted(MINUTE, 100.0, 5.0, {0.1: 50.0, 0.5: 90.0, 2.0: 97.0, math.inf: 100.0})
    assert found is not None
    assert found.times == pytest.approx({0.05: 50, 0.3: 40, 1.25: 7, 2.0 * 1.02**3: 3})
    sketch = packed(as_additions("payments", [found])["payments", MINUTE].sketch)
    assert [above(sketch, limit) for limit in (0.1, 0.5, 2.0)] == [50, 10, 3]


def test_a_minute_in_which_nothing_happened_is_none_and_one_of_unknown_times_has_no_times():
    assert counted(MINUTE, 0.0, 0.0, {math.inf: 0.0}) is None
    assert counted(MINUTE, 3.0, 1.0).times == {}
    assert counted(MINUTE, 3.0, 1.0, {0.1: 0.0, math.inf: 0.0}).times == {}
    assert counted(MINUTE, 3.0, 1.0, {math.inf: 3.0}).times == {}


def test_more_than_any_service_does_is_refused_with_the_bound():
    with pytest.raises(TooManyError, match="10,000,001 operations in a minute are more than 10,000,000"):
        counted(MINUTE, COUNT_MAX + 1.0, 0.0)


@given(back=st.one_of(st.none(), st.integers(min_value=-5, max_value=10_000)), seconds=st.integers(0, 7200))
def test_minutes_are_asked_for_once_settled_from_where_we_were_and_an_hour_back_at_most(back, seconds):
    now = NOW + timedelta(seconds=seconds)
    until = None if back is None else MINUTE - back
    due = minutes_due(until, now)
    assert len(due) <= LOOK_BACK
    if due:
        assert instant_of(due.stop) + SETTLED <= now
        assert due.start == max(due.stop - LOOK_BACK, due.start if until is None else until)
    assert minutes_due(due.stop, now) == range(due.stop, due.stop)
