"""Whether a destination is left alone, and for how long (N6)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.outbox.breaker import BreakerPolicy, Circuit, Flow

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POLICY = BreakerPolicy(failures=3, base_s=10.0, cap_s=60.0)


def after(failures, *, apart_s=1000.0):
    """A circuit after so many failures, each long after the one before."""
    circuit, now = Circuit(), NOW
    for _ in range(failures):
        circuit = circuit.after_failure(POLICY, now=now, chance=0.0)
        now += timedelta(seconds=apart_s)
    return circuit, now - timedelta(seconds=apart_s)


@pytest.mark.row("N6")
def test_two_failures_of_three_change_nothing_yet():
    circuit, now = after(2)
    assert circuit.flow(POLICY, now=now) is Flow.CLOSED
    assert circuit.failing_since == NOW


@pytest.mark.row("N6")
def test_the_third_failure_in_a_row_opens_the_circuit_for_a_while_then_one_may_try():
    circuit, now = after(3)
    assert circuit.flow(POLICY, now=now) is Flow.OPEN
    assert circuit.flow(POLICY, now=now + timedelta(seconds=4.9)) is Flow.OPEN
    assert circuit.flow(POLICY, now=now + timedelta(seconds=5)) is Flow.HALF_OPEN


@pytest.mark.row("N6")
def test_what_was_under_way_when_the_circuit_opened_does_not_lengthen_the_silence():
    circuit, now = after(3)
    assert circuit.after_failure(POLICY, now=now + timedelta(seconds=1), chance=0.9) == circuit


@pytest.mark.row("N6")
@pytest.mark.parametrize(("failures", "pause_s"), [(3, 5), (4, 10), (5, 20), (6, 30), (7, 30), (500, 30)])
def test_the_silence_doubles_up_to_its_limit(failures, pause_s):
    circuit, now = after(failures)
    assert circuit.paused_until == now + timedelta(seconds=pause_s)


@pytest.mark.row("N6")
def test_being_asked_to_wait_opens_no_circuit_and_never_shortens_a_silence():
    asked = Circuit().after_being_asked_to_wait(NOW + timedelta(seconds=30))
    assert (asked.failures, asked.flow(POLICY, now=NOW)) == (0, Flow.OPEN)
    assert asked.flow(POLICY, now=NOW + timedelta(seconds=30)) is Flow.CLOSED
    assert asked.after_being_asked_to_wait(NOW + timedelta(seconds=5)) == asked


@given(failures=st.integers(3, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_the_silence_is_never_longer_than_its_limit_nor_shorter_than_half_of_the_first(failures, chance):
    assert 5.0 <= POLICY.pause_s(failures, chance=chance) <= 60.0
