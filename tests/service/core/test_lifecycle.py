"""Votes taken back, questions that stop the clock, requests asked again, many approved at once (P3, P9)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.approvals import (
    RequestView,
    Seen,
    amend,
    approve_many,
    comment,
    get_request,
    preview_many,
    similar_waiting,
    undo_vote,
    withdraw,
)
from core.approvals.errors import InvalidRequest, NotOver, NotYourRequest, TooLateToUndo, UnknownRequest
from core.approvals.pausing import PAUSE_MAX
from core.approvals.state import Choice
from core.decisions import reopen
from core.errors import CountersignError
from tests.factories import agent, approve_all, ask, policies, vote

TECH, SECURITY, DEVELOPER = "meta_agent_manager", "security_manager", "agent_developer"
LOW = policies(
    "Agent Creation Approval:\n"
    "  stages: [{stage: review, approvers: [meta_agent_manager], criteria: [sound], timeout: 24 hours}]\n"
    "Deployment:\n"
    "  applies_to: [agent.deploy]\n"
    "  stages: [{stage: review, approvers: [meta_agent_manager], timeout: 24 hours}]\n"
)
HARMLESS = {"environment": "test"}


@pytest.fixture
async def request_id(company, catalogue):
    return (await ask(company, catalogue)).request_id


async def seen(company, request_id) -> RequestView:
    return await get_request(company.database, company.actor(DEVELOPER), request_id)


async def said(company, request_id, who, kind) -> RequestView:
    return await comment(company.database, company.actor(who), request_id, kind=kind, text="Which data?")


async def stages(company, request_id) -> list[str]:
    return [stage.status for stage in (await seen(company, request_id)).stages]


@pytest.mark.row("P9", "A1")
async def test_a_vote_taken_back_does_not_count_and_the_trail_keeps_both(company, request_id):
    await vote(company, request_id, TECH)
    assert await stages(company, request_id) == ["approved", "open", "waiting", "waiting"]
    after = await undo_vote(company.database, company.actor(TECH), request_id)
    assert [stage.status for stage in after.stages] == ["open", "waiting", "waiting", "waiting"]
    assert (after.stages[0].votes, after.stages[1].approvers) == ((), ())
    (undone,) = await company.trail(action="request.vote_undone")
    assert (undone["user_id"], undone["details"]["stage"]) == (company.people[TECH].email, "technical_review")
    assert len(await company.trail(action="request.voted")) == 1
    assert (await approve_all(company, request_id)).status == "approved"


@pytest.mark.row("P3", "P9")
async def test_a_stage_that_is_open_again_times_out_as_before(company, request_id, runner):
    due_at = (await seen(company, request_id)).stages[0].due_at
    await vote(company, request_id, TECH)
    await undo_vote(company.database, company.actor(TECH), request_id)
    company.clock.advance(due_at - company.clock.now() + timedelta(seconds=1))
    await runner.run_due()
    assert (await seen(company, request_id)).stages[0].escalation_level == 1


@pytest.mark.row("P9")
async def test_of_a_vote_taken_back_and_a_vote_on_what_it_opened_one_happens(company, request_id):
    await vote(company, request_id, TECH)
    outcomes = await asyncio.gather(
        undo_vote(company.database, company.actor(TECH), request_id),
        vote(company, request_id, SECURITY),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, CountersignError)]
    assert len(refused) == 1
    first = (await stages(company, request_id))[:3]
    if isinstance(refused[0], TooLateToUndo):
        assert first == ["approved", "approved", "open"]
    else:
        assert first == ["open", "waiting", "waiting"]


@pytest.mark.row("P3")
async def test_a_question_stops_the_clock_until_the_requester_answers(company, request_id, runner):
    company.advance(hours=20)
    stage = (await said(company, request_id, TECH, "question")).stages[0]
    assert stage.paused_at == company.clock.now()
    company.advance(days=3)
    await runner.run_due()
    assert (await seen(company, request_id)).stages[0].escalation_level == 0
    stage = (await said(company, request_id, DEVELOPER, "answer")).stages[0]
    assert (stage.paused_at, stage.due_at) == (None, company.clock.now() + timedelta(hours=4))
    company.advance(hours=4, seconds=1)
    await runner.run_due()
    assert (await seen(company, request_id)).stages[0].escalation_level == 1


@pytest.mark.row("P3")
async def test_an_unanswered_question_stops_the_clock_for_a_week_at_most(company, request_id, runner):
    await said(company, request_id, TECH, "question")
    company.clock.advance(PAUSE_MAX + timedelta(seconds=1))
    await runner.run_due()
    stage = (await seen(company, request_id)).stages[0]
    assert stage.paused_at is None
    assert stage.due_at == company.clock.now() + timedelta(hours=24)


async def test_the_requester_does_not_stop_the_clock(company, request_id):
    await said(company, request_id, DEVELOPER, "question")
    assert (await seen(company, request_id)).stages[0].paused_at is None


@pytest.mark.row("P9")
async def test_a_rejected_request_is_asked_again_as_a_new_one_that_names_it(company, catalogue, request_id):
    await vote(company, request_id, TECH, Choice.REJECT, reason="Too vague")
    before = await seen(company, request_id)
    gate = company.gate(catalogue)
    decision = await reopen(
        company.database, gate, company.actor(DEVELOPER), request_id, reason="The data is described now."
    )
    after = await seen(company, decision.request_id)
    assert (after.status, after.reopens, after.resource) == ("pending", before.reference, before.resource)
    assert after.justification.endswith(f"{before.reference} was rejected: The data is described now.")
    assert (await seen(company, request_id)).status == "rejected"
    (opened,) = [each for each in await company.trail(action="request.open") if each["details"].get("reopens")]
    assert opened["details"]["reopens"] == before.reference


@pytest.mark.row("P9", "R6")
async def test_only_its_requester_asks_again_and_only_what_is_over(company, catalogue, request_id):
    gate = company.gate(catalogue)
    with pytest.raises(NotOver):
        await reopen(company.database, gate, company.actor(DEVELOPER), request_id, reason="Now")
    await withdraw(company.database, company.actor(DEVELOPER), request_id)
    with pytest.raises(NotYourRequest):
        await reopen(company.database, gate, company.actor(TECH), request_id, reason="Now")
    with pytest.raises(InvalidRequest):
        await reopen(company.database, gate, company.actor(DEVELOPER), request_id, reason=" ")
    assert [each["result"] for each in await company.trail(action="request.reopen")] == ["denied"]


async def several(company, *names: str, **attributes: str) -> list[RequestView]:
    asked = [await ask(company, LOW, resource=agent(name, **attributes)) for name in names]
    return [await seen(company, each.request_id) for each in asked]


def shown(requests) -> list[Seen]:
    return [Seen(request.id, request.digest) for request in requests]


@pytest.mark.row("P9")
async def test_many_similar_requests_are_approved_with_one_reason_and_a_vote_each(company):
    requests = await several(company, "one", "two", "three", **HARMLESS)
    tech = company.actor(TECH)
    assert [each.id for each in await similar_waiting(company.database, tech)] == [each.id for each in requests]
    preview = await preview_many(company.database, tech, shown(requests), reason="Test agents")
    assert [each.request.status for each in preview] == ["pending"] * 3
    assert await company.trail(action="request.voted") == []
    outcomes = await approve_many(company.database, tech, shown(requests), reason="Test agents")
    assert [(each.request.status, each.problem) for each in outcomes] == [("approved", "")] * 3
    assert [each["details"]["reason"] for each in await company.trail(action="request.voted")] == ["Test agents"] * 3


@pytest.mark.row("P9", "P5")
async def test_what_is_not_of_low_risk_refuses_the_whole_batch_before_anything_is_done(company):
    harmless = await several(company, "one", **HARMLESS)
    requests = harmless + await several(company, "two", data_classification="personal", environment="production")
    with pytest.raises(InvalidRequest) as caught:
        await approve_many(company.database, company.actor(TECH), shown(requests), reason="Fine")
    assert (caught.value.where, "risk" in caught.value.message) == ("requests.1", True)
    assert await company.trail(action="request.voted") == []


@pytest.mark.row("P9")
async def test_one_that_changed_after_it_was_seen_is_left_out_and_holds_up_no_other(company):
    requests = await several(company, "one", "two", **HARMLESS)
    changes = {"business_service": "Treasury"}
    await amend(company.database, LOW, company.actor(DEVELOPER), requests[0].id, changes=changes)
    outcomes = await approve_many(company.database, company.actor(TECH), shown(requests), reason="Fine")
    assert [each.request.status for each in outcomes] == ["pending", "approved"]
    assert "changed" in outcomes[0].problem


async def test_a_batch_names_what_is_wrong_with_it(company):
    (request,) = await several(company, "one", **HARMLESS)
    tech = company.actor(TECH)
    for wanted, reason, where in (
        (shown([request]), " ", "reason"),
        ([], "Fine", "requests"),
        (shown([request, request]), "Fine", "requests"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            await approve_many(company.database, tech, wanted, reason=reason)
        assert caught.value.where == where
    with pytest.raises(UnknownRequest):
        await approve_many(company.database, tech, [Seen(company.people[TECH].id, "x")], reason="Fine")
    with pytest.raises(InvalidRequest):
        await approve_many(company.database, company.actor(SECURITY), shown([request]), reason="Fine")
