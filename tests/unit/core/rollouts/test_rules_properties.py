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
from core.rollouts.state import OVER, TRANSITIONS, Known, RolloutState, Said, target

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
    known = Known.NOTHING
    for report in said:
        move = rules.heard(state, known, plan, report)
        state, known = move.to if move else state, rules.known_after(known, report.said)
        been.append(state)
    for before, after in pairwise(been):
        if before in (RolloutState.WATCHING, RolloutState.ROLLING_BACK, RolloutState.RECOVERING):
            assert after not in (RolloutState.STARTING, RolloutState.RUNNING)


@pytest.mark.row("G7")
@given(state=states, known=st.sampled_from(Known), report=reports)
def test_a_report_heard_twice_moves_once(state, known, report):
    move = rules.heard(state, known, PLAN, report)
    if move is not None:
        assert rules.heard(move.to, rules.known_after(known, report.said), PLAN, report) is None


@pytest.mark.row("G10", "X8")
@given(said=st.lists(reports, max_size=20))
def test_what_was_undone_and_failed_after_that_is_not_undone_again_by_words(said):
    known = rules.known_after(Known.UNDOING, Said.ROLLED_BACK)
    for report in said:
        assert rules.heard(RolloutState.FAILED, known, PLAN, report) is None
        known = rules.known_after(known, report.said)


@pytest.mark.row("G7", "X8")
@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (Known.UNDOING, "The platform has rolled it back after all: By hand."),
        (Known.BEGUN, "The platform rolled it back by itself: By hand."),
        (Known.NOTHING, "The platform rolled it back by itself: By hand."),
    ],
)
def test_an_undo_that_was_not_heard_of_before_is_heard_after_the_failure(known, reason):
    move = rules.heard(RolloutState.FAILED, known, PLAN, Report(Said.ROLLED_BACK, message="By hand."))
    assert (move.to, move.reasons) == (RolloutState.RECOVERING, (reason,))


@pytest.mark.row("G7")
@pytest.mark.parametrize("known", Known)
def test_an_undo_fails_by_what_is_said_once_the_platform_has_its_order(known):
    ordered = rules.known_when_ordered(known)
    failed = Report(Said.ROLLBACK_FAILED)
    assert rules.heard(RolloutState.ROLLING_BACK, ordered, PLAN, failed) is None
    has_it = rules.known_after(ordered, Said.ROLLING_BACK)
    assert rules.heard(RolloutState.ROLLING_BACK, has_it, PLAN, failed).to is RolloutState.FAILED


@pytest.mark.row("G8", "X8")
@given(state=states, said=st.lists(reports, max_size=5), is_ordered=st.booleans())
def test_only_what_the_platform_has_never_spoken_of_has_never_begun(state, said, is_ordered):
    known = Known.NOTHING
    for report in said:
        known = rules.known_after(known, report.said)
    move = rules.never_began(state, rules.known_when_ordered(known) if is_ordered else known)
    assert (move is not None) == (state is RolloutState.ROLLING_BACK and not said)


@pytest.mark.row("G8", "X8")
@pytest.mark.parametrize("said", rules.REPORTED)
@pytest.mark.parametrize("known", Known)
def test_what_never_began_and_begins_after_all_is_undone_and_what_was_undone_stays_so(said, known):
    move = rules.heard(RolloutState.ROLLED_BACK, known, PLAN, Report(said))
    begins = said in (Said.ACCEPTED, Said.RUNNING, Said.SUCCEEDED, Said.FAILED)
    wanted = RolloutState.ROLLING_BACK if begins and known is Known.NOTHING else None
    assert (move.to if move else None) is wanted


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
