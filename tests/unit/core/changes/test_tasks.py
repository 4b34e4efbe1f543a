"""What is to be done of a change, step by step (G3, G6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.changes import TaskState, TaskStep, ValidationView
from core.changes.tasks import tasks_of
from tests.unit.bot.samples import DANA, NOW, change, change_evidence

pytestmark = pytest.mark.row("G3", "G6")
GATES = ("testing", "rollback_plan", "communication")


def states(**facts):
    return {str(each.step): str(each.state) for each in tasks_of(change(**facts))}


def shown(*gates, result="passed"):
    return tuple(replace(change_evidence(), gate=gate, result=result) for gate in gates)


def test_a_change_has_a_task_for_each_of_its_gates_and_for_the_work_itself():
    assert [str(each.step) for each in tasks_of(change())] == [*GATES, "implementation", "validation", "review"]
    steps = [str(each.step) for each in tasks_of(change(gates=("testing",), wants_review=False))]
    assert steps == ["testing", "implementation", "validation"]


def test_a_gate_is_done_once_its_last_evidence_holds_and_says_what_that_is():
    (testing, plan, *_others) = tasks_of(change(evidence=shown("testing")))
    assert (testing.state, plan.state) == (TaskState.DONE, TaskState.OPEN)
    assert shown("testing")[0].summary in testing.said
    assert states(evidence=(*shown("testing"), *shown("testing", result="failed")))["testing"] == "open"


@pytest.mark.parametrize(
    ("state", "implementation", "validation", "review"),
    [
        ("draft", "open", "open", "open"),
        ("authorise", "open", "open", "open"),
        ("schedule", "open", "open", "open"),
        ("implement", "working", "open", "open"),
        ("validate", "done", "working", "open"),
        ("review", "done", "done", "working"),
    ],
)
def test_the_work_goes_on_as_the_change_does(state, implementation, validation, review):
    found = states(state=state)
    assert (found["implementation"], found["validation"], found["review"]) == (implementation, validation, review)


@pytest.mark.parametrize("state", ["rolled_back", "failed"])
def test_what_came_to_nothing_fails_its_work_and_still_owes_its_review(state):
    found = states(state=state, ended_at=NOW, review_state="due", evidence=shown(*GATES))
    assert (found["implementation"], found["validation"], found["review"]) == ("failed", "failed", "open")


def test_nobody_waits_for_what_a_cancelled_change_had_left():
    found = states(state="cancelled", ended_at=NOW, note="Not this month.", evidence=shown("testing"))
    assert (found.pop("testing"), set(found.values())) == ("done", {"cancelled"})
    assert tasks_of(change(state="cancelled", ended_at=NOW, note="Not this month."))[1].said == "Not this month."


def test_what_a_bypass_let_pass_is_open_until_it_is_shown_or_the_review_is_over():
    facts = {"state": "rolled_back", "ended_at": NOW, "owed": ("testing",), "evidence": ()}
    assert states(**facts, review_state="overdue")["testing"] == "open"
    assert states(**facts, review_state="done")["testing"] == "cancelled"
    assert states(**{**facts, "evidence": shown("testing")}, review_state="due")["testing"] == "done"


def test_the_validation_says_what_was_found():
    at = NOW + timedelta(hours=1)
    found = {
        each.step: each
        for each in tasks_of(change(state="review", validation=ValidationView("passed", "Green.", DANA, at)))
    }
    assert found[TaskStep.VALIDATION].said == "Green."
