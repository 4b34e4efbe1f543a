"""Whatever anybody does with a change: what holds of every walk through its life (G1, G2, G3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.changes import rules
from core.changes.drawing import state_diagram
from core.changes.errors import CannotBeScheduled, GatesMissing, WrongState
from core.changes.policy import Gate
from core.changes.rules import PASSED, RESULTS, Evidence
from core.changes.state import BEFORE_WORK, BY_ITSELF, ENDS, TRANSITIONS, ChangeState, Step, steps_from, target
from core.changes.timetable import Span
from core.emergency import RunningBypass
from core.ids import BypassId, UserId

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ME = UserId(UUID(int=1))
DOCS = Path(__file__).parents[4] / "docs" / "changes.md"
BYPASS = RunningBypass(BypassId(UUID(int=2)), ME, rules.ACTION, "CHG-1001")

states = st.sampled_from(ChangeState)
gates = st.sets(st.sampled_from(Gate)).map(tuple)
evidence = st.lists(st.builds(Evidence, st.sampled_from(Gate), st.sampled_from(RESULTS), st.just("shown")), max_size=6)
spans = st.none() | st.integers(-3, 3).map(lambda hours: Span(NOW + hours * HOUR, NOW + (hours + 2) * HOUR))


def implement(state, required, shown, span, bypass):
    return rules.implement(
        "CHG-1001",
        state,
        missing=rules.missing_gates(required, shown),
        schedule=span,
        bypass=bypass,
        now=NOW,
        time_zone="UTC",
    )


@pytest.mark.row("G3")
@given(state=states, required=gates, shown=evidence, span=spans, bypass=st.sampled_from([None, BYPASS]))
def test_nothing_is_implemented_without_its_gates_its_approval_and_its_time_except_under_a_live_bypass(
    state, required, shown, span, bypass
):
    missing = rules.missing_gates(required, shown)
    on_time = span is not None and span.starts_at <= NOW < span.ends_at
    try:
        start = implement(state, required, shown, span, bypass)
    except (GatesMissing, CannotBeScheduled, WrongState):
        assert bypass is None or state not in BEFORE_WORK
        assert state is not ChangeState.SCHEDULE or missing or not on_time
        return
    assert start.state is ChangeState.IMPLEMENT
    if start.bypass is None:
        assert (state, missing, on_time, start.owed) == (ChangeState.SCHEDULE, (), True, ())
    else:
        assert start.bypass is bypass
        assert set(start.owed) == set(missing)  # no less is owed than was missing, and no more


@pytest.mark.row("G3")
@given(required=gates, shown=evidence)
def test_a_refusal_names_every_gate_that_is_missing(required, shown):
    missing = rules.missing_gates(required, shown)
    with pytest.raises(GatesMissing) as refused:
        implement(ChangeState.AUTHORISE, required, shown, None, None)
    assert refused.value.accepted == ("approval", *missing, "schedule")


@pytest.mark.row("G3")
@given(required=gates, shown=evidence)
def test_the_last_word_on_a_gate_counts(required, shown):
    missing = rules.missing_gates(required, shown)
    for gate in required:
        last = [each.result for each in shown if each.gate is gate][-1:]
        assert (gate in missing) == (last != [PASSED])


@pytest.mark.row("G2")
@pytest.mark.parametrize("state", [ChangeState.IMPLEMENT, ChangeState.VALIDATE, ChangeState.REVIEW])
def test_from_when_it_is_begun_until_it_is_closed_a_change_can_be_rolled_back(state):
    assert target(Step.ROLL_BACK, state) is ChangeState.ROLLED_BACK


@pytest.mark.row("G2")
@given(walk=st.lists(st.integers(0, 20), max_size=30))
def test_from_wherever_a_walk_leads_an_end_is_one_step_away(walk):
    state = ChangeState.DRAFT
    for choice in walk:
        steps = steps_from(state)
        if not steps:
            break
        state = TRANSITIONS[steps[choice % len(steps)]][state]
    assert state in ENDS or any(target(step, state) in ENDS for step in steps_from(state))


@pytest.mark.row("G2")
@given(walk=st.lists(st.integers(0, 20), max_size=30))
def test_what_is_over_stays_as_it_is_but_for_a_rollback_after_which_nothing_works(walk):
    for end in ENDS:
        state = end
        for choice in walk:
            steps = [step for step in steps_from(state) if step is not Step.REOPEN]
            state = TRANSITIONS[steps[choice % len(steps)]][state] if steps else state
        assert state is end
    assert TRANSITIONS[Step.REOPEN] == {ChangeState.ROLLED_BACK: ChangeState.IMPLEMENT}


@pytest.mark.row("G2")
def test_every_state_can_be_reached_and_implementing_has_two_doors_and_one_for_what_was_begun_already():
    reached, waiting = set(), [ChangeState.DRAFT]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting.extend(TRANSITIONS[step][state] for step in steps_from(state))
    assert reached == set(ChangeState)
    doors = {step for step, moves in TRANSITIONS.items() if ChangeState.IMPLEMENT in moves.values()}
    assert doors == {Step.IMPLEMENT, Step.BYPASS, Step.REOPEN}
    assert TRANSITIONS[Step.IMPLEMENT] == {ChangeState.SCHEDULE: ChangeState.IMPLEMENT}


@pytest.mark.row("G2")
@given(state=states, step=st.sampled_from(Step))
def test_an_illegal_step_is_refused_with_those_that_people_can_take(state, step):
    if target(step, state) is not None:
        assert rules.move("CHG-7", state, step) is target(step, state)
        return
    with pytest.raises(WrongState) as refused:
        rules.move("CHG-7", state, step)
    assert refused.value.accepted == tuple(each for each in steps_from(state) if each not in BY_ITSELF)


@pytest.mark.row("G2")
def test_the_picture_has_every_move_of_the_table_and_no_other():
    drawn = set()
    for line in state_diagram().splitlines():
        if ": " in line:
            (before, after), steps = line.partition(": ")[0].strip().split(" --> "), line.partition(": ")[2]
            drawn |= {
                (Step(each.replace(" ", "_")), ChangeState(before), ChangeState(after)) for each in steps.split(", ")
            }
    assert drawn == {(step, before, after) for step, moves in TRANSITIONS.items() for before, after in moves.items()}


@pytest.mark.row("G2")
def test_the_document_shows_this_picture():
    assert f"```mermaid\n{state_diagram()}\n```" in DOCS.read_text()


@pytest.mark.row("G3", "E5")
@pytest.mark.parametrize(
    ("bypass", "agents", "covers"),
    [
        (BYPASS, {}, True),
        (RunningBypass(BYPASS.id, ME, "*", "invoice-reader"), {"invoice-reader": ""}, True),
        (RunningBypass(BYPASS.id, ME, "*", "invoice-reader"), {"invoice-reader": "", "ledger-bot": ""}, False),
        (RunningBypass(BYPASS.id, ME, "*", "*"), {"invoice-reader": "", "ledger-bot": ""}, True),
        (RunningBypass(BYPASS.id, ME, "agent.modify", "*"), {"invoice-reader": ""}, False),
        (RunningBypass(BYPASS.id, ME, "*", "*", "test"), {"invoice-reader": "production"}, False),
        (RunningBypass(BYPASS.id, ME, "*", "*", "production"), {"invoice-reader": "production"}, True),
        (RunningBypass(BYPASS.id, ME, "*", "*", "production"), {}, False),
        (RunningBypass(BYPASS.id, UserId(UUID(int=9)), "*", "*"), {}, False),
    ],
)
def test_a_bypass_admits_the_whole_change_or_none_of_it(bypass, agents, covers):
    assert (rules.covering_bypass([bypass], ME, "CHG-1001", agents) is not None) is covers
