"""Which child records of a ticket are to be made, moved or ended (G3, N1)."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.changes import ChangeTask, TaskState, TaskStep
from core.tickets.task_store import KnownTask
from core.tickets.tasks import to_show

pytestmark = pytest.mark.row("G3", "N1")
REQUEST = UUID(int=7)


def task(step=TaskStep.TESTING, state=TaskState.OPEN):
    return ChangeTask(step, "CHG-7: show it", "Raise the limit.", state)


def known(step=TaskStep.TESTING, *, shown=TaskState.OPEN, state=None):
    return {step: KnownTask(REQUEST, step, "chg", "ctask", "CTASK1", "", shown, state or shown, "", 1)}


def plan(tasks, there, *, is_over=False, moved=()):
    found = to_show(REQUEST, tasks, there, is_over=is_over, moved=moved)
    return [(str(each.step), str(each.state), each.external_id, each.is_wanted) for each in found]


def test_a_step_without_a_record_is_made_under_a_key_of_its_own():
    (made,) = to_show(REQUEST, [task()], {}, is_over=False)
    assert (made.key, made.external_id, made.is_wanted) == (f"{REQUEST}:testing", "", True)


def test_only_what_has_moved_on_since_it_was_shown_is_moved():
    assert plan([task()], known()) == []
    assert plan([task(state=TaskState.DONE)], known()) == [("testing", "done", "ctask", True)]


@pytest.mark.parametrize("end", [TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED])
def test_a_record_that_is_over_there_is_left_as_it_is(end):
    assert plan([task(state=TaskState.WORKING)], known(state=end)) == []
    assert plan([task()], known(state=end), is_over=True) == []


def test_of_a_request_that_came_to_nothing_every_record_is_ended_and_none_is_made():
    over = plan([task(), task(TaskStep.REVIEW)], known(), is_over=True)
    assert over == [("testing", "cancelled", "ctask", False), ("review", "cancelled", "", False)]
    assert plan([task(state=TaskState.DONE)], known(), is_over=True) == [("testing", "done", "ctask", False)]


def test_a_record_whose_step_the_change_has_no_more_is_ended():
    assert plan([], known(TaskStep.REVIEW)) == [("review", "cancelled", "ctask", False)]


def test_a_record_that_stands_as_it_was_shown_no_more_is_moved_again_unless_it_is_over():
    there = known(shown=TaskState.WORKING)
    assert plan([task(state=TaskState.WORKING)], there, moved=("testing",)) == [("testing", "working", "ctask", True)]
    assert plan([task(state=TaskState.WORKING)], there, moved=("review",)) == []
    over = known(shown=TaskState.WORKING, state=TaskState.DONE)
    assert plan([task(state=TaskState.WORKING)], over, moved=("testing",)) == []


def test_a_step_that_nobody_waits_for_is_not_made():
    assert plan([task(state=TaskState.CANCELLED)], {}) == [("testing", "cancelled", "", False)]
