"""Access requests on a real database: how to ask is told, asked once, ends once, and counts only where it fits (X1)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.access.errors import ScopeMissing
from core.access_requests import (
    DuplicateRequest,
    EmergencyElsewhere,
    ExpiredDenial,
    InvalidBinding,
    NotRequestable,
    cancel_task,
    get_task,
    submit,
)
from core.approvals.errors import NotYourRequest
from core.errors import Conflict
from core.tenants import TenantPolicy
from tests.access_desk import (
    AUTOMATIC,
    evaluated,
    named,
    polled,
    requests_of,
    rules,
    submission,
    submitted,
)
from tests.factories import agent, ask, found_company, policies, vote

__all__ = ["rules"]  # a fixture


# How to ask


@pytest.mark.row("X1")
async def test_a_denial_that_an_approval_can_lift_says_how_to_ask_and_asks_nobody(company, rules):
    found = await evaluated(company, rules)
    assert (found.answer, found.reason) == ("pending", "approvals.pending")
    assert found.offered_until == found.evaluated_at + timedelta(minutes=10)
    assert found.evaluation_id.startswith("eval_")
    assert await requests_of(company) == ()
    (recorded,) = await company.trail(action="decision.evaluate")
    assert recorded["details"]["evaluation_id"] == found.evaluation_id


@pytest.mark.row("X1")
@pytest.mark.parametrize(
    ("who", "action", "facts", "code"),
    [
        ("audit_reviewer", "agent.create", {}, "access.permission_missing"),
        ("agent_developer", "agent.create", {"sponsor": ""}, "agents.fact_missing"),
        ("agent_developer", "agent.modify", {}, "agents.unknown"),
    ],
)
async def test_a_denial_that_no_request_can_lift_says_nothing_of_asking(company, rules, who, action, facts, code):
    found = await evaluated(company, rules, who, action=action, **facts)
    assert (found.answer, found.reason, found.offered_until) == ("deny", code, None)


@pytest.mark.row("X1", "X9")
async def test_without_a_policy_or_room_in_the_quota_there_is_no_way_to_ask(database, clock, rules):
    uncovered = policies('Deployment:\n  applies_to: ["agent.deploy"]\n  stages: []\n')
    full = await found_company(database, clock, TenantPolicy(tenant_id="full", resource_limits={"max_agents": 0}))
    assert (await evaluated(full, uncovered)).offered_until is None
    found = await evaluated(full, rules)
    assert (found.answer, found.offered_until) == ("deny", None)


@pytest.mark.row("X1", "R7")
async def test_whoever_evaluates_for_somebody_else_cannot_ask_in_their_name(company, rules):
    dana = company.actor("agent_developer")
    found = await evaluated(company, rules, "security_manager", about=dana)
    assert (found.answer, found.offered_until) == ("pending", None)


@pytest.mark.row("X1")
async def test_old_denials_are_swept_away_by_new_ones(company, rules):
    for _ in range(3):
        await evaluated(company, rules)
    company.advance(days=2)
    await evaluated(company, rules)
    async with company.database.tenant(company.tenant) as tx:
        left = (await tx.connection.execute(text("SELECT count(*) FROM access_evaluations"))).scalar_one()
    assert left == 1


# Submitting


@pytest.mark.row("X1")
async def test_a_submission_opens_the_request_that_the_gate_opens(company, rules):
    task = await submitted(company, rules)
    assert (task.status, task.may_cancel, task.approval_id) == ("pending", True, None)
    (request,) = await requests_of(company)
    assert (request.id, request.requester.email) == (task.request.id, company.people["agent_developer"].email)
    assert request.justification == "Reads supplier invoices."
    assert (await ask(company, rules)).request_id == request.id
    (recorded,) = await company.trail(action="access_request.submit")
    assert (recorded["details"]["task"], recorded["details"]["request"]) == (task.id, request.reference)


@pytest.mark.row("X1", "P9")
async def test_the_same_submission_again_is_the_same_task(company, rules):
    found = await evaluated(company, rules)
    first = await submitted(company, rules, found, key="k-1")
    assert (await submitted(company, rules, found, key="k-1")).id == first.id
    assert (await submitted(company, rules, found)).id == first.id  # its key was lost: the denial knows it
    company.advance(days=3)
    assert (await submitted(company, rules, found, key="k-1")).id == first.id
    assert len(await company.trail(action="access_request.submit")) == 1


@pytest.mark.row("X1")
async def test_a_key_or_a_denial_that_was_used_for_something_else_is_refused(company, rules):
    found = await evaluated(company, rules)
    await submitted(company, rules, found, key="k-1")
    with pytest.raises(DuplicateRequest):
        await submitted(company, rules, found, key="k-1", body_digest="another body")
    with pytest.raises(InvalidBinding):
        await submitted(company, rules, found, key="k-2", body_digest="another body")


@pytest.mark.row("X1")
async def test_many_submissions_at_once_under_one_key_make_one_task(company, rules):
    denials = [await evaluated(company, rules) for _ in range(4)]
    same = await asyncio.gather(*(submitted(company, rules, denials[0], key="same") for _ in range(6)))
    assert len({task.id for task in same}) == 1

    async def tried(found):
        try:
            return (await submitted(company, rules, found, key="other", body_digest=found.evaluation_id)).id
        except DuplicateRequest:
            return "duplicate"

    answers = await asyncio.gather(*(tried(found) for found in denials[1:]))
    assert sorted(answer == "duplicate" for answer in answers) == [False, True, True]


@pytest.mark.row("X1")
async def test_a_denial_can_be_asked_about_until_it_expires(company, rules):
    first, second = await evaluated(company, rules), await evaluated(company, rules)
    company.advance(minutes=10, seconds=30)  # the other side's clock may be off by half a minute
    await submitted(company, rules, first)
    company.advance(seconds=1)
    with pytest.raises(ExpiredDenial):
        await submitted(company, rules, second)


@pytest.mark.row("X1")
async def test_an_earlier_end_that_the_asker_names_counts_and_a_later_one_does_not(company, rules):
    found = await evaluated(company, rules)
    with pytest.raises(ExpiredDenial):
        await submitted(company, rules, found, expires_at=found.evaluated_at - timedelta(minutes=1))
    company.advance(minutes=11)
    with pytest.raises(ExpiredDenial):
        await submitted(company, rules, found, expires_at=found.evaluated_at + timedelta(days=9))


FORGED = {
    "no id": {"evaluation_id": None},
    "an id that is none": {"evaluation_id": "eval_1"},
    "another kind of id": {"evaluation_id": "arq_0f3c2b1a4d5e4f60a1b2c3d4e5f60718"},
    "an id that was never given": {"evaluation_id": "eval_0f3c2b1a4d5e4f60a1b2c3d4e5f60718"},
    "no end": {"expires_at": None},
    "a token that was never given": {"binding_token": "eyJhbGciOiJub25lIn0.e30."},
}


@pytest.mark.row("X1", "R6")
@pytest.mark.parametrize("case", FORGED)
async def test_what_is_bound_to_no_denial_is_refused_and_recorded(company, rules, case):
    found = await evaluated(company, rules)
    with pytest.raises(InvalidBinding):
        await submitted(company, rules, found, **FORGED[case])
    (recorded,) = await company.trail(action="access_request.submit", result="denied")
    assert recorded["details"]["code"] == "access_requests.invalid_denial_binding"
    assert await requests_of(company) == ()


@pytest.mark.row("X1", "R6")
async def test_a_denial_is_good_for_exactly_what_was_denied(company, rules):
    found = await evaluated(company, rules)
    email = company.people["agent_developer"].email
    other = agent(business_service="Treasury")
    with pytest.raises(InvalidBinding):
        await submitted(company, rules, found, resource=other)
    with pytest.raises(InvalidBinding):
        await submitted(company, rules, found, named=named(email, agent(), "agent.retire"), action="agent.retire")
    acted = named(email, agent())
    acted["subject"]["properties"]["act"] = {"iss": "https://agents.example", "sub": "x"}
    assert (await submitted(company, rules, found, named=acted)).status == "pending"  # the actor is not bound


@pytest.mark.row("X1", "T1", "R6")
async def test_another_s_denial_is_as_unknown_as_one_that_never_was(company, rules, database, clock):
    found = await evaluated(company, rules)
    stranger = await found_company(database, clock, TenantPolicy(tenant_id="northwind"))
    said = set()
    for where, who, evaluation in (
        (company, "meta_agent_manager", found.evaluation_id),
        (stranger, "agent_developer", found.evaluation_id),
        (stranger, "agent_developer", "eval_0f3c2b1a4d5e4f60a1b2c3d4e5f60718"),
    ):
        with pytest.raises(InvalidBinding) as refused:
            await submitted(where, rules, found, who, evaluation_id=evaluation)
        said.add(refused.value.sentence())
        assert len(await where.trail(action="access_request.submit", result="denied")) >= 1
    assert len(said) == 1


@pytest.mark.row("X1", "E1")
async def test_an_emergency_is_sent_to_the_bypass_and_asks_nobody(company, rules):
    with pytest.raises(EmergencyElsewhere, match="no request") as refused:
        await submitted(company, rules, is_emergency=True)
    assert "/api/v1/bypasses" in refused.value.next_step
    assert await requests_of(company) == ()


@pytest.mark.row("X1", "R6")
async def test_what_has_become_impossible_since_is_refused_and_recorded(company, rules):
    found = await evaluated(company, rules)
    uncovered = policies('Deployment:\n  applies_to: ["agent.deploy"]\n  stages: []\n')
    with pytest.raises(NotRequestable, match="No approval policy covers"):
        await submitted(company, uncovered, found)
    (recorded,) = await company.trail(action="access_request.submit")
    assert (recorded["result"], recorded["details"]["code"]) == ("denied", "policies.none")


@pytest.mark.row("X1")
async def test_what_needs_no_approval_any_more_is_no_request(company, rules):
    found = await evaluated(company, rules)
    free = policies('Creation:\n  applies_to: ["agent.create"]\n  stages: []\n')
    with pytest.raises(NotRequestable, match="allowed by now") as refused:
        await submitted(company, free, found)
    assert refused.value.next_step == "Evaluate again."
    assert await requests_of(company) == ()


@pytest.mark.row("X1")
async def test_what_no_request_can_be_opened_for_is_refused_and_the_gate_s_denial_stays_recorded(company, rules):
    found = await evaluated(company, rules)
    with pytest.raises(NotRequestable, match="4001 characters"):
        await submitted(company, rules, found, context={"justification": "x" * 4001})
    (denied,) = await company.trail(action="agent_create")
    assert denied["result"] == "denied"


@pytest.mark.row("X1", "P4")
async def test_what_is_approved_at_once_is_over_at_once_and_nothing_is_used_up(company):
    found = await evaluated(company, AUTOMATIC)
    task = await submitted(company, AUTOMATIC, found)
    assert (task.status, task.request.used) == ("approved", False)
    assert task.approval_id is not None
    allowed = await ask(company, AUTOMATIC)
    assert (allowed.decision, allowed.request_id) == ("allow", task.request.id)


@pytest.mark.row("X1")
async def test_what_was_approved_meanwhile_becomes_a_task_that_is_approved(company, rules):
    found = await evaluated(company, rules)
    pending = await ask(company, rules)
    await vote(company, pending.request_id, "security_manager")
    task = await submitted(company, rules, found)
    assert (task.status, task.request.id, task.request.used) == ("approved", pending.request_id, False)


@pytest.mark.row("X1")
async def test_a_request_that_is_open_for_the_same_is_joined_and_only_its_requester_can_cancel_it(company, rules):
    theirs = await ask(company, rules, "meta_agent_manager")
    task = await submitted(company, rules)
    assert (task.request.id, task.may_cancel) == (theirs.request_id, False)
    with pytest.raises(NotYourRequest):
        await cancel_task(company.database, company.actor("agent_developer"), task.id)
    await vote(company, theirs.request_id, "security_manager")
    assert (await polled(company, task)).status == "approved"


@pytest.mark.row("X1")
async def test_a_request_that_is_open_for_another_version_is_not_joined(company, rules):
    await ask(company, rules, "meta_agent_manager", resource=agent(business_service="Treasury"))
    with pytest.raises(Conflict, match="asks for another version of 'invoice-reader'"):
        await submitted(company, rules)


@pytest.mark.row("R5", "R6")
async def test_a_token_needs_the_scopes_that_asking_showing_and_withdrawing_need(company, rules):
    found = await evaluated(company, rules)
    wanted = submission(company, found)
    gate, database = company.gate(rules), company.database
    with pytest.raises(ScopeMissing):
        await submit(database, gate, company.actor("agent_developer", scopes=frozenset({"read"})), wanted)
    platform = company.actor("agent_developer", scopes=frozenset({"decide", "read"}))
    task = await submit(database, gate, platform, wanted)
    assert task.may_cancel is False
    with pytest.raises(ScopeMissing):
        await cancel_task(database, platform, task.id)
    with pytest.raises(ScopeMissing):
        await get_task(database, company.actor("agent_developer", scopes=frozenset({"decide"})), task.id)
    assert len(await company.trail(result="denied")) == 3
