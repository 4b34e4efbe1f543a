"""Access requests on a real database: how to ask is told, asked once, ends once, and counts only where it fits (X1)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest
from sqlalchemy import text

from core.access.errors import ScopeMissing
from core.access_requests import (
    CallbackRefused,
    CallbackWish,
    DuplicateRequest,
    EmergencyElsewhere,
    Evaluated,
    ExpiredDenial,
    HiddenTask,
    InvalidBinding,
    InvalidSubmission,
    InvalidTaskState,
    NotRequestable,
    Submission,
    UnknownTask,
    cancel_task,
    get_task,
    judge,
    register_callback,
    remove_callback,
    settle_tasks,
    submit,
)
from core.approvals import Choice, list_requests
from core.approvals.errors import AlreadyDecided, NotYourRequest
from core.approvals.queries import RequestFilter
from core.decisions import report_outcome
from core.errors import Conflict, CountersignError
from core.ids import EventId, uuid7
from core.outbox import Event
from core.tenants import TenantPolicy
from tests.factories import agent, approve_all, ask, found_company, policies, vote

ONE_STAGE = policies(
    'Creation:\n  applies_to: ["agent.create"]\n'
    "  stages: [{stage: security_review, approvers: [security_manager], timeout: 8 hours, on_timeout: expire}]\n"
)
AUTOMATIC = policies(
    'Creation:\n  applies_to: ["agent.create"]\n'
    "  automatic: [{criterion: Known service, when: 'agent.business_service == \"Accounts Payable\"'}]\n"
    "  stages: [{stage: security_review, approvers: [security_manager], timeout: 8 hours}]\n"
)
LOOPBACK = (ip_network("127.0.0.0/8"),)
ENDPOINT = "http://127.0.0.1:9/callbacks"


@pytest.fixture
def rules():
    """One stage, decided by the security manager."""
    return ONE_STAGE


def named(email, resource, action="agent.create"):
    facts = dict(resource)
    kind, name = facts.pop("type"), facts.pop("name")
    return {
        "subject": {"type": "user", "id": email, "properties": {}},
        "resource": {"type": kind, "id": name, "properties": facts},
        "action": {"name": action, "properties": {}},
    }


async def evaluated(
    company, rules, who="agent_developer", *, action="agent.create", about=None, presented=None, **facts
):
    """What the person is answered who evaluates."""
    caller = company.actor(who)
    asked = Evaluated(action, agent(**facts), named(caller.email, agent(**facts), action), presented)
    return await judge(company.database, company.gate(rules), caller, about or caller, asked)


def submission(company, found, who="agent_developer", **changes):
    """What follows from the evaluation, if nothing is changed."""
    resource = changes.pop("resource", agent())
    wanted = Submission(
        action="agent.create",
        resource=resource,
        named=named(company.people[who].email, resource),
        context={"justification": "Reads supplier invoices."},
        evaluation_id=found.evaluation_id,
        expires_at=found.offered_until,
        body_digest="the body",
    )
    return replace(wanted, **changes)


async def submitted(company, rules, found=None, who="agent_developer", **changes):
    """The task that came of it."""
    found = found or await evaluated(company, rules, who)
    wanted = submission(company, found, who, **changes)
    return await submit(company.database, company.gate(rules), company.actor(who), wanted)


async def polled(company, task, who="agent_developer"):
    return await get_task(company.database, company.actor(who), task.id)


async def requests_of(company):
    return await list_requests(company.database, company.actor("agent_developer"), RequestFilter())


async def notices(company):
    """How often each task's end was told."""
    async with company.database.tenant(company.tenant) as tx:
        found = await tx.connection.execute(
            text("SELECT data->>'status' FROM outbox_events WHERE type = 'access_request.ended' ORDER BY position")
        )
        return list(found.scalars())


def ended(company, request):
    """The event that the outbox brings when the request is over."""
    return Event(company.tenant, EventId(uuid7()), f"request:{request.id}", "request.approved", {}, company.clock.now())


async def registered(company, endpoint=ENDPOINT):
    admin = company.actor("tenant_administrator")
    return await register_callback(company.database, admin, endpoint, allowed=LOOPBACK)


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
