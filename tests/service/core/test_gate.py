"""The gate on a real database: pending, approved, allowed once, reported; and every reason to deny (X1, X7, X8, X9)."""

from __future__ import annotations

import socket

import pytest

from core.agents import list_agents
from core.approvals import PolicyCatalogue, cast_vote, list_requests
from core.approvals.queries import RequestFilter
from core.approvals.state import Choice
from core.db import Database
from core.decisions import get_decision, report_outcome
from core.decisions.errors import InvalidQuestion, OutcomeReported, UnknownDecision
from core.errors import Unavailable
from core.ids import uuid7
from core.incidents import IncidentFilter, list_incidents
from core.roles.permissions import UnknownAction
from tests.factories import agent, approve_all, ask, create_agent, policies, vote

UNCOVERED = policies('Agent Operations:\n  applies_to: ["agent.deploy"]\n  stages: []\n')


async def report(company, decision, status="succeeded", who="agent_developer", **details):
    return await report_outcome(
        company.database, company.actor(who), decision.id, status=status, details=details or {"run": "42"}
    )


async def names(company):
    found = await list_agents(company.database, company.actor("audit_reviewer"))
    return sorted((entry.name, entry.state, entry.version) for entry in found)


def said(decision):
    return decision.decision.value, [(reason.code, reason.message) for reason in decision.reasons]


@pytest.mark.row("P1", "X1")
async def test_an_agent_is_pending_until_four_stages_have_approved_and_allowed_then(company, catalogue):
    first = await ask(company, catalogue)
    assert said(first) == ("pending", [("approvals.pending", "'Agent Creation Approval' has to be passed first.")])
    assert await names(company) == []
    for role in ("meta_agent_manager", "security_manager", "compliance_manager"):
        assert (await vote(company, first.request_id, role)).status == "pending"
        assert (await ask(company, catalogue)).decision == "pending"
    assert (await vote(company, first.request_id, "tenant_administrator")).status == "approved"
    assert await names(company) == []

    allowed = await ask(company, catalogue)

    assert said(allowed) == ("allow", [("approvals.approved", "It was approved.")])
    assert (allowed.operation, allowed.request_id, allowed.bypass_id) == ("running", first.request_id, None)
    assert await names(company) == [("invoice-reader", "registered", 1)]
    assert await get_decision(company.database, company.actor("agent_developer"), allowed.id) == allowed


@pytest.mark.row("X1")
async def test_asking_again_before_the_approval_answers_with_the_same_request(company, catalogue):
    answers = [await ask(company, catalogue) for _ in range(3)]
    assert {answer.request_id for answer in answers} == {answers[0].request_id}
    assert len({answer.id for answer in answers}) == 3
    requests = await list_requests(company.database, company.actor("agent_developer"), RequestFilter())
    assert [request.reference for request in requests] == ["REQ-1001"]


@pytest.mark.row("X1", "N6")
async def test_asking_again_because_the_answer_was_lost_gives_the_same_decision_and_no_second_agent(company, catalogue):
    allowed = await create_agent(company, catalogue)
    again = await ask(company, catalogue)
    assert again == allowed
    assert await names(company) == [("invoice-reader", "registered", 1)]


@pytest.mark.row("X1")
async def test_an_approval_allows_one_decision(company, catalogue):
    allowed = await create_agent(company, catalogue)
    await report(company, allowed)
    assert said(await ask(company, catalogue)) == (
        "deny",
        [("agents.exists", "An agent named 'invoice-reader' exists already; it is registered.")],
    )


async def test_an_approval_holds_for_exactly_what_was_approved(company, catalogue):
    pending = await ask(company, catalogue)
    await approve_all(company, pending.request_id)
    other = await ask(company, catalogue, resource=agent(business_service="Treasury"))
    assert other.decision == "pending"
    assert other.request_id != pending.request_id


async def test_a_rejected_request_can_be_asked_for_anew(company, catalogue):
    first = await ask(company, catalogue)
    await vote(company, first.request_id, "meta_agent_manager", Choice.REJECT, reason="No owner on call.")
    second = await ask(company, catalogue)
    assert second.decision == "pending"
    assert second.request_id != first.request_id


DENIALS = {
    "permission": (
        "audit_reviewer",
        "agent.create",
        agent(),
        "access.permission_missing",
        "None of your roles may create agents. These may: Enterprise Administrator, Tenant Administrator, "
        "Meta-Agent Manager, Agent Developer.",
    ),
    "no sponsor": (
        "agent_developer",
        "agent.create",
        agent(sponsor=" "),
        "agents.fact_missing",
        "Every agent needs name, sponsor, owner, business_service; 'sponsor' is missing.",
    ),
    "no owner": (
        "agent_developer",
        "agent.create",
        agent(owner=""),
        "agents.fact_missing",
        "Every agent needs name, sponsor, owner, business_service; 'owner' is missing.",
    ),
    "no business service": (
        "agent_developer",
        "agent.create",
        agent(business_service=""),
        "agents.fact_missing",
        "Every agent needs name, sponsor, owner, business_service; 'business_service' is missing.",
    ),
    "unknown agent": (
        "agent_operator",
        "agent.deploy",
        agent("nobody-knows-me"),
        "agents.unknown",
        "There is no agent named 'nobody-knows-me'. Ask for agent.create first.",
    ),
}


@pytest.mark.row("X7", "R3")
@pytest.mark.parametrize("case", DENIALS)
async def test_a_denial_names_its_reason_and_is_recorded_as_denied(company, catalogue, case):
    who, action, resource, code, message = DENIALS[case]
    denied = await ask(company, catalogue, who, action=action, resource=resource)
    assert said(denied) == ("deny", [(code, message)])
    assert (denied.operation, denied.request_id, denied.agent_id) == ("none", None, None)
    (recorded,) = await company.trail(subject_id=denied.id)
    assert (recorded["action"], recorded["result"], recorded["category"], recorded["user_id"]) == (
        action.replace(".", "_"),
        "denied",
        "security",
        company.people[who].email,
    )
    assert recorded["details"]["reasons"] == [message]
    assert (recorded["ip_address"], recorded["user_agent"]) == ("192.0.2.17", "Countersign-Test/1.0")


async def test_a_retired_agent_can_be_deployed_no_more_and_its_name_is_not_given_again(company, catalogue):
    await report(company, await create_agent(company, catalogue))
    for action in ("agent.deploy", "agent.retire"):
        allowed = await ask(company, catalogue, "agent_operator", action=action)
        assert said(allowed) == ("allow", [("policies.permission", "'Agent Operations' asks for no approval.")])
    assert await names(company) == [("invoice-reader", "retired", 3)]
    assert said(await ask(company, catalogue, "agent_operator", action="agent.deploy")) == (
        "deny",
        [
            (
                "agents.wrong_state",
                "Agent 'invoice-reader' is retired; agent.deploy is not possible. Accepted: deployed, registered.",
            )
        ],
    )
    assert said(await ask(company, catalogue)) == (
        "deny",
        [("agents.exists", "An agent named 'invoice-reader' exists already; it is retired.")],
    )


@pytest.mark.row("X9")
async def test_an_action_that_no_policy_covers_is_denied(company):
    assert said(await ask(company, UNCOVERED)) == (
        "deny",
        [("policies.none", "No approval policy covers agent.create, so it is denied.")],
    )


@pytest.mark.row("X9")
async def test_without_any_policy_the_gate_gives_no_answer_and_writes_nothing(company):
    with pytest.raises(Unavailable) as blind:
        await ask(company, PolicyCatalogue([]))
    assert blind.value.message == "No approval policy is loaded, so nothing can be allowed."
    assert await company.trail() == []


@pytest.mark.row("X9")
async def test_without_its_database_the_gate_gives_no_answer(company, catalogue, clock):
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        port = nobody_listens.getsockname()[1]
        company.database = Database(f"postgresql://somebody:secret@127.0.0.1:{port}/gone", clock=clock)
        with pytest.raises(Unavailable) as blind:
            await ask(company, catalogue)
        await company.database.close()
    assert blind.value.message == "The database does not answer; nothing was changed."
    assert blind.value.retry_after_s == 5


@pytest.mark.parametrize(
    ("action", "resource", "error", "where"),
    [
        ("agent.fly", agent(), UnknownAction, "action"),
        ("agent.create", agent(type="robot"), InvalidQuestion, "resource.type"),
        ("agent.create", agent(name=" "), InvalidQuestion, "resource.name"),
        ("agent.create", agent(name="x" * 121), InvalidQuestion, "resource.name"),
        ("agent.create", {**agent(), "tags": ["a"]}, InvalidQuestion, "resource.tags"),
        ("agent.create", agent(sponsor="x" * 301), InvalidQuestion, "resource.sponsor"),
    ],
)
async def test_a_question_that_cannot_be_read_is_an_error_and_no_decision(
    company, catalogue, action, resource, error, where
):
    with pytest.raises(error) as refused:
        await ask(company, catalogue, action=action, resource=resource)
    assert refused.value.where == where
    assert await company.trail() == []


@pytest.mark.row("X8")
async def test_what_the_platform_did_stands_beside_what_was_allowed(company, catalogue):
    allowed = await create_agent(company, catalogue)
    company.advance(minutes=3)
    done = await report(company, allowed, run="0815")
    assert (done.operation, done.outcome, done.outcome_at) == ("succeeded", {"run": "0815"}, company.clock.now())
    assert await get_decision(company.database, company.actor("agent_developer"), allowed.id) == done
    (recorded,) = await company.trail(action="decision.outcome")
    assert recorded["details"] == {
        "door": "api",
        "governed_action": "agent.create",
        "status": "succeeded",
        "outcome": {"run": "0815"},
        "request_id": str(allowed.request_id),
        "agent_id": str(allowed.agent_id),
    }
    assert (recorded["result"], recorded["category"]) == ("success", "system")


@pytest.mark.row("X8")
async def test_an_outcome_is_reported_once_and_the_same_report_again_changes_nothing(company, catalogue):
    allowed = await create_agent(company, catalogue)
    first = await report(company, allowed)
    company.advance(minutes=1)
    assert await report(company, allowed) == first
    with pytest.raises(OutcomeReported) as refused:
        await report(company, allowed, "failed")
    assert refused.value.message == "The outcome was reported already: succeeded."
    assert len(await company.trail(action="decision.outcome")) == 1


@pytest.mark.row("X8")
async def test_an_outcome_is_of_a_decision_and_a_word_that_are_known(company, catalogue):
    pending = await ask(company, catalogue)
    pending_id, unknown = pending.id, uuid7()
    assert pending_id != unknown
    with pytest.raises(UnknownDecision):
        await report_outcome(
            company.database, company.actor("agent_developer"), unknown, status="succeeded", details={}
        )
    with pytest.raises(InvalidQuestion) as refused:
        await report(company, pending, "exploded")
    assert refused.value.accepted == ("succeeded", "failed")


@pytest.mark.row("X8")
async def test_a_failed_creation_frees_the_name_and_takes_a_new_approval(company, catalogue):
    allowed = await create_agent(company, catalogue)
    failed = await report(company, allowed, "failed")
    assert failed.operation == "failed"
    assert await names(company) == []
    again = await ask(company, catalogue)
    assert again.decision == "pending"
    assert again.request_id != allowed.request_id
    (recorded,) = await company.trail(action="decision.outcome")
    assert recorded["result"] == "failure"


@pytest.mark.row("X8")
async def test_an_operation_that_is_never_reported_lapses_after_an_hour(company, catalogue, runner):
    allowed = await create_agent(company, catalogue)
    company.advance(minutes=59, seconds=59)
    assert await runner.run_due() == 0
    company.advance(seconds=1)
    assert await runner.run_due() == 1
    lapsed = await get_decision(company.database, company.actor("agent_developer"), allowed.id)
    assert (lapsed.operation, lapsed.outcome) == ("lapsed", None)
    (recorded,) = await company.trail(action="decision.lapse")
    assert (recorded["user_id"], recorded["result"], recorded["category"]) == ("system", "failure", "system")
    (incident,) = await incidents(company)
    assert (incident.severity, incident.state) == ("low", "open")
    assert incident.title.startswith("Approved and not reported as done: agent.create of ")
    assert (await report(company, allowed)).operation == "succeeded"  # late, and still worth knowing
    assert [each.state for each in await incidents(company)] == ["resolved"]


@pytest.mark.row("X8", "R6")
@pytest.mark.parametrize(("status", "told"), [("succeeded", [("high", "open")]), ("failed", [])])
async def test_what_was_done_although_it_was_not_allowed_is_recorded_and_told_once(company, catalogue, status, told):
    pending = await ask(company, catalogue)
    for _again in range(2):
        reported = await report(company, pending, status)
        assert (reported.decision, reported.operation) == ("pending", status)
    (recorded,) = await company.trail(action="decision.unapproved")
    assert (recorded["result"], recorded["category"]) == ("failure", "security")
    assert (recorded["details"]["decision"], recorded["details"]["status"]) == ("pending", status)
    assert await company.trail(action="decision.outcome") == []
    found = await incidents(company)
    assert [(each.severity, each.state) for each in found] == told
    assert all(each.title.startswith("Done without approval: agent.create of ") for each in found)


async def incidents(company):
    return await list_incidents(company.database, company.actor("agent_operator"), IncidentFilter())


@pytest.mark.row("X8")
async def test_a_reported_operation_does_not_lapse(company, catalogue, runner):
    await report(company, await create_agent(company, catalogue))
    company.advance(hours=2)
    assert await runner.run_due() == 0
    assert await company.trail(action="decision.lapse") == []


@pytest.mark.row("X1")
async def test_evaluating_answers_as_the_gate_would_and_changes_nothing(company, catalogue):
    async def evaluated(who="agent_developer", **resource):
        answer, reason = await company.gate(catalogue).evaluate(
            company.actor(who), action="agent.create", resource=agent(**resource)
        )
        return answer.value, reason.code

    assert await evaluated() == ("pending", "approvals.pending")
    assert await evaluated("audit_reviewer") == ("deny", "access.permission_missing")
    assert await list_requests(company.database, company.actor("agent_developer"), RequestFilter()) == ()
    pending = await ask(company, catalogue)
    await approve_all(company, pending.request_id)
    assert [await evaluated(), await evaluated()] == [("allow", "approvals.approved")] * 2
    assert await names(company) == []
    recorded = await company.trail(action="decision.evaluate")
    assert [(entry["result"], entry["details"]["decision"]) for entry in recorded] == [
        ("success", "pending"),
        ("denied", "deny"),
        ("success", "allow"),
        ("success", "allow"),
    ]
    assert (await ask(company, catalogue)).decision == "allow"  # the approval is still unused


async def test_a_leaver_is_denied_and_an_approval_of_theirs_does_not_help(company, catalogue):
    pending = await ask(company, catalogue)
    await approve_all(company, pending.request_id)
    await company.leaves("agent_developer")
    denied = await ask(company, catalogue)
    assert (denied.decision, denied.reasons[0].code) == ("deny", "access.permission_missing")


async def test_modifying_an_agent_takes_the_change_policy_and_keeps_what_is_not_named(company, catalogue):
    await report(company, await create_agent(company, catalogue))
    change = {"name": "invoice-reader", "owner": "lee@enterprise-corp.example", "model": "large"}
    pending = await ask(company, catalogue, action="agent.modify", resource=change)
    assert pending.decision == "pending"
    await vote(company, pending.request_id, "meta_agent_manager")
    await cast_vote(company.database, company.actor("security_manager"), pending.request_id, choice=Choice.APPROVE)
    assert (await ask(company, catalogue, action="agent.modify", resource=change)).decision == "allow"
    (changed,) = await list_agents(company.database, company.actor("audit_reviewer"))
    assert (changed.owner, changed.sponsor, changed.attributes, changed.version, changed.state) == (
        "lee@enterprise-corp.example",
        "cfo@enterprise-corp.example",
        {"model": "large"},
        2,
        "registered",
    )
