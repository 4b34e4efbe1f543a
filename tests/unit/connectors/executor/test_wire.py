"""What a platform says is read, or refused with the place that is wrong (G6)."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.executor.wire import STATES, UnreadableStatus, finite, read_status
from core.rollouts import Said

pytestmark = pytest.mark.row("G6")
ID = "01a221d8-e8c7-7ce4-9455-466337f69eac"
HUGE = 10**400  # JSON can say it, and no float can


def status(**said):
    return json.dumps({"id": ID, "state": "running", **said}).encode()


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "#"),
        (b"[]", "#"),
        (b"\xff", "#"),
        (b"[" * 100_000, "#"),
        (b'{"id": ' + b"9" * 5000 + b"}", "#"),
        (status(id=None), "/id"),
        (status(id=HUGE), "/id"),
        (status(state="exploded"), "/state"),
        (status(state=["running"]), "/state"),
        (status(progress=101), "/progress"),
        (status(progress=True), "/progress"),
        (status(progress=HUGE), "/progress"),
        (status(progress=float("nan")), "/progress"),
        (status(message=5), "/message"),
        (status(metrics=1), "/metrics"),
        (status(metrics={str(each): 1 for each in range(51)}), "/metrics"),
        (status(metrics={"error_rate": HUGE}), "/metrics/error_rate"),
        (status(metrics={"error_rate": -HUGE}), "/metrics/error_rate"),
        (status(metrics={"error_rate": float("inf")}), "/metrics/error_rate"),
        (status(metrics={"error_rate": "0.1"}), "/metrics/error_rate"),
        (status(metrics={"a/b~c": None}), "/metrics/a~1b~0c"),
        (status(metrics={"x" * 101: 1}), "/metrics/" + "x" * 40),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(body, where):
    with pytest.raises(UnreadableStatus) as refused:
        read_status(body)
    assert refused.value.where == where


def test_a_state_that_is_none_is_answered_with_those_that_are():
    with pytest.raises(UnreadableStatus) as refused:
        read_status(status(state="exploded"))
    assert refused.value.accepted == tuple(STATES)


def test_text_that_no_database_keeps_is_taken_without_what_is_wrong_with_it():
    rollout_id, report = read_status(status(message="half \ud800 and \0 none", metrics={"er\0ror\udfff": 1}))
    assert (rollout_id, report.said) == (UUID(ID), Said.RUNNING)
    assert (report.message, dict(report.metrics)) == ("half ? and  none", {"error?": 1.0})


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_a_number_is_read_only_from_one_that_can_be_reckoned_with(value):
    number = finite(value)
    assert number is None or (number == value and abs(number) < float("inf"))
