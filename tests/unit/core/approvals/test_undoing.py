"""A vote can be taken back for a short while, and nothing that others did is lost by it (P9)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.approvals.effects import Escalate
from core.approvals.errors import AlreadyDecided, NothingToUndo, TooLateToUndo
from core.approvals.state import RequestStatus, StageStatus
from core.approvals.undoing import GRACE
from tests.unit.core.approvals.engine import BOSS, EVERYBODY, FRAMEWORK, OTHER, SEC, TECH, Journey, policy_of

TWO = "Agent Creation Approval: {stages: [{stage: review, approvers: [security_manager], timeout: 1h, quorum: 2}]}"
ONE = "Agent Creation Approval: {stages: [{stage: review, approvers: [security_manager], timeout: 1h}]}"


def journey(text: str = FRAMEWORK) -> Journey:
    return Journey(policy_of(text), {**EVERYBODY, "security_manager": frozenset({SEC, OTHER})})


@pytest.mark.row("P9")
def test_a_vote_taken_back_opens_its_stage_again_and_closes_the_one_it_opened():
    request = journey()
    due_at = request.state.stage("technical_review").due_at
    request.vote(TECH)
    request.undo(TECH)
    assert [stage.status for stage in request.state.stages] == [StageStatus.OPEN] + [StageStatus.WAITING] * 3
    assert (request.state.votes, request.state.stage("technical_review").due_at) == ((), due_at)
    request.vote(TECH)
    assert request.status_of("security_review") is StageStatus.OPEN


@pytest.mark.row("P9", "P7")
def test_a_vote_that_closed_nothing_is_simply_gone_and_its_voter_may_vote_the_other_way():
    request = journey(TWO)
    request.vote(SEC)
    request.undo(SEC)
    request.vote(OTHER)
    assert request.state.status is RequestStatus.PENDING
    request.reject(SEC)
    assert request.state.status is RequestStatus.REJECTED


def test_a_vote_cannot_be_taken_back_once_the_grace_is_over():
    request = journey()
    request.vote(TECH)
    request.wait(GRACE + timedelta(seconds=1))
    with pytest.raises(TooLateToUndo):
        request.undo(TECH)


def test_a_vote_cannot_be_taken_back_once_somebody_has_voted_on_what_it_opened():
    request = journey()
    request.vote(TECH)
    request.vote(SEC)
    with pytest.raises(TooLateToUndo) as caught:
        request.undo(TECH)
    assert "security_review" in caught.value.message


def test_what_is_decided_stays_decided():
    request = journey(ONE)
    request.vote(SEC)
    with pytest.raises(AlreadyDecided):
        request.undo(SEC)


def test_whoever_has_not_voted_has_nothing_to_take_back():
    with pytest.raises(NothingToUndo):
        journey().undo(BOSS)


@pytest.mark.row("P3")
def test_a_question_stops_the_clock_and_the_answer_starts_it_with_the_time_that_was_left():
    request = journey()
    request.wait(timedelta(hours=10))
    assert len(request.question(TECH)) == 1
    assert request.question(TECH) == ()  # it stands still already
    request.wait(timedelta(days=3))
    assert request.time_out("technical_review") == ()
    request.answer()
    stage = request.state.stage("technical_review")
    assert (stage.paused_at, stage.due_at) == (None, request.now + timedelta(hours=14))
    request.wait(timedelta(hours=14))
    assert isinstance(request.time_out("technical_review")[0], Escalate)


@pytest.mark.row("P3")
def test_working_time_that_was_left_is_given_back_as_working_time():
    friday_noon = timedelta(days=4, hours=3)  # from Monday nine o'clock
    text = "Agent Creation Approval: {calendar: {zone: UTC}, stages: [{stage: review, approvers: [security_manager], timeout: 45h}]}"
    request = journey(text)
    request.wait(friday_noon)
    request.question(SEC)
    left = timedelta(hours=45) - timedelta(hours=43)
    request.wait(timedelta(days=1))  # the answer comes on Saturday
    request.answer()
    due_at = request.state.stage("review").due_at
    assert due_at is not None
    assert (due_at.isoweekday(), due_at.hour) == (1, 8 + left.seconds // 3600)


def test_a_question_by_somebody_who_is_not_asked_stops_nothing():
    assert journey().question(BOSS) == ()


def test_a_policy_may_let_time_run_on_during_questions():
    text = ONE.replace("{stages", "{pause_for_questions: false, stages")
    assert journey(text).question(SEC) == ()
