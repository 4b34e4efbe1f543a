"""Votes on a real database: races have one winner, everybody else is told, and every refusal leaves a record."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import cycle

import pytest
from sqlalchemy import text

from core.access import TokenScope
from core.access.errors import ScopeMissing
from core.approvals import RequestEvent, cast_vote, comment, get_request, list_requests, reassign, withdraw
from core.approvals.errors import (
    AlreadyDecided,
    AlreadyVoted,
    CannotDelegate,
    InvalidRequest,
    InvalidVote,
    NotAnApprover,
    NotYourRequest,
    OwnRequest,
    StageAlreadyDecided,
    StaleDigest,
    UnknownRequest,
    VotedOnAnotherStage,
)
from core.approvals.queries import RequestFilter
from core.approvals.state import Choice
from core.errors import CountersignError, Unavailable
from core.ids import uuid7
from tests.factories import IP_ADDRESS, STAGES, USER_AGENT, agent, approve_all, ask, new_gate, policies, vote

AT_ONCE = 20
ONE_STAGE = policies(
    "Agent Creation Approval:\n"
    "  stages:\n"
    "    - {stage: review, approvers: [meta_agent_manager], criteria: [sound], timeout: 24 hours}\n"
)
BOTH_MUST = policies(
    "Agent Creation Approval:\n"
    "  stages:\n"
    "    - {stage: review, approvers: [meta_agent_manager], criteria: [sound], timeout: 24 hours, quorum: 2}\n"
)


async def opened(company, catalogue, **wanted):
    pending = await ask(company, catalogue, **wanted)
    assert pending.decision == "pending"
    return await get_request(company.database, company.actor("agent_developer"), pending.request_id)


async def events(company, request):
    async with company.database.tenant(company.tenant) as tx:
        found = await tx.connection.execute(
            text("SELECT type FROM outbox_events WHERE subject = :s ORDER BY position"), {"s": f"request:{request.id}"}
        )
        return list(found.scalars())


CROWD = """\
Agent Creation Approval:
  stages:
    - {stage: technical_review, approvers: [meta_agent_manager], timeout: 24 hours, quorum: all}
"""


async def all_at_once(*attempts):
    """What came of each: 'done', or the name of the error."""

    async def tried(attempt):
        try:
            await attempt
        except CountersignError as exc:
            return type(exc)
        return "done"

    return await asyncio.gather(*(tried(attempt) for attempt in attempts))


@pytest.mark.row("P1", "N6")
async def test_of_twenty_votes_of_two_people_at_once_one_decides_and_the_others_are_told(company, catalogue):
    await company.add("second_manager", "meta_agent_manager")
    request = await opened(company, catalogue)
    people = ["meta_agent_manager", "second_manager"] * (AT_ONCE // 2)
    outcomes = await all_at_once(*(vote(company, request.id, who, stage="technical_review") for who in people))
    # The winner's other clicks repeat what counts already; the slower person hears that the stage is decided.
    assert Counter(outcomes) == Counter({"done": 10, StageAlreadyDecided: 10})
    after = await get_request(company.database, company.actor("agent_developer"), request.id)
    assert [(stage.status, len(stage.votes)) for stage in after.stages] == [
        ("approved", 1),
        ("open", 0),
        ("waiting", 0),
        ("waiting", 0),
    ]
    assert Counter(await events(company, request)) == Counter(
        {"request.opened": 1, "request.stage_opened": 2, "request.voted": 1, "request.stage_decided": 1}
    )
    assert len(await company.trail(action="request.voted")) == 1


async def insistently(company, request_id, who):
    """A vote by somebody who, told that the database is busy, tries again: a crowd on a small machine has to queue."""
    async with asyncio.timeout(90):
        while True:
            try:
                return await vote(company, request_id, who)
            except Unavailable:
                await asyncio.sleep(0.2)


@pytest.mark.row("P1", "P7")
async def test_sixty_four_people_who_vote_at_once_each_count_once_and_the_last_decides(company):
    for number in range(63):
        await company.add(f"manager_{number}", "meta_agent_manager")
    request = await opened(company, policies(CROWD))
    people = ["meta_agent_manager", *(f"manager_{number}" for number in range(63))]
    outcomes = await all_at_once(*(insistently(company, request.id, who) for who in people for _twice in range(2)))
    assert set(outcomes) <= {"done", StageAlreadyDecided, AlreadyDecided}
    after = await get_request(company.database, company.actor("agent_developer"), request.id)
    assert (after.status, len({each.voter.id for each in after.stages[0].votes})) == ("approved", 64)
    assert len(await company.trail(action="request.voted")) == 64
    assert len(await company.trail(action="request.approved")) == 1


@pytest.mark.row("P1")
async def test_a_quorum_of_two_takes_two_people_however_often_each_clicks(company):
    await company.add("second_manager", "meta_agent_manager")
    request = await opened(company, BOTH_MUST)
    outcomes = await all_at_once(*(vote(company, request.id, "meta_agent_manager") for _ in range(AT_ONCE)))
    assert outcomes == ["done"] * AT_ONCE
    assert (await get_request(company.database, company.actor("agent_developer"), request.id)).status == "pending"
    assert (await vote(company, request.id, "second_manager")).status == "approved"
    assert len(await company.trail(action="request.voted")) == 2


@pytest.mark.row("P1")
async def test_an_approval_and_a_rejection_at_once_have_one_winner_and_the_loser_is_told_who(company):
    await company.add("second_manager", "meta_agent_manager")
    for number in range(8):
        request = await opened(company, ONE_STAGE, resource=agent(f"bot-{number}"))
        first, second = await asyncio.gather(
            vote(company, request.id, "meta_agent_manager", Choice.APPROVE),
            vote(company, request.id, "second_manager", Choice.REJECT, reason="Too costly."),
            return_exceptions=True,
        )
        won, lost = (second, first) if isinstance(first, Exception) else (first, second)
        assert isinstance(lost, AlreadyDecided)
        (counted,) = won.stages[0].votes
        assert (lost.by, lost.at) == (counted.voter.id, counted.at)
        assert won.status == {"approve": "approved", "reject": "rejected"}[counted.decision]
        after = await get_request(company.database, company.actor("agent_developer"), request.id)
        assert (after.status, after.stages) == (won.status, won.stages)


@pytest.mark.row("P1")
async def test_a_withdrawal_and_the_last_vote_at_once_have_one_winner(company):
    for number in range(8):
        request = await opened(company, ONE_STAGE, resource=agent(f"bot-{number}"))
        outcomes = await all_at_once(
            withdraw(company.database, company.actor("agent_developer"), request.id),
            vote(company, request.id, "meta_agent_manager"),
        )
        after = await get_request(company.database, company.actor("agent_developer"), request.id)
        assert (after.status, outcomes) in [
            ("withdrawn", ["done", AlreadyDecided]),
            ("approved", [AlreadyDecided, "done"]),
        ]
        endings = [
            event for event in await events(company, request) if event in {"request.withdrawn", "request.approved"}
        ]
        assert endings == [f"request.{after.status}"]


@pytest.mark.row("P1", "N6")
async def test_people_who_ask_for_the_same_agent_at_once_share_one_request(company, catalogue):
    for number in range(AT_ONCE):
        await company.add(f"developer_{number}", "agent_developer")
    answers = await asyncio.gather(*(ask(company, catalogue, f"developer_{number}") for number in range(AT_ONCE)))
    assert {(str(answer.decision), answer.request_id) for answer in answers} == {("pending", answers[0].request_id)}
    assert len(await list_requests(company.database, company.actor("agent_developer"), RequestFilter())) == 1
    assert len(await company.trail(action="request.open")) == 1


@pytest.mark.row("P1")
@pytest.mark.parametrize("servers", [1, 3])
async def test_one_approval_is_used_by_one_of_many_who_ask_at_once(company, catalogue, servers):
    for number in range(AT_ONCE):
        await company.add(f"developer_{number}", "agent_developer")
    request = await opened(company, catalogue)
    await approve_all(company, request.id)
    gates = cycle([new_gate(company, catalogue) for _ in range(servers)])
    answers = await asyncio.gather(
        *(ask(company, catalogue, f"developer_{number}", gate=next(gates)) for number in range(AT_ONCE))
    )
    assert Counter(str(answer.decision) for answer in answers) == Counter({"allow": 1, "deny": AT_ONCE - 1})
    assert (await events(company, request)).count("request.used") == 1


@pytest.mark.row("P1")
async def test_a_rejection_ends_the_request_and_nobody_is_asked_any_more(company, catalogue):
    request = await opened(company, catalogue)
    await vote(company, request.id, "meta_agent_manager")
    rejected = await vote(company, request.id, "security_manager", Choice.REJECT, reason="Reads personal data.")
    assert rejected.status == "rejected"
    assert [stage.status for stage in rejected.stages] == ["approved", "rejected", "skipped", "skipped"]
    assert rejected.decided_at == company.clock.now()
    for who in ("compliance_manager", "tenant_administrator"):
        with pytest.raises(AlreadyDecided) as told:
            await vote(company, request.id, who)
        assert told.value.by == company.people["security_manager"].id
    waiting = await list_requests(
        company.database,
        company.actor("compliance_manager"),
        RequestFilter(waiting_for=company.people["compliance_manager"].id),
    )
    assert waiting == ()


@pytest.mark.row("P2")
async def test_a_vote_keeps_its_reason_and_every_criterion(company, catalogue):
    request = await opened(company, catalogue)
    seen = await cast_vote(
        company.database,
        company.actor("meta_agent_manager"),
        request.id,
        choice=Choice.APPROVE,
        reason="  Small model, known data.  ",
        criteria={"technical_feasibility": True},
        seen_digest=request.digest,
    )
    (counted,) = seen.stages[0].votes
    assert (counted.voter.id, counted.decision, counted.reason, counted.criteria, counted.at) == (
        company.people["meta_agent_manager"].id,
        "approve",
        "Small model, known data.",
        {"technical_feasibility": True, "resource_requirements": True},
        company.clock.now(),
    )


@pytest.mark.row("P2")
@pytest.mark.parametrize(
    ("choice", "reason", "criteria", "where"),
    [
        (Choice.REJECT, "no", {}, "reason"),
        (Choice.APPROVE, "x" * 2001, {}, "reason"),
        (Choice.APPROVE, "", {"beauty": True}, "criteria.beauty"),
        (Choice.APPROVE, "", {"technical_feasibility": False}, "criteria.technical_feasibility"),
    ],
)
async def test_a_vote_that_cannot_be_counted_names_the_field(company, catalogue, choice, reason, criteria, where):
    request = await opened(company, catalogue)
    with pytest.raises(InvalidVote) as refused:
        await cast_vote(
            company.database,
            company.actor("meta_agent_manager"),
            request.id,
            choice=choice,
            reason=reason,
            criteria=criteria,
        )
    assert refused.value.where == where


async def test_a_vote_is_bound_to_what_was_seen(company, catalogue):
    request = await opened(company, catalogue)
    for stale in ("0" * 64, request.digest[:11]):  # eleven characters tell no version from another
        with pytest.raises(StaleDigest):
            await cast_vote(
                company.database,
                company.actor("meta_agent_manager"),
                request.id,
                choice=Choice.APPROVE,
                seen_digest=stale,
            )
    voted = await cast_vote(
        company.database,
        company.actor("meta_agent_manager"),
        request.id,
        choice=Choice.APPROVE,
        seen_digest=request.digest[:12],
    )
    assert voted.stages[0].status == "approved"


async def test_a_vote_cannot_be_turned_round(company):
    await company.add("second_manager", "meta_agent_manager")
    request = await opened(company, BOTH_MUST)
    await vote(company, request.id, "meta_agent_manager")
    with pytest.raises(AlreadyVoted):
        await vote(company, request.id, "meta_agent_manager", Choice.REJECT, reason="Changed my mind.")


async def test_nobody_votes_on_what_does_not_exist(company):
    with pytest.raises(UnknownRequest):
        await vote(company, uuid7(), "meta_agent_manager")
    with pytest.raises(UnknownRequest, match="There is no REQ-7 here"):
        await get_request(company.database, company.actor("agent_developer"), 7)


REFUSALS = {
    "one's own request": ("agent_developer", "technical_review", OwnRequest, "Nobody approves their own request."),
    "not asked": (
        "audit_reviewer",
        "technical_review",
        NotAnApprover,
        "Stage 'technical_review' is decided by Meta-Agent Manager; you are not asked.",
    ),
}


@pytest.mark.row("R6", "R7")
@pytest.mark.parametrize("case", REFUSALS)
async def test_a_refused_vote_is_recorded_with_who_from_where_and_why(company, catalogue, case):
    who, stage, error, reason = REFUSALS[case]
    request = await opened(company, catalogue)
    with pytest.raises(error) as refused:
        await vote(company, request.id, who, stage=stage)
    assert refused.value.message == reason
    (recorded,) = await company.trail(result="denied")
    assert recorded == {
        "event_id": recorded["event_id"],
        "timestamp": "2026-03-02T09:00:00.000000Z",
        "tenant_id": "enterprise-corp",
        "user_id": company.people[who].email,
        "action": "request.vote",
        "resource": str(request.id),
        "details": {"door": "api", "decision": "approve", "code": error.code, "reason": reason},
        "ip_address": IP_ADDRESS,
        "user_agent": USER_AGENT,
        "result": "denied",
        "compliance_tags": [],
        "category": "security",
    }


@pytest.mark.row("R7", "R6")
async def test_nobody_decides_two_stages_of_one_request(company, catalogue):
    await company.add("generalist", "meta_agent_manager", "security_manager")
    request = await opened(company, catalogue)
    after = await vote(company, request.id, "generalist")
    assert [person.email for person in after.stages[1].approvers] == [company.people["security_manager"].email]
    await reassign(
        company.database, company.actor("security_manager"), request.id, to_email=company.people["audit_reviewer"].email
    )
    with pytest.raises(NotAnApprover):
        await vote(company, request.id, "generalist", stage="security_review")
    assert [entry["details"]["code"] for entry in await company.trail(result="denied")] == [NotAnApprover.code]


@pytest.mark.row("R7")
async def test_the_only_person_left_for_a_second_stage_is_asked_in_view_of_all_but_may_not_decide_it(
    company, catalogue
):
    await company.leaves("security_manager")
    await company.leaves("tenant_administrator")
    await company.leaves("enterprise_administrator")
    only = await company.add("generalist", "meta_agent_manager", "security_manager", "tenant_administrator")
    request = await opened(company, catalogue)
    await vote(company, request.id, "generalist")
    with pytest.raises(VotedOnAnotherStage):
        await vote(company, request.id, "generalist", stage="security_review")
    (recorded,) = await company.trail(result="denied")
    assert (recorded["user_id"], recorded["details"]["code"]) == (only.email, VotedOnAnotherStage.code)


@pytest.mark.row("R6", "R5")
async def test_a_token_without_the_scope_is_refused_and_recorded(company, catalogue):
    request = await opened(company, catalogue)
    reader = company.actor("meta_agent_manager", scopes=frozenset({TokenScope.READ}))
    attempts = {
        "request.vote": cast_vote(company.database, reader, request.id, choice=Choice.APPROVE),
        "request.comment": comment(company.database, reader, request.id, kind="comment", text="Hm."),
        "request.withdraw": withdraw(company.database, reader, request.id),
        "request.delegate": reassign(company.database, reader, request.id, to_email="lee@enterprise-corp.example"),
    }
    for attempt in attempts.values():
        with pytest.raises(ScopeMissing):
            await attempt
    assert [(entry["action"], entry["details"]["code"]) for entry in await company.trail(result="denied")] == [
        (action, "access.scope_missing") for action in attempts
    ]


@pytest.mark.row("R7", "R6")
async def test_only_the_requester_withdraws(company, catalogue):
    request = await opened(company, catalogue)
    with pytest.raises(NotYourRequest):
        await withdraw(company.database, company.actor("tenant_administrator"), request.id)
    (recorded,) = await company.trail(result="denied")
    assert (recorded["action"], recorded["details"]["reason"]) == (
        "request.withdraw",
        "Only the person who asked can withdraw a request.",
    )
    gone = await withdraw(company.database, company.actor("agent_developer"), request.id, reason="Bought one.")
    assert (gone.status, {stage.status for stage in gone.stages}) == ("withdrawn", {"skipped"})
    (noted,) = await company.trail(action="request.withdrawn")
    assert noted["details"]["note"] == "Bought one."
    assert (await withdraw(company.database, company.actor("agent_developer"), request.id)).status == "withdrawn"
    assert len(await company.trail(action="request.withdrawn")) == 1


@pytest.mark.row("B1")
async def test_a_delegate_takes_the_place_and_the_delegating_person_gives_it_up(company, catalogue):
    request = await opened(company, catalogue)
    stand_in = await company.add("stand_in", "agent_operator")
    after = await reassign(
        company.database, company.actor("meta_agent_manager"), request.id, to_email=stand_in.email, reason="On leave."
    )
    assert [person.email for person in after.stages[0].approvers] == [stand_in.email]
    with pytest.raises(NotAnApprover):
        await vote(company, request.id, "meta_agent_manager", stage="technical_review")
    assert (await vote(company, request.id, "stand_in")).stages[0].status == "approved"
    (recorded,) = await company.trail(action="request.delegated")
    assert recorded["user_id"] == company.people["meta_agent_manager"].email
    assert recorded["details"]["note"] == "On leave."
    assert recorded["details"]["to"] == str(stand_in.id)


@pytest.mark.row("B1", "R7")
@pytest.mark.parametrize("to", ["agent_developer", "meta_agent_manager"])
async def test_a_place_goes_neither_to_the_requester_nor_to_somebody_asked_already(company, catalogue, to):
    request = await opened(company, catalogue)
    with pytest.raises(CannotDelegate):
        await reassign(
            company.database, company.actor("meta_agent_manager"), request.id, to_email=company.people[to].email
        )


@pytest.mark.row("B1", "R6")
async def test_who_has_no_place_cannot_give_it_away(company, catalogue):
    request = await opened(company, catalogue)
    with pytest.raises(NotAnApprover):
        await reassign(
            company.database,
            company.actor("audit_reviewer"),
            request.id,
            to_email=company.people["agent_operator"].email,
        )
    assert [entry["action"] for entry in await company.trail(result="denied")] == ["request.delegate"]


@pytest.mark.row("B1")
async def test_questions_come_from_anybody_and_answers_from_the_requester(company, catalogue):
    request = await opened(company, catalogue)
    for who, kind, said in (
        ("security_manager", "question", "Where is the data?"),
        ("agent_developer", "answer", "  In Zurich.  "),
        ("audit_reviewer", "comment", "Noted."),
    ):
        await comment(company.database, company.actor(who), request.id, kind=kind, text=said)
        company.advance(seconds=1)
    after = await get_request(company.database, company.actor("audit_reviewer"), request.id)
    assert [(entry.kind, entry.text, entry.author.email) for entry in after.comments] == [
        ("question", "Where is the data?", company.people["security_manager"].email),
        ("answer", "In Zurich.", company.people["agent_developer"].email),
        ("comment", "Noted.", company.people["audit_reviewer"].email),
    ]
    with pytest.raises(NotYourRequest):
        await comment(company.database, company.actor("security_manager"), request.id, kind="answer", text="Mars.")
    for kind, said, where in (("shout", "Hey.", "kind"), ("comment", "  ", "text"), ("comment", "x" * 4001, "text")):
        with pytest.raises(InvalidRequest) as refused:
            await comment(company.database, company.actor("security_manager"), request.id, kind=kind, text=said)
        assert refused.value.where == where
    assert (await events(company, request)).count(RequestEvent.COMMENTED) == 3


@pytest.mark.row("A1", "A2")
async def test_each_step_of_a_request_s_life_is_recorded_once_with_exactly_the_framework_s_fields(company, catalogue):
    request = await opened(company, catalogue)
    await approve_all(company, request.id)
    life = await company.trail(subject_id=request.id)
    expected = [("request.open", "agent_developer", "user"), ("request.stage_opened", None, "system")]
    for number, (_stage, role) in enumerate(STAGES, start=1):
        expected.append(("request.voted", role, "user"))
        expected.append(("request.stage_decided", None, "system"))
        last = number == len(STAGES)
        expected.append(("request.approved", role, "system") if last else ("request.stage_opened", None, "system"))
    assert [(entry["action"], entry["user_id"], entry["category"]) for entry in life] == [
        (action, company.people[who].email if who else "system", category) for action, who, category in expected
    ]
    for entry in life:
        assert set(entry) == {
            "timestamp",
            "tenant_id",
            "user_id",
            "action",
            "resource",
            "details",
            "ip_address",
            "user_agent",
            "result",
            "compliance_tags",
            "category",
            "event_id",
        }
        assert entry["details"]["request"] == "REQ-1001"
        assert entry["resource"] == "invoice-reader"
    assert await events(company, request) == [
        action.replace(".open", ".opened") if action == "request.open" else action
        for action, _who, _category in expected
    ]
