"""What is wrong with the child records of a ticket (N1)."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.changes import TASK_ENDS, TaskState, TaskStep
from core.tickets import Finding, ToldTask
from core.tickets.task_drift import astray, key_of, unheard
from core.tickets.task_store import KnownTask

pytestmark = pytest.mark.row("N1")
REQUEST = UUID(int=7)
STEP = TaskStep.TESTING
OPEN, WORKING, DONE, CANCELLED = TaskState.OPEN, TaskState.WORKING, TaskState.DONE, TaskState.CANCELLED
states = st.sampled_from(TaskState)


def known(shown=OPEN, *, state=None, version=1):
    return KnownTask(REQUEST, STEP, "chg", "ctask-1", "CTASK1", "", shown, state or shown, "", version)


def told(state=OPEN, *, id_="ctask-1", key=None, version=2, is_ours=False):
    key = key_of(REQUEST, STEP) if key is None else key
    return ToldTask(key, id_, id_.upper(), "", state, state.value.title(), "", "Beth", "beth", is_ours, version)


def plan(shown, there, wanted=None):
    found = astray([shown], there, None if wanted is None else {STEP: wanted})
    return [(each.what, each.here, each.there) for each in found]


def test_a_record_that_is_gone_while_its_step_is_open_is_missing():
    assert plan(known(), []) == [(Finding.TASK_MISSING, "CTASK1 open", "")]
    assert plan(known(), [], WORKING) == [(Finding.TASK_MISSING, "CTASK1 working", "")]


@given(st.sampled_from(sorted(TASK_ENDS)))
def test_a_record_that_is_gone_when_its_step_or_it_itself_is_over_is_not_missed(end):
    assert plan(known(), [], end) == []
    assert plan(known(state=end), [], OPEN) == []


def test_a_record_under_another_id_does_not_stand_for_the_one_that_is_gone():
    assert [what for what, _here, _there in plan(known(), [told(id_="ctask-2")], OPEN)] == [Finding.TASK_MISSING]


def test_a_record_that_stands_before_where_it_was_shown_is_astray():
    assert plan(known(WORKING), [told(OPEN)], WORKING) == [(Finding.TASK_STATE, "CTASK-1 working", "Open")]
    assert plan(known(DONE), [told(WORKING)], DONE) == [(Finding.TASK_STATE, "CTASK-1 done", "Working")]


def test_what_was_told_before_it_was_shown_is_no_finding():
    assert plan(known(WORKING, version=3), [told(OPEN, version=2)], WORKING) == []


@given(shown=states, seen=states, wanted=st.none() | states, end=st.sampled_from(sorted(TASK_ENDS)))
def test_nothing_is_wrong_with_a_record_that_is_over(shown, seen, wanted, end):
    assert plan(known(shown, state=seen), [told(end)], wanted) == []


@given(shown=states, seen=states, wanted=states)
def test_where_it_stands_as_it_was_shown_what_is_on_its_way_is_no_finding(shown, seen, wanted):
    if seen in TASK_ENDS:
        seen = shown
    assert plan(known(shown, state=seen), [told(shown)], wanted) == []


@given(shown=states, seen=states, wanted=states, there=st.none() | states)
def test_nothing_is_found_in_the_end_that_could_not_be_wrong_whatever_the_change_has(shown, seen, wanted, there):
    """So that the change is read only where something may be wrong."""
    listed = [told(there)] if there is not None else []
    suspected = {what for what, _here, _there in plan(known(shown, state=seen), listed)}
    assert {what for what, _here, _there in plan(known(shown, state=seen), listed, wanted)} <= suspected


def test_a_second_open_record_of_a_step_is_a_double_of_the_known_one():
    pair = [told(id_="ctask-0"), told()]
    assert plan(known(), pair, OPEN) == [(Finding.TASK_DOUBLE, "CTASK-1", "CTASK-0")]


@given(st.sampled_from(sorted(TASK_ENDS)))
def test_a_second_record_that_is_over_or_none_of_this_step_is_no_double(end):
    assert plan(known(), [told(), told(end, id_="ctask-2")], OPEN) == []
    assert plan(known(), [told(), told(id_="ctask-2", key=key_of(REQUEST, TaskStep.REVIEW))], OPEN) == []


@given(seen=states, there=states, version=st.integers(0, 3))
def test_what_stands_otherwise_than_it_was_seen_and_is_not_older_is_news(seen, there, version):
    news = unheard([known(state=seen, version=1)], [told(there, version=version)])
    assert bool(news) == (there is not seen and version >= 1)


def test_what_is_not_known_is_no_news():
    assert unheard([known()], [replace(told(DONE), external_id="theirs")]) == ()
