"""What happens to votes, people and the gate when the requester changes what they ask (P9)."""

from __future__ import annotations

import asyncio

import pytest

from core.approvals import RequestFilter, amend, cast_vote, get_request, list_requests, load_catalogue
from core.approvals.errors import AlreadyDecided, InvalidRequest, NotYourRequest, StaleDigest
from core.approvals.state import Choice
from core.errors import CountersignError
from tests.factories import agent, approve_all, ask, vote
from tests.service.conftest import POLICIES


@pytest.fixture
async def request_id(company, catalogue):
    return (await ask(company, catalogue)).request_id


SHIPPED = load_catalogue(POLICIES)


async def amended(company, request_id, who="agent_developer", justification=None, reason="", **changes):
    return await amend(
        company.database,
        SHIPPED,
        company.actor(who),
        request_id,
        changes=changes,
        justification=justification,
        reason=reason,
    )


async def seen(company, request_id):
    return await get_request(company.database, company.actor("agent_developer"), request_id)


async def waiting_for(company, who):
    wanted = RequestFilter(waiting_for=company.people[who].id)
    return [request.reference for request in await list_requests(company.database, company.actor(who), wanted)]


@pytest.mark.row("P9")
async def test_a_changed_request_keeps_its_number_and_asks_everybody_anew(company, request_id):
    await vote(company, request_id, "meta_agent_manager")
    before = await seen(company, request_id)
    after = await amended(company, request_id, business_service="Treasury", reason="It moved.")
    assert (after.reference, after.revision, after.status) == (before.reference, 2, "pending")
    assert after.resource == {**before.resource, "business_service": "Treasury"}
    assert after.digest != before.digest
    assert [stage.status for stage in after.stages] == ["open", "waiting", "waiting", "waiting"]
    first = after.stages[0]
    assert (first.votes, [each.voter.name for each in first.superseded]) == ((), ["Meta Agent Manager"])
    assert await waiting_for(company, "meta_agent_manager") == [after.reference]
    (recorded,) = await company.trail(action="request.amended")
    assert recorded["details"]["changed"] == {"business_service": ["Accounts Payable", "Treasury"]}
    assert (recorded["details"]["voided"], recorded["details"]["note"]) == (1, "It moved.")


@pytest.mark.row("P9", "P1")
async def test_the_gate_allows_what_the_request_asked_at_the_end_and_nothing_else(company, catalogue, request_id):
    await vote(company, request_id, "meta_agent_manager")
    await amended(company, request_id, business_service="Treasury")
    await approve_all(company, request_id)
    allowed = await ask(company, catalogue, resource=agent(business_service="Treasury"))
    assert (allowed.decision, allowed.request_id) == ("allow", request_id)


@pytest.mark.row("P9")
async def test_a_click_on_what_was_shown_before_is_told_to_look_again(company, request_id):
    old = (await seen(company, request_id)).digest
    await amended(company, request_id, owner="lee@enterprise-corp.example")
    with pytest.raises(StaleDigest):
        await cast_vote(
            company.database,
            company.actor("meta_agent_manager"),
            request_id,
            choice=Choice.APPROVE,
            seen_digest=old[:16],
        )


@pytest.mark.row("P9")
async def test_changing_it_back_does_not_bring_old_votes_back(company, request_id):
    first = await seen(company, request_id)
    await vote(company, request_id, "meta_agent_manager")
    await amended(company, request_id, business_service="Treasury")
    again = await amended(company, request_id, business_service=first.resource["business_service"])
    assert again.resource == first.resource
    assert (again.revision, again.stages[0].status, again.stages[0].votes) == (3, "open", ())
    assert again.digest != first.digest
    assert (await vote(company, request_id, "meta_agent_manager")).stages[0].status == "approved"


@pytest.mark.row("P9")
async def test_sending_the_same_again_changes_nothing(company, request_id):
    await vote(company, request_id, "meta_agent_manager")
    before = await seen(company, request_id)
    assert await amended(company, request_id, name="invoice-reader") == before
    assert await company.trail(action="request.amended") == []


@pytest.mark.row("P9", "R6")
async def test_only_the_requester_may_and_only_while_it_is_undecided(company, request_id):
    with pytest.raises(NotYourRequest):
        await amended(company, request_id, "meta_agent_manager", business_service="Treasury")
    (denied,) = await company.trail(result="denied")
    assert denied["action"] == "request.amend"
    await approve_all(company, request_id)
    with pytest.raises(AlreadyDecided):
        await amended(company, request_id, business_service="Treasury")


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"name": "another-agent"}, "resource.name"),
        ({"name": " "}, "resource.name"),
        ({"sponsor": ""}, "resource.sponsor"),
        ({"business_service": "x" * 301}, "resource.business_service"),
    ],
)
async def test_a_change_that_cannot_be_is_refused_at_its_field(company, request_id, changes, where):
    with pytest.raises(InvalidRequest) as refused:
        await amended(company, request_id, **changes)
    assert refused.value.where == where
    assert (await seen(company, request_id)).revision == 1


@pytest.mark.row("P9")
async def test_of_a_change_and_a_vote_at_once_the_vote_never_counts_for_what_it_did_not_see(company, catalogue):
    for number in range(8):
        request_id = (await ask(company, catalogue, resource=agent(f"bot-{number}"))).request_id
        old = (await seen(company, request_id)).digest
        changed, voted = await asyncio.gather(
            amended(company, request_id, business_service="Treasury"),
            cast_vote(
                company.database,
                company.actor("meta_agent_manager"),
                request_id,
                choice=Choice.APPROVE,
                seen_digest=old,
            ),
            return_exceptions=True,
        )
        assert not isinstance(changed, BaseException)
        assert isinstance(voted, StaleDigest) or not isinstance(voted, CountersignError)
        request = await seen(company, request_id)
        assert (request.revision, request.stages[0].status, request.stages[0].votes) == (2, "open", ())
