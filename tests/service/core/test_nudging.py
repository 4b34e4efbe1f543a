"""A requester reminds those who are asked and silent, once an hour; on a real database."""

from __future__ import annotations

import asyncio

import pytest

from core.access import TokenScope
from core.access.errors import ScopeMissing
from core.approvals import comment, nudge, withdraw
from core.approvals.errors import AlreadyDecided, AnswerAwaited, NotYourRequest, NudgedAlready
from core.ids import uuid7
from tests.factories import ask, policies, vote

BOTH_MUST = policies(
    "Agent Creation Approval:\n"
    "  stages:\n"
    "    - {stage: review, approvers: [meta_agent_manager], criteria: [], timeout: 24 hours, quorum: 2}\n"
)


async def opened(company, catalogue):
    return (await ask(company, catalogue)).request_id


def asker(company):
    return company.actor("agent_developer")


@pytest.mark.row("B1", "B3")
async def test_a_nudge_reminds_the_silent_alone_and_names_them_to_the_requester(company):
    await company.add("second", "meta_agent_manager")
    request_id = await opened(company, BOTH_MUST)
    await vote(company, request_id, "meta_agent_manager")
    done = await nudge(company.database, asker(company), request_id)
    assert [person.email for person in done.people] == [company.people["second"].email]
    (recorded,) = await company.trail(action="request.nudged")
    assert recorded["user_id"] == company.people["agent_developer"].email
    assert recorded["details"]["people"] == [company.people["second"].email]
    assert recorded["details"]["stages"] == ["review"]


@pytest.mark.row("B1")
async def test_a_second_nudge_within_the_hour_is_refused_and_says_when_again(company, catalogue):
    request_id = await opened(company, catalogue)
    await nudge(company.database, asker(company), request_id)
    company.advance(minutes=18)
    with pytest.raises(NudgedAlready) as refused:
        await nudge(company.database, asker(company), request_id)
    assert refused.value.retry_after_s == 42 * 60
    assert "in 42 min" in refused.value.sentence()
    company.advance(minutes=42)
    await nudge(company.database, asker(company), request_id)
    assert len(await company.trail(action="request.nudged")) == 2


@pytest.mark.row("B1")
async def test_of_many_nudges_at_once_one_is_sent(company, catalogue):
    request_id = await opened(company, catalogue)
    outcomes = await asyncio.gather(
        *(nudge(company.database, asker(company), request_id) for _ in range(10)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Nudged"] + ["NudgedAlready"] * 9
    assert len(await company.trail(action="request.nudged")) == 1


@pytest.mark.row("B1", "R6")
async def test_only_the_requester_nudges_and_only_while_something_waits(company, catalogue):
    request_id = await opened(company, catalogue)
    with pytest.raises(NotYourRequest):
        await nudge(company.database, company.actor("meta_agent_manager"), request_id)
    reader = company.actor("agent_developer", scopes=frozenset({TokenScope.READ}))
    with pytest.raises(ScopeMissing):
        await nudge(company.database, reader, request_id)
    assert [entry["action"] for entry in await company.trail(result="denied")] == ["request.nudge", "request.nudge"]
    await withdraw(company.database, asker(company), request_id)
    with pytest.raises(AlreadyDecided):
        await nudge(company.database, asker(company), request_id)
    assert await company.trail(action="request.nudged") == []


@pytest.mark.row("X4")
async def test_nobody_nudges_a_request_that_is_not_there(company):
    with pytest.raises(Exception, match=r"[Tt]here is no such request"):
        await nudge(company.database, asker(company), uuid7())


@pytest.mark.row("B1", "P3")
async def test_while_a_question_stops_the_clocks_the_requester_hears_whose_question_it_is(company, catalogue):
    request_id, asked_by = await opened(company, catalogue), company.people["meta_agent_manager"]
    await comment(
        company.database, company.actor("meta_agent_manager"), request_id, kind="question", text="Which invoices?"
    )
    with pytest.raises(AnswerAwaited) as refused:
        await nudge(company.database, asker(company), request_id)
    assert refused.value.message == f"REQ-1001 waits for your answer to a question of {asked_by.name}."
    await comment(company.database, asker(company), request_id, kind="answer", text="Those of last year.")
    assert [person.email for person in (await nudge(company.database, asker(company), request_id)).people] == [
        asked_by.email
    ]
