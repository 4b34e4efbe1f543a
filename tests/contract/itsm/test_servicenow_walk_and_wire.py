"""Pure parts of the connector: the next step of a change, and records in every shape that was seen on the wire."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.itsm.answers import UnexpectedAnswerError
from connectors.itsm.base import TicketKind, TicketState
from connectors.itsm.servicenow.mapping import ticket_state
from connectors.itsm.servicenow.walk import PROGRESS, Approve, Arrived, Move, Reject, Stuck, Wait, next_step
from connectors.itsm.servicenow.wire import TaskRecord, code, condition, task, text

RECORD = TaskRecord(
    sys_id="0" * 32,
    number="CHG0030001",
    state="-5",
    approval="not requested",
    key="k",
    assignment_group="1" * 32,
    is_on_hold=False,
    created_on=None,
    updated_on=None,
    updated_by="ann",
    version=0,
    ignored=(),
)
records = st.builds(
    lambda state, approval, group, hold: replace(
        RECORD, state=state, approval=approval, assignment_group=group, is_on_hold=hold
    ),
    st.sampled_from((*PROGRESS, "4", "17")),
    st.sampled_from(("not requested", "requested", "approved", "rejected")),
    st.sampled_from(("", "1" * 32)),
    st.booleans(),
)
offers = st.one_of(st.none(), st.sets(st.sampled_from((*PROGRESS, "4", "17"))).map(tuple))


@given(records, st.sampled_from(TicketState), offers)
def test_a_move_is_offered_or_closes_from_review_and_never_goes_backwards(record, target, available):
    step = next_step(record, target, available)

    if isinstance(step, Move) and step.state not in {"4", record.state}:
        assert PROGRESS.index(step.state) > PROGRESS.index(record.state)
        # closing is not offered before there is a close code, which travels with the move
        assert available is None or step.state in available or (record.state, step.state) == ("0", "3")


@given(
    records,
    st.sampled_from([state for state in TicketState if state not in {TicketState.CANCELLED, TicketState.REJECTED}]),
    offers,
)
def test_nothing_moves_a_change_that_people_stopped(record, target, available):
    stopped = replace(record, state="4")

    assert isinstance(next_step(stopped, target, available), Stuck)


@pytest.mark.parametrize(
    ("changes", "target", "available", "expected"),
    [
        ({}, TicketState.IN_APPROVAL, ("-5", "-4", "4"), Move("-4")),
        ({"assignment_group": ""}, TicketState.IN_APPROVAL, ("-5", "-4", "4"), Move("-4", needs_group=True)),
        ({"assignment_group": ""}, TicketState.IN_APPROVAL, ("-5", "4"), Move("-5", needs_group=True)),
        ({}, TicketState.IN_APPROVAL, ("-5", "-2", "4"), Move("-2")),
        ({}, TicketState.IN_APPROVAL, None, Move("-4")),
        ({"state": "-4", "approval": "requested"}, TicketState.APPROVED, ("-4", "-5", "4"), Approve()),
        ({"state": "-4", "approval": "requested"}, TicketState.REJECTED, ("-4", "-5", "4"), Reject()),
        ({"state": "-4", "approval": "requested"}, TicketState.CANCELLED, ("-4", "-5", "4"), Move("4")),
        ({"state": "3"}, TicketState.APPROVED, (), Arrived()),
        ({"state": "4"}, TicketState.REJECTED, (), Arrived()),
    ],
)
def test_the_next_step(changes, target, available, expected):
    assert next_step(replace(RECORD, **changes), target, available) == expected


def test_an_approved_change_that_has_not_moved_yet_is_waited_for():
    assert isinstance(next_step(replace(RECORD, state="-3", approval="approved"), TicketState.APPROVED, ("-3",)), Wait)


def test_a_state_of_an_unknown_model_is_named():
    step = next_step(replace(RECORD, state="17"), TicketState.APPROVED, ("17", "3"))

    assert isinstance(step, Stuck)
    assert step.reason == (
        "CHG0030001 is in state 17, which is none that a change is moved on from; move it on in ServiceNow, then send this again."
    )
    mapped = ticket_state(TicketKind.CHANGE, replace(RECORD, state="17"), {"17": TicketState.IMPLEMENTING})
    assert mapped is TicketState.IMPLEMENTING


@pytest.mark.parametrize(
    "state",
    ["-5", "-5.0", -5, -5.0, {"display_value": "New", "value": -5.0}, {"value": "-5"}, [{"value": "-5.0"}], ["-5"]],
)
def test_a_number_is_read_in_every_shape(state):
    assert code(state) == "-5"


@pytest.mark.parametrize("nothing", [None, "", {}, [], {"value": ""}, {"display_value": ""}, "New", "inf", ["a", "b"]])
def test_what_is_no_number_is_none(nothing):
    assert code(nothing) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        ({"display_value": "true", "value": True}, "true"),
        ({"link": "https://x/1", "value": "1"}, "1"),
        ("1", "1"),
        (None, ""),
    ],
)
def test_a_value_is_read_in_every_shape(value, expected):
    assert text(value) == expected


def test_the_same_record_is_read_from_both_interfaces():
    from_table: dict[str, Any] = {
        "sys_id": "a" * 32, "number": "CHG1", "state": "-5", "approval": "requested", "correlation_id": "k",
        "assignment_group": {"link": "https://x/1", "value": "1"}, "on_hold": "false", "sys_mod_count": "2",
        "sys_created_on": "2026-11-23 10:00:00", "sys_updated_on": "2026-11-23 10:00:01", "sys_updated_by": "ann",
    }  # fmt: skip
    typed: dict[str, Any] = {"state": -5.0, "on_hold": False, "sys_mod_count": 2.0, "assignment_group": "1"}
    from_change_api = {
        name: {"display_value": "shown in another zone", "value": typed.get(name, value)}
        for name, value in from_table.items()
    }

    assert task(from_table) == task({**from_change_api, "__meta": {"ignoredFields": []}})
    assert task(from_table).updated_on == datetime(2026, 11, 23, 10, 0, 1, tzinfo=UTC)


def test_a_record_without_identity_is_no_answer():
    with pytest.raises(UnexpectedAnswerError):
        task({"number": "CHG1"})


@pytest.mark.parametrize("value", ["a^b", "a\nb", "javascript:gs.log(1)", "^"])
def test_a_value_that_could_be_more_than_a_value_is_never_asked_for(value):
    with pytest.raises(ValueError, match="cannot be looked up"):
        condition("email", "=", value)
