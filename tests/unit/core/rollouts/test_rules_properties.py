"""Pure rules of rollouts, tried with whatever can be said in whatever order (G7, G10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rollouts import rules
from core.rollouts.plan import Check, CheckKind, OnFailure, Plan
from core.rollouts.rules import Report, Result, Round
from core.rollouts.state import OVER, TRANSITIONS, RolloutState, Said, target

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HEALTH = Check("Health", CheckKind.HEALTH, url="https://payments.example.com/health")
PLAN = Plan(checks=(HEALTH,))
reports = st.builds(Report, st.sampled_from(rules.REPORTED), st.none() | st.integers(0, 100), st.text(max_size=20))
states = st.sampled_from(RolloutState)


def rounds(*passed: bool) -> tuple[Round, ...]:
    return tuple(
        Round(NOW + timedelta(seconds=30 * at), (Result("Health", is_well, "200" if is_well else "503"),))
        for at, is_well in enumerate(passed)
    )


@pytest.mark.row("G7")
@given(said=st.lists(reports, max_size=20), on_failure=st.sampled_from(OnFailure))
def test_whatever_a_platform_says_in_whatever_order_no_rollout_runs_again_once_it_is_out(said, on_failure):
    plan, state, been = Plan(on_failure=on_failure), RolloutState.STARTING, [RolloutState.STARTING]
    for report in said:
        move = rules.heard(state, plan, report)
        state = move.to if move else state
        been.append(state)
    for before, after in pairwise(been):
        if before in (RolloutState.WATCHING, RolloutState.ROLLING_BACK, RolloutState.RECOVERING):
            assert after not in (RolloutState.STARTING, RolloutState.RUNNING)


@pytest.mark.row("G7")
@given(state=states, report=reports)
def test_a_report_heard_twice_moves_once(state, report):
    move = rules.heard(state, PLAN, report)
    if move is not None:
        assert rules.heard(move.to, PLAN, report) is None


@pytest.mark.row("G7")
@given(state=states.filter(lambda one: one not in OVER))
def test_from_wherever_it_is_a_rollout_can_end(state):
    seen, waiting = set(), [state]
    while waiting:
        now = waiting.pop()
        if now not in seen:
            seen.add(now)
            waiting += [moves[now] for moves in TRANSITIONS.values() if now in moves]
    assert seen & OVER


@pytest.mark.row("G8")
@pytest.mark.parametrize(
    "state", [each for each in RolloutState if each not in (RolloutState.ROLLED_BACK, RolloutState.RECOVERING)]
)
def test_until_it_is_undone_a_rollout_can_be_undone(state):
    assert target(Said.UNDO, state) is RolloutState.ROLLING_BACK or state is RolloutState.ROLLING_BACK


@pytest.mark.row("G7")
@given(passed=st.lists(st.booleans(), max_size=30), tolerance=st.integers(1, 5))
def test_so_many_failures_in_a_row_undo_it_and_fewer_never_do(passed, tolerance):
    plan = Plan(checks=(HEALTH,), tolerance=tolerance, watch=timedelta(days=1))
    move = rules.judged(RolloutState.WATCHING, plan, rounds(*passed), since=NOW, now=NOW)
    fails = len(passed) >= tolerance and not any(passed[-tolerance:])
    assert (move is not None) == fails
    if move is not None:
        assert (move.to, move.reasons) == (RolloutState.ROLLING_BACK, ("Health: 503.",))


@pytest.mark.row("G7")
@pytest.mark.parametrize(
    ("passed", "minutes", "to"),
    [
        ((True, True), 9, None),
        ((True, True), 10, RolloutState.SUCCEEDED),
        ((True, False), 10, None),  # one more look says which
        ((), 10, None),  # what was never seen to work is not said to
        ((False, False), 1, RolloutState.ROLLING_BACK),
    ],
)
def test_the_end_of_the_watch_passes_what_worked_at_the_last_look(passed, minutes, to):
    now = NOW + timedelta(minutes=minutes)
    move = rules.judged(RolloutState.WATCHING, PLAN, rounds(*passed), since=NOW, now=now)
    assert (move.to if move else None) == to


@pytest.mark.row("G10")
@pytest.mark.parametrize(
    ("passed", "minutes", "to"),
    [
        ((True,), 1, None),
        ((True, True), 1, RolloutState.ROLLED_BACK),
        ((True, False, True), 1, None),
        ((False, False), 9, None),
        ((False, False), 10, RolloutState.FAILED),
        ((), 10, RolloutState.FAILED),
    ],
)
def test_what_was_rolled_back_works_again_when_two_looks_say_so(passed, minutes, to):
    now = NOW + timedelta(minutes=minutes)
    move = rules.judged(RolloutState.RECOVERING, PLAN, rounds(*passed), since=NOW, now=now)
    assert (move.to if move else None) == to


@pytest.mark.row("G10")
def test_without_checks_the_platforms_word_is_enough():
    assert rules.judged(RolloutState.RECOVERING, Plan(), (), since=NOW, now=NOW).to is RolloutState.ROLLED_BACK
    later = NOW + timedelta(minutes=10)
    assert rules.judged(RolloutState.WATCHING, Plan(), (), since=NOW, now=later).to is RolloutState.SUCCEEDED


@given(
    plan=st.builds(
        Plan,
        watch=st.timedeltas(timedelta(), timedelta(days=7)),
        tolerance=st.integers(1, 100),
        on_failure=st.sampled_from(OnFailure),
        checks=st.lists(
            st.builds(
                Check,
                name=st.text(min_size=1),
                kind=st.sampled_from(CheckKind),
                at_most=st.none() | st.floats(allow_nan=False, allow_infinity=False),
            ),
            max_size=3,
        ).map(tuple),
    )
)
def test_a_plan_is_read_back_as_it_was_kept(plan):
    assert Plan.from_json(plan.to_json()) == plan
