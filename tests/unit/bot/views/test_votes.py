"""What a voter is told: what they decided, or why it does not count."""

import pytest

from bot.plain import text_of
from bot.slack import render
from bot.views.votes import restated, voted_card
from core.approvals.errors import AlreadyDecided, InvalidVote, NotAnApprover, OwnRequest, StageAlreadyDecided
from tests.unit.bot.blockkit_schema import message_problems
from tests.unit.bot.samples import (
    DANA,
    INGRID,
    LEE,
    NOW,
    PRIYA,
    TOMAS,
    decided,
    rejected,
    request,
    stage,
    vote,
    waiting,
)

MOVED_ON = request(
    (
        decided("technical_review", vote(TOMAS)),
        stage("security_review", approvers=(PRIYA, INGRID)),
        waiting("compliance_review"),
    )
)


@pytest.mark.row("B1", "P2")
def test_a_vote_that_opens_the_next_stage_says_whom_it_waits_for():
    assert text_of(voted_card(MOVED_ON, TOMAS.id)) == (
        "✅ You approved Technical review of REQ-1042. Security review is open and waits for Priya Raman, "
        "Ingrid Solberg.\n[Undo]"
    )


@pytest.mark.row("P7")
def test_a_vote_that_needs_others_says_who_they_are():
    shown = request((stage(approvers=(TOMAS, PRIYA), votes=(vote(TOMAS),)),))
    assert text_of(voted_card(shown, TOMAS.id)) == (
        "✅ You approved Technical review of REQ-1042. Technical review is open and waits for Priya Raman.\n[Undo]"
    )


def test_a_vote_that_ends_the_request_says_so():
    assert text_of(voted_card(rejected(), TOMAS.id)) == (
        "❌ You rejected Technical review of REQ-1042. It is rejected now."
    )
    approved = request((decided("technical_review", vote(TOMAS)),), status="approved", decided_at=NOW)
    assert text_of(voted_card(approved, TOMAS.id)).endswith("It is approved now.")


def test_a_vote_that_is_not_shown_any_more_is_still_confirmed():
    assert text_of(voted_card(request(), LEE.id)) == "Your vote on REQ-1042 is recorded."


@pytest.mark.row("A5")
@pytest.mark.parametrize("named", [None, "technical_review"])
def test_who_is_late_hears_who_decided_their_stage_and_what_is_open_now(named):
    late = request((decided("technical_review", vote(TOMAS)), stage("security_review", approvers=(PRIYA,))))
    error = restated(StageAlreadyDecided(), late, TOMAS.id, named)
    assert error.sentence() == (
        "Technical review of REQ-1042 is approved already, by Tomás Oliveira. "
        "Security review is open and waits for Priya Raman."
    )


def test_what_is_not_decided_yet_is_not_said_to_be():
    error = StageAlreadyDecided("Stage 'compliance_review' is waiting.")
    assert restated(error, MOVED_ON, LEE.id, "compliance_review") is error
    assert restated(error, MOVED_ON, LEE.id, None) is error


@pytest.mark.row("A5")
@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (rejected(), "REQ-1042 is rejected already, by Tomás Oliveira."),
        (request(status="withdrawn"), "REQ-1042 is withdrawn already, by Dana Whitfield."),
        (request(status="expired"), "REQ-1042 is expired already: it was not decided, or not used, in time."),
        (request((), status="approved"), "REQ-1042 is approved already."),
    ],
)
def test_a_request_that_is_over_says_who_ended_it(shown, words):
    assert restated(AlreadyDecided(), shown, TOMAS.id, None).sentence() == words


def test_who_is_not_asked_hears_who_is():
    error = restated(NotAnApprover(), MOVED_ON, LEE.id, None)
    assert error.sentence() == (
        "You are not asked to decide REQ-1042 now. Security review is open and waits for Priya Raman, Ingrid Solberg."
    )


@pytest.mark.row("P2")
def test_a_criterion_is_named_as_the_form_shows_it():
    refused = InvalidVote(
        "Criterion 'legal_basis' is not confirmed, so this cannot be an approval.",
        where="criteria.legal_basis",
        next_step="Confirm it, or reject the request.",
    )
    error = restated(refused, MOVED_ON, TOMAS.id, None)
    assert error.where == "criteria.legal_basis"
    assert error.sentence() == (
        "Criterion “Legal basis” is not confirmed, so this cannot be an approval. Confirm it, or reject the request."
    )


def test_what_says_enough_stays_as_it_is():
    for error in (OwnRequest(), InvalidVote("Say why you reject it.", where="reason")):
        assert restated(error, MOVED_ON, DANA.id, None) is error


def test_names_have_no_power():
    hostile = request((decided("t", vote(LEE)), stage("s", title="<!channel>", approvers=(PRIYA,))))
    assert message_problems(render.message(voted_card(hostile, LEE.id))) == []
