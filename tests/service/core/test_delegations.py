"""Delegations on a real database: who is asked, what the clock moves, what races leave, what the trail says."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.access import TokenScope
from core.access.errors import PermissionMissing, ScopeMissing, UnknownPerson
from core.actor import system_actor
from core.approvals import RequestFilter, RequestView, get_request, list_requests, reassign
from core.approvals.errors import AlreadyVoted, NotAnApprover
from core.delegations import Absence, back, end, end_all_of, get_away, list_delegations, set_away
from core.delegations.errors import (
    DelegationLoop,
    DelegationOver,
    DelegationOverlap,
    InvalidDelegation,
    NotYourDelegation,
    SelfAppointed,
    UnknownDelegation,
)
from core.errors import CountersignError
from core.ids import uuid7
from core.roles.permissions import UnknownAction
from tests.factories import agent, approve_all, ask, policies, vote

ALL_MUST = policies(
    "Agent Creation Approval:\n"
    "  stages:\n"
    "    - {stage: review, approvers: [meta_agent_manager], criteria: [sound], timeout: 24 hours, quorum: all}\n"
)
TECH, SEC, BOSS = "meta_agent_manager", "security_manager", "tenant_administrator"


@pytest.fixture
async def deputy(company):
    """Somebody without a role, who can vote only by standing in."""
    return await company.add("deputy")


async def away(company, who, to, *, starts_in=0, days=10, by=None, **more):
    """From then on the other person decides; `by` an administrator, if the person does not set it themself."""
    starts = company.clock.now() + timedelta(days=starts_in)
    wanted = Absence(
        to_email=company.people[to].email,
        starts=starts.isoformat(),
        ends=(starts + timedelta(days=days)).isoformat(),
        person_email=company.people[who].email if by else None,
        **more,
    )
    return await set_away(company.database, company.actor(by or who), wanted)


async def opened(company, catalogue, **wanted):
    return await shown(company, (await ask(company, catalogue, **wanted)).request_id)


async def shown(company, request_id):
    return await get_request(company.database, company.actor("agent_developer"), request_id)


def asked(company, request, stage=0):
    names = {person.id: who for who, person in company.people.items()}
    return {names[person.id] for person in request.stages[stage].approvers}


async def waits_for(company, who):
    wanted = RequestFilter(waiting_for=company.people[who].id)
    return len(await list_requests(company.database, company.actor(who), wanted))


async def events(company, subject):
    async with company.database.tenant(company.tenant) as tx:
        found = await tx.connection.execute(
            text("SELECT type FROM outbox_events WHERE subject = :s ORDER BY position"), {"s": subject}
        )
        return list(found.scalars())


@pytest.mark.row("P6", "X5", "B1")
async def test_who_stands_in_is_asked_and_votes_by_name_for_whom(company, catalogue, deputy):
    await away(company, TECH, "deputy", reason="Out of office.")
    request = await opened(company, catalogue)
    assert asked(company, request) == {"deputy"}
    assert (await waits_for(company, "deputy"), await waits_for(company, TECH)) == (1, 0)
    with pytest.raises(NotAnApprover):
        await vote(company, request.id, TECH, stage="technical_review")
    after = await vote(company, request.id, "deputy")
    (cast,) = after.stages[0].votes
    assert (cast.voter.id, cast.on_behalf_of.id) == (deputy.id, company.people[TECH].id)
    (entry,) = await company.trail(action="request.voted")
    details = entry["details"]
    assert (entry["user_id"], details["voter_email"], details["on_behalf_of_email"]) == (
        deputy.email,
        deputy.email,
        company.people[TECH].email,
    )
    assert "request.stand_in_asked" in await events(company, f"request:{request.id}")


async def test_without_absences_nobody_votes_for_anybody(company, catalogue):
    request = await opened(company, catalogue)
    after = await approve_all(company, request.id)
    assert [cast.on_behalf_of for stage in after.stages for cast in stage.votes] == [None] * 4


@pytest.mark.row("P6")
async def test_one_that_begins_while_a_stage_is_open_asks_the_stand_in_as_well(company, catalogue, runner, deputy):
    request = await opened(company, catalogue)
    planned = await away(company, TECH, "deputy", starts_in=0.5)
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {TECH}
    company.advance(hours=13)
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {TECH, "deputy"}
    assert await events(company, f"delegation:{planned.id}") == ["delegation.created", "delegation.started"]
    assert (await waits_for(company, "deputy"), await waits_for(company, TECH)) == (1, 1)
    after = await vote(company, request.id, "deputy")
    assert after.stages[0].status == "approved"
    assert asked(company, after) == {"deputy"}
    assert (await waits_for(company, "deputy"), await waits_for(company, TECH)) == (0, 0)


async def test_one_that_begins_at_once_moves_what_is_open_with_the_next_look_of_the_clock(
    company, catalogue, runner, deputy
):
    request = await opened(company, catalogue)
    await away(company, TECH, "deputy")
    await runner.run_due()
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {TECH, "deputy"}
    assert (await events(company, f"request:{request.id}")).count("request.stand_in_asked") == 1


@pytest.mark.row("P6")
async def test_whoever_is_back_is_asked_again_and_the_stand_in_is_not(company, catalogue, runner, deputy):
    await away(company, TECH, "deputy")
    request = await opened(company, catalogue)
    (ended,) = await back(company.database, company.actor(TECH))
    assert (ended.status, ended.ended_by) == ("over", company.people[TECH].email)
    with pytest.raises(NotAnApprover):  # at once, not only when the clock has looked
        await vote(company, request.id, "deputy", stage="technical_review")
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {TECH}
    assert (await vote(company, request.id, TECH)).stages[0].votes[0].on_behalf_of is None
    assert await back(company.database, company.actor(TECH)) == ()


async def test_at_its_last_instant_the_place_goes_back_by_itself(company, catalogue, runner, deputy):
    set_once = await away(company, TECH, "deputy", days=0.5)
    request = await opened(company, catalogue)
    await runner.run_due()
    company.advance(hours=12)
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {TECH}
    assert await events(company, f"delegation:{set_once.id}") == [
        "delegation.created",
        "delegation.started",
        "delegation.ended",
    ]
    assert await list_delegations(company.database, company.actor(TECH)) == ()


@pytest.mark.row("X5")
async def test_a_chain_moves_on_when_the_stand_in_goes_away_too_and_back_when_they_return(
    company, catalogue, runner, deputy
):
    await company.add("third")
    await away(company, TECH, "deputy")
    request = await opened(company, catalogue)
    onward = await away(company, "deputy", "third")
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {"third"}
    (first, _second) = await list_delegations(company.database, company.actor(TECH))
    assert (first.stand_in.id, first.decides.id) == (deputy.id, company.people["third"].id)
    _mine, given = await get_away(company.database, company.actor("third"))
    assert {each.absent.id for each in given} == {deputy.id, company.people[TECH].id}
    await end(company.database, company.actor("deputy"), onward.id)
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {"deputy"}


@pytest.mark.row("R7", "X5")
async def test_on_their_own_request_a_stand_in_is_not_asked_but_whoever_stands_above_and_everybody_sees_it(
    company, catalogue
):
    await away(company, TECH, "agent_developer")
    request = await opened(company, catalogue)
    assert asked(company, request) == {TECH, BOSS}
    assert "request.absent_asked" in await events(company, f"request:{request.id}")


@pytest.mark.row("R7")
async def test_nobody_decides_two_stages_by_standing_in(company, catalogue):
    await away(company, SEC, TECH)
    request = await opened(company, catalogue)
    after = await vote(company, request.id, TECH)
    assert asked(company, after, 1) == {SEC, BOSS}


async def test_one_about_other_actions_or_stages_moves_nothing(company, catalogue, deputy):
    await away(company, TECH, "deputy", actions=["agent.deploy"])
    await away(company, SEC, "deputy", stages=["technical_review"])
    request = await opened(company, catalogue)
    assert asked(company, request) == {TECH}
    assert asked(company, await vote(company, request.id, TECH), 1) == {SEC}


async def test_one_about_this_stage_moves_it(company, catalogue, deputy):
    await away(company, SEC, "deputy", stages=["security_review"], actions=["agent.create"])
    request = await opened(company, catalogue)
    assert asked(company, await vote(company, request.id, TECH), 1) == {"deputy"}


@pytest.mark.row("P6", "P3")
async def test_an_escalation_asks_who_stands_in_for_the_role_above(company, catalogue, runner, deputy):
    request = await opened(company, catalogue)
    await away(company, BOSS, "deputy")
    company.advance(hours=25)
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {TECH, "deputy"}


@pytest.mark.row("P1", "N6")
async def test_of_the_stand_in_and_the_absent_person_voting_at_once_one_fills_the_place(company, runner, deputy):
    await company.add("second_manager", TECH)
    for number in range(4):
        request = await opened(company, ALL_MUST, resource=agent(f"bot-{number}"))
        view = await away(company, TECH, "deputy")
        await runner.run_due()
        outcomes = await asyncio.gather(
            vote(company, request.id, TECH), vote(company, request.id, "deputy"), return_exceptions=True
        )
        assert Counter(type(each) for each in outcomes) == {RequestView: 1, AlreadyVoted: 1}
        after = await shown(company, request.id)
        assert (after.status, len(after.stages[0].votes)) == ("pending", 1)
        await end(company.database, company.actor(TECH), view.id)


@pytest.mark.row("B1")
async def test_a_place_given_by_hand_is_named_as_such_too(company, catalogue, deputy):
    request = await opened(company, catalogue)
    await reassign(company.database, company.actor(TECH), request.id, to_email=deputy.email)
    after = await vote(company, request.id, "deputy")
    assert after.stages[0].votes[0].on_behalf_of.id == company.people[TECH].id


@pytest.mark.row("X5")
async def test_nobody_who_has_left_stands_in_and_what_they_gave_is_over(company, catalogue, runner, deputy):
    kept = await away(company, TECH, "deputy")
    request = await opened(company, catalogue)
    async with company.database.tenant(company.tenant) as tx:
        await end_all_of(tx, system_actor(company.tenant), deputy.id)
    await company.leaves("deputy")
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {TECH}
    (entry,) = await company.trail(action="delegation.end")
    assert (entry["user_id"], entry["details"]["set_by_administrator"]) == ("system", True)
    with pytest.raises(DelegationOver):
        await end(company.database, company.actor(TECH), kept.id)


async def test_a_leaver_is_not_asked_even_before_anybody_has_ended_anything(company, catalogue, deputy):
    await away(company, TECH, "deputy")
    await company.leaves("deputy")
    assert asked(company, await opened(company, catalogue)) == {TECH}
    with pytest.raises(UnknownPerson):
        await away(company, SEC, "deputy")


@pytest.mark.row("X5", "N6")
async def test_of_two_opposite_delegations_set_at_once_by_two_administrators_one_is_refused(company):
    await company.add("second_administrator", BOSS)
    for _ in range(5):
        outcomes = await asyncio.gather(
            away(company, TECH, SEC, by=BOSS),
            away(company, SEC, TECH, by="second_administrator"),
            return_exceptions=True,
        )
        assert sorted(isinstance(each, CountersignError) for each in outcomes) == [False, True]
        assert any(isinstance(each, DelegationLoop) for each in outcomes)
        for each in await list_delegations(company.database, company.actor(BOSS)):
            await end(company.database, company.actor(BOSS), each.id)


async def test_a_circle_is_refused_with_its_people_and_two_at_a_time_with_its_dates(company, deputy):
    await away(company, TECH, SEC)
    await away(company, SEC, "deputy")
    with pytest.raises(DelegationLoop) as refused:
        await away(company, "deputy", TECH)
    names = [company.people[who].name for who in ("deputy", TECH, SEC, "deputy")]
    assert " → ".join(names) in refused.value.message
    with pytest.raises(DelegationOverlap):
        await away(company, TECH, "deputy", starts_in=5)


@pytest.mark.row("X5", "R6")
async def test_an_administrator_sets_and_ends_it_for_others_and_the_trail_says_so(company, deputy):
    view = await away(company, TECH, "deputy", by=BOSS, reason="On a ship.")
    (entry,) = await company.trail(action="delegation.create")
    assert entry["user_id"] == company.people[BOSS].email
    assert entry["resource"] == company.people[TECH].email
    details = entry["details"]
    assert (details["set_by_administrator"], details["stand_in"], details["reason"]) == (
        True,
        deputy.email,
        "On a ship.",
    )
    await end(company.database, company.actor(BOSS), view.id)
    with pytest.raises(DelegationOver):
        await end(company.database, company.actor(TECH), view.id)


@pytest.mark.row("R6", "R7")
async def test_nobody_else_sets_or_ends_it_and_every_refusal_is_recorded(company, deputy):
    with pytest.raises(PermissionMissing):
        await away(company, TECH, "deputy", by="agent_developer")
    view = await away(company, TECH, "deputy")
    with pytest.raises(NotYourDelegation):
        await end(company.database, company.actor("deputy"), view.id)
    with pytest.raises(PermissionMissing):
        await end(company.database, company.actor("agent_developer"), view.id)
    denied = [entry["action"] for entry in await company.trail(result="denied")]
    assert denied == ["delegation.create", "delegation.end", "delegation.end"]


@pytest.mark.row("R7")
async def test_an_administrator_cannot_make_themselves_decide_for_others(company, deputy):
    with pytest.raises(SelfAppointed):
        await away(company, TECH, BOSS, by=BOSS)
    await away(company, "deputy", BOSS)
    with pytest.raises(SelfAppointed):
        await away(company, TECH, "deputy", by=BOSS)


async def test_a_token_that_may_not_vote_gives_no_place_away(company, deputy):
    reader = company.actor(TECH, scopes=frozenset({TokenScope.READ}))
    with pytest.raises(ScopeMissing):
        await set_away(company.database, reader, Absence(to_email=deputy.email, ends="2099-01-01"))
    with pytest.raises(ScopeMissing):
        await back(company.database, reader)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"actions": ["agent.fly"]}, UnknownAction),
        ({"actions": []}, InvalidDelegation),
        ({"stages": ["  "]}, InvalidDelegation),
        ({"reason": "x" * 501}, InvalidDelegation),
        ({"days": 400}, InvalidDelegation),
    ],
)
async def test_what_cannot_be_is_refused(company, deputy, wrong, error):
    with pytest.raises(error):
        await away(company, TECH, "deputy", **wrong)
    assert await list_delegations(company.database, company.actor(TECH)) == ()


async def test_one_of_another_tenant_or_of_nobody_is_unknown(company):
    with pytest.raises(UnknownDelegation):
        await end(company.database, company.actor(BOSS), uuid7())
