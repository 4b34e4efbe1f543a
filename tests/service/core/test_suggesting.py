"""Who is told first of a request, and who usually answers soonest; on a real database (P2)."""

from __future__ import annotations

import pytest

from core.approvals import explain, get_request
from core.decisions.views import Answer
from tests.factories import agent, ask, policies, vote

REVIEW = (
    "Agent Creation Approval:\n"
    "  stages:\n"
    "    - stage: review\n"
    "      approvers: [meta_agent_manager]\n"
    "      timeout: 24 hours\n"
)
PLAIN = policies(REVIEW)
FIRST_SECURITY = policies(
    REVIEW.replace("[meta_agent_manager]", "[meta_agent_manager, security_manager]")
    + "      suggested: [security_manager]\n"
)


async def asked(company, catalogue, *wished, name="invoice-reader"):
    return await company.gate(catalogue).decide(
        company.actor("agent_developer"),
        action="agent.create",
        resource=agent(name),
        context={"justification": "Reads invoices.", "suggested_approvers": list(wished)},
    )


async def review(company, decision):
    request = await get_request(company.database, company.actor("agent_developer"), decision.request_id)
    return request.stages[0]


@pytest.mark.row("P2")
async def test_whom_the_requester_suggests_is_told_first_and_everybody_asked_may_decide(company):
    second = await company.add("second", "meta_agent_manager")
    opened = await asked(company, PLAIN, second.email.upper())
    stage = await review(company, opened)
    assert [person.email for person in stage.suggested] == [second.email]
    assert stage.told_first == {second.id}
    (recorded,) = await company.trail(action="request.open")
    assert recorded["details"]["suggested"] == [second.email]
    decided = await vote(company, opened.request_id, "meta_agent_manager")
    assert decided.status == "approved"


@pytest.mark.row("P2")
async def test_the_policy_suggests_people_too(company):
    stage = await review(company, await ask(company, FIRST_SECURITY))
    assert [person.email for person in stage.suggested] == [company.people["security_manager"].email]
    assert len(stage.approvers) == 2


@pytest.mark.row("P2", "X9")
@pytest.mark.parametrize("wished", ["nobody@example.com", "security.manager@enterprise-corp.example"])
async def test_a_suggestion_of_somebody_whom_no_stage_asks_is_refused_and_names_who_is_asked(company, wished):
    refused = await asked(company, PLAIN, wished)
    assert refused.decision is Answer.DENY
    assert refused.reasons[0].code == "approvals.invalid_suggestion"
    assert wished in refused.reasons[0].message
    assert company.people["meta_agent_manager"].email in refused.reasons[0].message
    assert await company.trail(action="request.open") == []


@pytest.mark.parametrize("wished", ["dana@example.com", [7], ["a@example.com"] * 11])
async def test_suggestions_that_are_no_list_of_few_addresses_are_refused(company, wished):
    refused = await company.gate(PLAIN).decide(
        company.actor("agent_developer"),
        action="agent.create",
        resource=agent(),
        context={"suggested_approvers": wished},
    )
    assert (refused.decision, refused.reasons[0].code) == (Answer.DENY, "approvals.invalid_suggestion")


@pytest.mark.row("P10", "P8")
async def test_an_explanation_ranks_those_who_would_be_asked_by_how_soon_they_answer(company):
    for who in ("quick", "slow"):
        await company.add(who, "meta_agent_manager")
    for number, (who, minutes) in enumerate((("quick", 5), ("slow", 90), ("quick", 15))):
        opened = await asked(company, PLAIN, name=f"agent-{number}")
        company.advance(minutes=minutes)
        await vote(company, opened.request_id, who)
    waiting = await asked(company, PLAIN, name="agent-9")
    company.advance(minutes=1)
    found = await explain(
        company.database, PLAIN, company.actor("agent_developer"), action="agent.create", resource=agent("next")
    )
    assert waiting.request_id is not None
    quick, slow, never = found.stages[0].asked
    known = [found.experience[person.id] for person in (quick, slow, never)]
    assert [person.name for person in (quick, slow)] == ["Quick", "Slow"]
    assert [(each.decided, each.median_s, each.waiting_now) for each in known] == [
        (2, 600.0, 1),
        (1, 5400.0, 1),
        (0, None, 1),
    ]
