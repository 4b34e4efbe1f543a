"""The approval engine by example (P1, P2, P3, P6, R7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.approvals import ballots, rules
from core.approvals.effects import (
    Amend,
    DecideRequest,
    DecideStage,
    Delegate,
    Escalate,
    OpenStage,
    RecordVote,
    Remind,
    ResetStage,
)
from core.approvals.errors import (
    AlreadyDecided,
    AlreadyVoted,
    CannotDelegate,
    InvalidVote,
    NobodyToAsk,
    NotAnApprover,
    NotYourRequest,
    OwnRequest,
    StageAlreadyDecided,
    StaleDigest,
    VotedOnAnotherStage,
)
from core.approvals.state import Choice, RequestStatus, StageStatus
from tests.unit.core.approvals.engine import (
    ASKER,
    BOSS,
    CHIEF,
    COMP,
    DIGEST,
    EVERYBODY,
    FRAMEWORK,
    OTHER,
    SEC,
    START,
    TECH,
    Journey,
    policy_of,
)

STAGES = ("technical_review", "security_review", "compliance_review", "business_approval")
TWO_AT_ONCE = """\
Deployment:
  applies_to: [agent.deploy]
  stages:
    - {stage: security, approvers: [security_manager], timeout: 4h}
    - {stage: legal, approvers: [compliance_manager], timeout: 8h, needs: []}
    - {stage: business, approvers: [tenant_administrator], timeout: 8h, needs: [security, legal]}
"""
QUORUM = """\
Deployment:
  applies_to: [agent.deploy]
  stages:
    - {{stage: review, approvers: [security_manager], timeout: 4h, quorum: {quorum}}}
"""


def _four_stages() -> Journey:
    return Journey(policy_of(FRAMEWORK))


def _quorum(quorum: str, *managers: object) -> Journey:
    people = {**EVERYBODY, "security_manager": frozenset(managers)}
    return Journey(policy_of(QUORUM.format(quorum=quorum)), people)  # type: ignore[arg-type]


@pytest.mark.row("P1")
def test_four_approvals_in_the_frameworks_order_approve_the_request() -> None:
    request = _four_stages()
    for stage, voter in zip(STAGES, (TECH, SEC, COMP, BOSS), strict=True):
        assert [open_stage.key for open_stage in request.state.open_stages] == [stage]
        assert request.state.stage(stage).voters == {voter}
        request.vote(voter, stage)
    assert request.state.status is RequestStatus.APPROVED


@pytest.mark.row("P1")
def test_an_approval_closes_its_stage_and_opens_the_next_with_its_own_time() -> None:
    request = _four_stages()
    request.wait(timedelta(hours=1))
    recorded, decided, opened = request.vote(TECH)
    assert isinstance(recorded, RecordVote)
    assert decided == DecideStage("technical_review", StageStatus.APPROVED, request.now)
    assert opened == OpenStage(
        "security_review",
        roles=("security_manager",),
        approvers=frozenset({SEC}),
        opened_at=request.now,
        due_at=request.now + timedelta(hours=48),
        remind_at=request.now + timedelta(hours=36),
    )


@pytest.mark.row("P1")
def test_one_rejection_ends_the_request_and_skips_what_was_to_come() -> None:
    request = _four_stages()
    request.vote(TECH)
    request.reject(SEC)
    assert request.state.status is RequestStatus.REJECTED
    assert [request.status_of(stage) for stage in STAGES] == [
        StageStatus.APPROVED,
        StageStatus.REJECTED,
        StageStatus.SKIPPED,
        StageStatus.SKIPPED,
    ]


def test_a_policy_without_stages_approves_at_once() -> None:
    request = Journey(policy_of("Operations: {applies_to: [agent.retire], stages: []}"))
    assert request.opening == (DecideRequest(RequestStatus.APPROVED, START),)


def test_stages_that_need_nothing_open_together_and_the_one_that_needs_both_waits() -> None:
    request = Journey(policy_of(TWO_AT_ONCE))
    assert [stage.key for stage in request.state.open_stages] == ["security", "legal"]
    request.vote(COMP)
    assert request.status_of("business") is StageStatus.WAITING
    request.vote(SEC)
    assert request.status_of("business") is StageStatus.OPEN


@pytest.mark.row("R7")
def test_nobody_approves_their_own_request_whatever_their_role() -> None:
    request = Journey(policy_of(FRAMEWORK), requester=TECH)
    opened = request.opening[0]
    assert isinstance(opened, OpenStage)
    assert (opened.roles, opened.approvers, opened.escalation_level) == (
        ("tenant_administrator",),
        frozenset({BOSS}),
        1,
    )
    with pytest.raises(OwnRequest):
        request.vote(TECH)


@pytest.mark.row("R7")
def test_nobody_decides_two_stages_of_one_request() -> None:
    people = {**EVERYBODY, "security_manager": frozenset({TECH, SEC})}
    request = Journey(policy_of(FRAMEWORK), people)
    request.vote(TECH, "technical_review")
    assert request.state.stage("security_review").voters == {SEC}
    with pytest.raises(NotAnApprover):
        request.vote(TECH, "security_review")


@pytest.mark.row("R7")
def test_who_is_asked_on_two_open_stages_decides_only_one_of_them() -> None:
    people = {**EVERYBODY, "security_manager": frozenset({SEC, COMP})}
    request = Journey(policy_of(TWO_AT_ONCE), people)
    request.vote(COMP, "legal")
    with pytest.raises(VotedOnAnotherStage):
        request.vote(COMP, "security")


def test_a_policy_may_let_one_person_decide_several_stages() -> None:
    people = {**EVERYBODY, "security_manager": frozenset({COMP})}
    text = TWO_AT_ONCE.replace("  stages:", "  same_voter_may_decide_stages: true\n  stages:")
    request = Journey(policy_of(text), people)
    request.vote(COMP, "legal")
    request.vote(COMP, "security")
    assert request.status_of("business") is StageStatus.OPEN


@pytest.mark.row("P6")
def test_an_overdue_stage_asks_the_role_above_as_well_with_new_time() -> None:
    request = _four_stages()
    (escalated,) = request.time_out("technical_review")
    assert escalated == Escalate(
        "technical_review",
        from_roles=("meta_agent_manager",),
        to_role="tenant_administrator",
        level=1,
        approvers=frozenset({BOSS}),
        due_at=START + timedelta(hours=48),
        remind_at=START + timedelta(hours=42),
    )
    request.vote(TECH)  # who was silent may still decide
    assert request.status_of("technical_review") is StageStatus.APPROVED


def test_who_is_late_hears_of_their_own_stage_and_not_of_one_that_they_were_never_asked_on() -> None:
    people = {**EVERYBODY, "meta_agent_manager": frozenset({TECH, OTHER})}
    request = Journey(policy_of(FRAMEWORK), people)
    request.vote(TECH)
    with pytest.raises(StageAlreadyDecided) as told:
        request.vote(OTHER)
    assert told.value.message == "Stage 'technical_review' is approved already."
    assert told.value.accepted == ("security_review",)


@pytest.mark.row("P6")
def test_escalation_climbs_to_the_top_and_then_the_request_expires() -> None:
    request = _four_stages()
    request.time_out("technical_review")
    (second,) = request.time_out("technical_review")
    assert isinstance(second, Escalate)
    assert (second.to_role, second.level) == ("enterprise_administrator", 2)
    request.time_out("technical_review")
    assert request.state.status is RequestStatus.EXPIRED
    assert {request.status_of(stage) for stage in STAGES} == {StageStatus.SKIPPED}


@pytest.mark.row("P6")
def test_escalation_passes_over_a_role_that_nobody_holds() -> None:
    people = {**EVERYBODY, "tenant_administrator": frozenset({ASKER})}
    request = Journey(
        policy_of("D: {applies_to: [agent.deploy], stages: [{stage: s, approvers: [security_manager], timeout: 1h}]}"),
        people,
    )
    (escalated,) = request.time_out("s")
    assert isinstance(escalated, Escalate)
    assert (escalated.to_role, escalated.approvers) == ("enterprise_administrator", frozenset({CHIEF}))


def test_a_deadline_that_runs_early_or_late_changes_nothing() -> None:
    request = _four_stages()
    assert rules.on_timeout(request.state, request.policy, "technical_review", EVERYBODY, now=START) == ()
    request.vote(TECH)
    late = START + timedelta(days=9)
    assert rules.on_timeout(request.state, request.policy, "technical_review", EVERYBODY, now=late) == ()
    assert rules.on_reminder(request.state, "technical_review") == ()


@pytest.mark.row("P3")
def test_a_reminder_goes_to_those_who_have_not_voted() -> None:
    request = _quorum("all", SEC, OTHER)
    request.vote(SEC)
    assert rules.on_reminder(request.state, "review") == (Remind("review", frozenset({OTHER})),)


@pytest.mark.row("P6")
def test_a_vacant_role_is_passed_over_at_once_and_visibly() -> None:
    request = Journey(policy_of(FRAMEWORK), {**EVERYBODY, "meta_agent_manager": frozenset()})
    (opened,) = request.opening
    assert isinstance(opened, OpenStage)
    assert (opened.roles, opened.escalation_level) == (("tenant_administrator",), 1)


def test_a_request_that_nobody_could_decide_is_not_opened() -> None:
    with pytest.raises(NobodyToAsk) as caught:
        Journey(policy_of(FRAMEWORK), {"tenant_administrator": frozenset({ASKER}), "meta_agent_manager": {TECH}})  # type: ignore[dict-item]
    assert caught.value.where == "stages.security_review"


def test_the_last_to_be_asked_is_asked_even_after_an_earlier_vote_and_can_hand_it_on() -> None:
    people = {"tenant_administrator": frozenset({BOSS})}  # one person for all four stages
    request = Journey(policy_of(FRAMEWORK), people)
    request.vote(BOSS)
    assert request.state.stage("security_review").voters == {BOSS}
    with pytest.raises(VotedOnAnotherStage):
        request.vote(BOSS, "security_review")
    request.delegate("security_review", BOSS, OTHER)
    request.vote(OTHER)
    assert request.status_of("security_review") is StageStatus.APPROVED


def test_a_request_ends_if_everybody_who_could_go_on_has_left() -> None:
    request = _four_stages()
    request.people = {"meta_agent_manager": frozenset({TECH})}
    request.vote(TECH)
    assert request.status_of("technical_review") is StageStatus.APPROVED
    assert request.state.status is RequestStatus.EXPIRED


@pytest.mark.row("P7")
def test_a_quorum_of_two_takes_two_people() -> None:
    request = _quorum("2", SEC, OTHER, TECH)
    request.vote(SEC)
    assert request.status_of("review") is StageStatus.OPEN
    request.vote(OTHER)
    assert request.state.status is RequestStatus.APPROVED


@pytest.mark.row("P7")
def test_a_quorum_is_never_lowered_to_the_people_there_are() -> None:
    request = _quorum("2", SEC)
    assert request.state.stage("review").voters == {SEC, BOSS}
    assert request.state.stage("review").roles == ("security_manager", "tenant_administrator")
    request.vote(SEC)
    assert request.status_of("review") is StageStatus.OPEN


@pytest.mark.row("P7")
def test_a_quorum_that_nobody_could_reach_is_refused_at_the_start() -> None:
    with pytest.raises(NobodyToAsk, match="needs 4 approvals, but only 3 could be asked"):
        _quorum("4", SEC)


@pytest.mark.row("P7", "P6")
def test_where_all_must_agree_one_from_above_can_stand_in_for_one_who_is_silent() -> None:
    request = _quorum("all", SEC, OTHER)
    request.vote(SEC)
    request.time_out("review")
    request.vote(BOSS)
    assert request.state.status is RequestStatus.APPROVED


def test_saying_the_same_again_changes_nothing_even_after_the_decision() -> None:
    request = _four_stages()
    request.vote(TECH, "technical_review")
    assert request.vote(TECH, "technical_review") == ()
    for voter in (SEC, COMP, BOSS):
        request.vote(voter)
    assert request.vote(TECH, "technical_review") == ()


def test_a_vote_cannot_be_turned_round() -> None:
    request = _quorum("2", SEC, OTHER)
    request.vote(SEC)
    with pytest.raises(AlreadyVoted):
        request.reject(SEC, "review")


def test_of_two_clicks_at_once_the_second_is_told_whose_came_first() -> None:
    request = _quorum("any", SEC, OTHER)
    request.vote(SEC)
    with pytest.raises(AlreadyDecided) as caught:
        request.reject(OTHER, "review")
    assert (caught.value.message, caught.value.by, caught.value.at) == (
        "This request is approved already.",
        SEC,
        START,
    )


def test_a_stage_that_is_decided_takes_no_further_votes() -> None:
    people = {**EVERYBODY, "meta_agent_manager": frozenset({TECH, OTHER})}
    request = Journey(policy_of(FRAMEWORK), people)
    request.vote(TECH)
    with pytest.raises(StageAlreadyDecided):
        request.vote(OTHER, "technical_review")


def test_somebody_who_is_not_asked_is_told_who_is() -> None:
    with pytest.raises(NotAnApprover, match="'technical_review' is decided by Meta-Agent Manager"):
        _four_stages().vote(SEC, "technical_review")


def test_a_stage_that_is_not_open_yet_cannot_be_voted_on() -> None:
    with pytest.raises(InvalidVote) as caught:
        _four_stages().vote(BOSS, "business_approval")
    assert caught.value.accepted == ("technical_review",)


def test_an_unknown_stage_is_answered_with_the_stages_there_are() -> None:
    with pytest.raises(InvalidVote) as caught:
        _four_stages().vote(TECH, "vibe_check")
    assert caught.value.accepted == STAGES


def test_a_vote_on_what_the_request_was_before_is_refused() -> None:
    request = _four_stages()
    request.amend()
    with pytest.raises(StaleDigest):
        request.vote(TECH, digest=DIGEST)
    assert request.state.votes == ()


def test_votes_on_what_the_request_was_before_do_not_count() -> None:
    request = _quorum("2", SEC, OTHER)
    request.vote(SEC)
    request.amend()
    request.vote(OTHER)
    assert request.status_of("review") is StageStatus.OPEN


@pytest.mark.row("P9")
def test_an_amended_request_begins_anew_and_earlier_voters_are_asked_again() -> None:
    request = _four_stages()
    request.vote(TECH)
    request.time_out("security_review")
    effects = request.amend()
    assert [type(effect) for effect in effects] == [Amend, ResetStage, ResetStage, OpenStage]
    first, *others = request.state.stages
    assert (first.status, first.approvers, first.escalation_level) == (StageStatus.OPEN, frozenset({TECH}), 0)
    assert {(stage.status, stage.due_at, stage.approvers) for stage in others} == {
        (StageStatus.WAITING, None, frozenset())
    }
    for voter in (TECH, SEC, COMP, BOSS):
        request.vote(voter)
    assert request.state.status is RequestStatus.APPROVED


@pytest.mark.row("P9")
def test_whose_vote_no_longer_counts_may_decide_another_stage() -> None:
    people = {**EVERYBODY, "security_manager": frozenset({TECH, SEC}), "meta_agent_manager": frozenset({TECH, OTHER})}
    request = Journey(policy_of(FRAMEWORK), people)
    request.vote(TECH)
    request.amend()
    request.vote(OTHER)
    request.vote(TECH, "security_review")
    assert request.status_of("security_review") is StageStatus.APPROVED


@pytest.mark.row("P9")
def test_only_the_requester_amends_and_only_what_is_undecided() -> None:
    request = _four_stages()
    with pytest.raises(NotYourRequest, match="Only the person who asked can change a request."):
        request.amend(TECH)
    assert request.amend(same=True) == ()
    request.reject(TECH)
    with pytest.raises(AlreadyDecided):
        request.amend()


@pytest.mark.parametrize(
    ("choice", "reason", "criteria", "where"),
    [
        (Choice.REJECT, "", {}, "reason"),
        (Choice.REJECT, "   ", {}, "reason"),
        (Choice.APPROVE, "x" * (ballots.REASON_MAX + 1), {}, "reason"),
        (Choice.APPROVE, "", {"good_vibes": True}, "criteria.good_vibes"),
        (Choice.APPROVE, "", {"technical_feasibility": False}, "criteria.technical_feasibility"),
    ],
)
@pytest.mark.row("P2")
def test_a_vote_that_cannot_be_counted_names_its_field(
    choice: Choice, reason: str, criteria: dict[str, bool], where: str
) -> None:
    request = _four_stages()
    with pytest.raises(InvalidVote) as caught:
        request.vote(TECH, None, choice, reason=reason, criteria=criteria)
    assert caught.value.where == where
    assert request.state.votes == ()


@pytest.mark.row("P2")
def test_a_rejection_may_say_which_criterion_failed() -> None:
    request = _four_stages()
    request.vote(TECH, None, Choice.REJECT, reason="Cannot work", criteria={"technical_feasibility": False})
    assert request.state.votes[0].criteria == {"technical_feasibility": False}


def test_the_longest_reason_is_kept_whole() -> None:
    request = _four_stages()
    request.vote(TECH, reason="x" * ballots.REASON_MAX)
    assert len(request.state.votes[0].reason) == ballots.REASON_MAX


def test_a_place_given_away_is_gone() -> None:
    request = _four_stages()
    assert request.delegate("technical_review", TECH, OTHER) == (Delegate("technical_review", TECH, OTHER),)
    with pytest.raises(NotAnApprover):
        request.vote(TECH, "technical_review")
    request.vote(OTHER)
    assert request.status_of("technical_review") is StageStatus.APPROVED


def test_a_place_handed_round_in_a_circle_is_with_its_first_holder_again() -> None:
    request = _four_stages()
    for giver, taker in ((TECH, OTHER), (OTHER, SEC), (SEC, TECH)):
        request.delegate("technical_review", giver, taker)
    assert request.state.stage("technical_review").voters == {TECH}
    request.vote(TECH, "technical_review")
    assert request.status_of("technical_review") is StageStatus.APPROVED


@pytest.mark.row("R7")
def test_a_place_cannot_be_given_to_the_requester() -> None:
    with pytest.raises(CannotDelegate):
        _four_stages().delegate("technical_review", TECH, ASKER)


@pytest.mark.row("R7")
def test_a_place_cannot_be_given_to_somebody_who_decided_another_stage() -> None:
    request = _four_stages()
    request.vote(TECH)
    with pytest.raises(CannotDelegate):
        request.delegate("security_review", SEC, TECH)


def test_a_place_cannot_be_given_to_somebody_who_is_asked_already() -> None:
    with pytest.raises(CannotDelegate):
        _quorum("2", SEC, OTHER).delegate("review", SEC, OTHER)


def test_who_has_voted_has_no_place_to_give() -> None:
    request = _quorum("2", SEC, OTHER)
    request.vote(SEC)
    with pytest.raises(AlreadyVoted):
        request.delegate("review", SEC, TECH)


def test_who_is_not_asked_has_no_place_to_give() -> None:
    with pytest.raises(NotAnApprover):
        _four_stages().delegate("technical_review", SEC, OTHER)


def test_an_escalation_does_not_ask_a_delegate_twice() -> None:
    request = _four_stages()
    request.delegate("technical_review", TECH, BOSS)
    (escalated,) = request.time_out("technical_review")
    assert isinstance(escalated, Escalate)
    assert (escalated.to_role, escalated.approvers) == ("enterprise_administrator", frozenset({CHIEF}))


def test_the_requester_can_withdraw_and_nothing_is_left_open() -> None:
    request = _four_stages()
    request.vote(TECH)
    request.withdraw(ASKER)
    assert request.state.status is RequestStatus.WITHDRAWN
    assert request.state.open_stages == ()
    assert request.withdraw(ASKER) == ()


def test_nobody_else_can_withdraw() -> None:
    with pytest.raises(NotYourRequest):
        _four_stages().withdraw(BOSS)


def test_a_decided_request_cannot_be_withdrawn() -> None:
    request = _four_stages()
    request.reject(TECH)
    with pytest.raises(AlreadyDecided):
        request.withdraw(ASKER)
