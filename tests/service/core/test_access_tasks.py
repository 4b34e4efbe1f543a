"""What becomes of access requests on a real database: one end, told once, and worth what was approved (X1)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.access_requests import (
    CallbackRefused,
    CallbackWish,
    HiddenTask,
    InvalidSubmission,
    InvalidTaskState,
    UnknownTask,
    cancel_task,
    get_task,
    remove_callback,
    settle_tasks,
)
from core.approvals import Choice
from core.approvals.errors import AlreadyDecided
from core.decisions import report_outcome
from core.errors import CountersignError
from core.tenants import TenantPolicy
from tests.access_desk import (
    ENDPOINT,
    ended,
    evaluated,
    notices,
    polled,
    registered,
    requests_of,
    rules,
    submitted,
)
from tests.factories import agent, approve_all, ask, found_company, policies, vote

__all__ = ["rules"]  # a fixture


# States, reached once


@pytest.mark.row("X1")
async def test_a_task_says_how_its_request_ended(company, rules, runner):
    async def after(name, end):
        found = await evaluated(company, rules, name=name)
        task = await submitted(company, rules, found, resource=agent(name))
        assert (await polled(company, task)).status == "pending"
        await end(task)
        return (await polled(company, task)).status

    async def expires(_task):
        company.advance(hours=9)
        await runner.run_due()

    assert await after("a", lambda task: vote(company, task.request.id, "security_manager")) == "approved"
    rejected = await after("b", lambda task: vote(company, task.request.id, "security_manager", Choice.REJECT))
    assert rejected == "denied"
    cancelled = await after("c", lambda task: cancel_task(company.database, company.actor("agent_developer"), task.id))
    assert cancelled == "cancelled"
    assert await after("d", expires) == "expired"


@pytest.mark.row("X1", "P9")
async def test_an_approved_task_stays_approved_when_nobody_uses_the_approval(company, rules, runner):
    task = await submitted(company, rules)
    await vote(company, task.request.id, "security_manager")
    await settle_tasks(company.database, ended(company, task.request))
    approved = await polled(company, task)
    assert approved.approved_until == approved.approved_at + timedelta(days=30)
    company.advance(days=31)
    await runner.run_due()
    later = await polled(company, task)
    assert (later.status, later.request.status, later.approval_id) == ("approved", "expired", approved.approval_id)
    found = await evaluated(company, rules, presented={"id": approved.approval_id})
    assert (found.answer, found.reason, found.next_action) == ("pending", "approval_expired", "request")


@pytest.mark.row("X1")
async def test_an_approval_lasts_no_longer_than_was_asked_for(company, rules, runner):
    until = company.clock.now() + timedelta(hours=3)
    task = await submitted(company, rules, requested_until=until)
    await vote(company, task.request.id, "security_manager")
    assert (await polled(company, task)).approved_until == until
    assert (await evaluated(company, rules)).answer == "allow"
    company.advance(hours=3)
    await runner.run_due()
    assert (await evaluated(company, rules)).answer == "pending"
    (over,) = await company.trail(action="request.expired")
    assert over["details"]["note"] == f"Nobody used the approval by {until.isoformat()}."


async def test_an_end_in_the_past_cannot_be_asked_for(company, rules):
    with pytest.raises(InvalidSubmission, match="has passed"):
        await submitted(company, rules, requested_until=company.clock.now())


@pytest.mark.row("X1")
async def test_what_is_over_cannot_be_cancelled(company, rules):
    dana = company.actor("agent_developer")
    task = await submitted(company, rules)
    cancelled = await cancel_task(company.database, dana, task.id, reason="not needed")
    assert (cancelled.status, cancelled.request.status, cancelled.may_cancel) == ("cancelled", "withdrawn", False)
    with pytest.raises(InvalidTaskState, match="cancelled already"):
        await cancel_task(company.database, dana, task.id)
    approved = await submitted(company, rules)
    await vote(company, approved.request.id, "security_manager")
    with pytest.raises(InvalidTaskState, match="approved already"):
        await cancel_task(company.database, dana, approved.id)


@pytest.mark.row("X1")
async def test_of_a_cancellation_and_the_last_vote_at_once_exactly_one_counts(company, rules):
    await registered(company)
    dana = company.actor("agent_developer")
    outcomes = []
    for number in range(12):
        resource = agent(f"bot-{number}")
        found = await evaluated(company, rules, name=resource["name"])
        task = await submitted(company, rules, found, resource=resource, callback=CallbackWish(ENDPOINT))

        async def tried(work):
            try:
                return await work
            except (InvalidTaskState, AlreadyDecided) as exc:
                return exc

        cancelled, voted, _, _ = await asyncio.gather(
            tried(cancel_task(company.database, dana, task.id)),
            tried(vote(company, task.request.id, "security_manager")),
            polled(company, task),
            settle_tasks(company.database, ended(company, task.request)),
        )
        won = [not isinstance(answer, CountersignError) for answer in (cancelled, voted)]
        assert sorted(won) == [False, True]
        await asyncio.gather(*(polled(company, task) for _ in range(3)))
        outcomes.append((await polled(company, task)).status)
        assert outcomes[-1] == ("cancelled" if won[0] else "approved")
    assert await notices(company) == outcomes  # each told once, and as it is


@pytest.mark.row("X1", "T1", "R6")
async def test_a_task_of_another_person_or_tenant_is_as_unknown_as_none(company, rules, database, clock):
    task = await submitted(company, rules)
    stranger = await found_company(database, clock, TenantPolicy(tenant_id="northwind"))
    said = set()
    for where, who, task_id, error in (
        (company, "meta_agent_manager", task.id, HiddenTask),
        (stranger, "agent_developer", task.id, UnknownTask),
        (company, "meta_agent_manager", "arq_0f3c2b1a4d5e4f60a1b2c3d4e5f60718", UnknownTask),
        (company, "meta_agent_manager", "x", UnknownTask),
    ):
        for call in (get_task, cancel_task):
            with pytest.raises(error) as refused:
                await call(database, where.actor(who), task_id)
            said.add((refused.value.code, refused.value.sentence(), refused.value.where))
    assert len(said) == 1
    denied = await company.trail(user_id=company.people["meta_agent_manager"].email, result="denied")
    assert [entry["action"] for entry in denied] == ["access_request.show", "access_request.cancel"]


# Evaluating again


@pytest.fixture
async def approved(company, rules):
    task = await submitted(company, rules)
    await vote(company, task.request.id, "security_manager")
    return await polled(company, task)


@pytest.mark.row("X1")
async def test_after_the_approval_the_same_evaluation_is_allowed_and_names_it(company, rules, approved):
    presented = {"id": approved.approval_id, "approved_until": "whatever the caller says"}
    found = await evaluated(company, rules, presented=presented)
    assert (found.answer, found.next_action) == ("allow", None)
    assert (found.approval.id, found.approval.approved_until) == (approved.approval_id, approved.approved_until)
    assert (await evaluated(company, rules)).answer == "allow"  # it is known without being presented, too


@pytest.mark.row("X1")
async def test_an_approval_allows_nothing_else(company, rules, approved):
    found = await evaluated(company, rules, presented={"id": approved.approval_id}, business_service="Treasury")
    assert (found.answer, found.reason, found.next_action) == ("pending", "out_of_scope", "request")
    assert (found.approval, found.offered_until is not None) == (None, True)


@pytest.mark.row("X1", "T1")
@pytest.mark.parametrize("presented", ["mine but altered", "somebody else's", {"id": "apr_" + "0" * 32}, {}, 7, "x"])
async def test_an_approval_that_cannot_be_verified_is_worth_nothing(company, rules, approved, presented):
    who = "agent_developer"
    if presented == "mine but altered":
        presented = {"id": approved.approval_id, "state": "eyJhbGciOiJub25lIn0.e30."}
    elif presented == "somebody else's":
        who, presented = "meta_agent_manager", {"id": approved.approval_id}
    found = await evaluated(company, rules, who, presented=presented, name="another-bot")
    assert (found.answer, found.reason, found.next_action) == ("pending", "approval_unverifiable", "none")
    assert (found.approval, found.offered_until) == (None, None)


@pytest.mark.row("X1", "R7")
async def test_an_approval_that_a_decision_has_used_is_over(company, rules, approved):
    used = await ask(company, rules)
    await report_outcome(
        company.database, company.actor("agent_developer"), used.id, status="failed", details={"run": "1"}
    )
    found = await evaluated(company, rules, presented={"id": approved.approval_id})
    assert (found.answer, found.reason, found.next_action) == ("pending", "approval_expired", "request")


@pytest.mark.row("X1", "R3")
async def test_an_approval_does_not_replace_what_policy_still_demands(company, rules, approved):
    uncovered = policies('Deployment:\n  applies_to: ["agent.deploy"]\n  stages: []\n')
    found = await evaluated(company, uncovered, presented={"id": approved.approval_id})
    assert (found.answer, found.reason, found.next_action) == ("deny", "policy_denied", "none")
    assert "No approval policy covers" in found.message


@pytest.mark.row("X1")
async def test_an_approval_that_is_not_given_yet_is_none(company, rules):
    task = await submitted(company, rules)
    assert (await polled(company, task)).approval_id is None
    async with company.database.tenant(company.tenant) as tx:
        stored = (await tx.connection.execute(text("SELECT approval_id FROM access_tasks"))).scalar_one()
    found = await evaluated(company, rules, presented={"id": f"apr_{stored.hex}"})
    assert (found.answer, found.reason) == ("pending", "approval_unverifiable")


# Callbacks


@pytest.mark.row("X1")
async def test_a_task_s_end_is_told_once_however_many_find_it(company, rules):
    await registered(company)
    task = await submitted(company, rules, callback=CallbackWish(ENDPOINT, "s-1"))
    await vote(company, task.request.id, "security_manager")
    event = ended(company, task.request)
    await asyncio.gather(
        *(settle_tasks(company.database, event) for _ in range(4)), *(polled(company, task) for _ in range(4))
    )
    assert await notices(company) == ["approved"]


@pytest.mark.row("X1")
async def test_only_the_ends_that_were_asked_for_are_told(company, rules):
    await registered(company)
    task = await submitted(company, rules, callback=CallbackWish(ENDPOINT, events=("denied",)))
    await vote(company, task.request.id, "security_manager")
    await polled(company, task)
    assert await notices(company) == []


@pytest.mark.row("X1")
async def test_an_address_that_is_not_registered_here_is_not_told(company, rules, database, clock):
    stranger = await found_company(database, clock, TenantPolicy(tenant_id="northwind"))
    await registered(stranger)
    found = await evaluated(company, rules)
    with pytest.raises(CallbackRefused, match="not registered"):
        await submitted(company, rules, found, callback=CallbackWish(ENDPOINT))
    mine = await registered(company)
    await remove_callback(database, company.actor("tenant_administrator"), mine.id)
    with pytest.raises(CallbackRefused):
        await submitted(company, rules, found, callback=CallbackWish(ENDPOINT))
    assert await requests_of(company) == ()


@pytest.mark.row("X1", "P1")
async def test_the_shipped_policies_lead_through_four_stages_to_the_same_end(company, catalogue):
    task = await submitted(company, catalogue)
    await approve_all(company, task.request.id)
    approved = await polled(company, task)
    found = await evaluated(company, catalogue, presented={"id": approved.approval_id})
    assert (approved.status, found.answer, found.approval.id) == ("approved", "allow", approved.approval_id)
