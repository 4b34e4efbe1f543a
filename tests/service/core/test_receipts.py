"""Receipts on a real database: handed out, presented at the gate, consumed once (P11)."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.approvals import hold_approved
from core.approvals.errors import NotApproved, UnknownRequest
from core.decisions import report_outcome
from core.emergency import grant
from core.ids import uuid7
from core.receipts import InvalidReceipt, Issuer, UsedApproval, issue_receipt
from core.tenants import TenantPolicy
from tests.factories import ADDRESS, agent, approve_all, ask, create_agent, found_company, new_gate, policies, vote


@pytest.fixture
def issuer(company):
    return Issuer(company.database, address=ADDRESS)


@pytest.fixture
async def approved(company, catalogue):
    request_id = (await ask(company, catalogue)).request_id
    await approve_all(company, request_id)
    return request_id


async def receipt_of(company, issuer, request_id, who="agent_developer"):
    return await issue_receipt(company.database, issuer, company.actor(who), request_id)


async def present(company, catalogue, token, *, who="agent_developer", action="agent.create", **resource):
    return await company.gate(catalogue).decide(
        company.actor(who), action=action, resource=agent(**resource), context={"receipt": token}
    )


def said(decision):
    return decision.decision.value, decision.reasons[0].code


@pytest.mark.row("P11")
async def test_a_receipt_says_what_was_approved_by_whom_and_under_which_policy(company, issuer, approved):
    receipt = await receipt_of(company, issuer, approved)
    claims = receipt.claims
    assert (claims.request_id, claims.tenant, claims.issuer) == (approved, "enterprise-corp", ADDRESS)
    assert (claims.action, claims.resource["name"]) == ("agent.create", "invoice-reader")
    assert [each.stage for each in claims.approvers] == [
        "technical_review",
        "security_review",
        "compliance_review",
        "business_approval",
    ]
    assert claims.approvers[0].criteria == ("resource_requirements", "technical_feasibility")
    (recorded,) = await company.trail(action="request.receipt")
    assert (recorded["details"]["receipt"], recorded["details"]["is_new"]) == (str(claims.id), True)
    assert receipt.token not in str(recorded)


@pytest.mark.row("P11")
async def test_asking_again_gives_the_same_receipt_until_it_expires(company, issuer, approved):
    first = await receipt_of(company, issuer, approved)
    other_replica = Issuer(company.database, address=ADDRESS)
    assert await receipt_of(company, other_replica, approved) == first
    company.advance(hours=24)
    assert (await receipt_of(company, issuer, approved)).claims.id != first.claims.id


@pytest.mark.row("P11")
async def test_only_an_approval_that_stands_has_a_receipt(company, catalogue, issuer):
    pending = (await ask(company, catalogue)).request_id
    with pytest.raises(NotApproved, match="REQ-1001 is pending, not approved."):
        await receipt_of(company, issuer, pending)
    with pytest.raises(UnknownRequest):
        await receipt_of(company, issuer, uuid7())
    await approve_all(company, pending)
    assert (await ask(company, catalogue)).decision == "allow"
    with pytest.raises(UsedApproval, match="A decision has used the approval of REQ-1001."):
        await receipt_of(company, issuer, pending)


@pytest.mark.row("P11")
async def test_the_gate_takes_a_receipt_once_and_answers_with_it(company, catalogue, issuer, approved):
    token = (await receipt_of(company, issuer, approved)).token
    allowed = await present(company, catalogue, token)
    assert said(allowed) == ("allow", "receipts.valid")
    assert (allowed.request_id, allowed.receipt) == (approved, token)
    again = await present(company, catalogue, token, name="another")
    assert said(again) == ("deny", "receipts.other_action")
    retired = await present(company, catalogue, token)  # the answer was lost: the same decision
    assert retired == allowed
    (recorded,) = await company.trail(action="agent_create", result="success", subject_id=allowed.id)
    assert token not in str(recorded)


@pytest.mark.row("P11")
@pytest.mark.parametrize("servers", [1, 3])
async def test_of_many_who_present_one_receipt_at_once_one_is_allowed(company, catalogue, issuer, approved, servers):
    token = (await receipt_of(company, issuer, approved)).token
    gates = [new_gate(company, catalogue) for _ in range(servers)]
    for number in range(12):
        await company.add(f"developer_{number}", "agent_developer")
    answers = await asyncio.gather(
        *(
            gates[number % servers].decide(
                company.actor(f"developer_{number}"),
                action="agent.create",
                resource=agent(),
                context={"receipt": token},
            )
            for number in range(12)
        )
    )
    assert Counter(str(answer.decision) for answer in answers) == Counter({"allow": 1, "deny": 11})


@pytest.mark.row("P11")
async def test_a_receipt_that_does_not_hold_is_a_denial_with_its_reason(company, catalogue, issuer, approved):
    token = (await receipt_of(company, issuer, approved)).token
    assert said(await present(company, catalogue, token[:-1])) == ("deny", "receipts.invalid")
    assert said(await present(company, catalogue, token, business_service="Treasury")) == (
        "deny",
        "receipts.other_action",
    )
    company.advance(hours=24)
    assert said(await present(company, catalogue, token)) == ("deny", "receipts.expired")


@pytest.mark.row("P11", "T1")
async def test_a_receipt_of_another_tenant_opens_nothing(company, catalogue, issuer, approved, database, clock):

    token = (await receipt_of(company, issuer, approved)).token
    northwind = await found_company(database, clock, TenantPolicy(tenant_id="northwind"))
    assert said(await present(northwind, catalogue, token)) == ("deny", "receipts.invalid")


@pytest.mark.row("P11")
async def test_a_new_key_signs_after_ninety_days_and_all_replicas_agree_on_it(company):
    replicas = [Issuer(company.database, address=ADDRESS) for _ in range(3)]
    first = {(await each.ready()).signing.id for each in replicas}
    assert len(first) == 1
    company.advance(days=91)
    second = await asyncio.gather(*(each.ready() for each in replicas))
    assert len({each.signing.id for each in second}) == 1
    assert {each.signing.id for each in second} != first


STAGED = policies("""
Changes:
  applies_to: ["agent.modify"]
  stages:
    - stage: Review
      approvers: ["tenant_admin"]
      timeout: 24 hours
""")
UNCOVERED = policies('Agent Operations:\n  applies_to: ["agent.deploy"]\n  stages: []\n')


@pytest.mark.row("P11")
async def test_a_receipt_of_nobody_does_not_disturb_one_that_is_being_issued(company, issuer, approved):
    await issuer.ready()
    async with company.database.tenant(company.tenant) as tx:
        held = await hold_approved(tx, approved)
        stranger = asyncio.create_task(issuer.verify("not.a.receipt", tenant=company.tenant))
        await asyncio.sleep(0)  # the stranger's receipt makes the keys be read again, at this moment
        receipt, is_new = await issuer.issue(tx, held)
        assert (receipt.claims.request_id, is_new) == (approved, True)
    with pytest.raises(InvalidReceipt):
        await stranger


@pytest.mark.row("P11")
async def test_a_receipt_that_does_not_hold_is_denied_also_where_the_last_answer_would_be_repeated(company, catalogue):
    allowed = await create_agent(company, catalogue)
    assert await ask(company, catalogue) == allowed
    assert said(await present(company, catalogue, "not.a.receipt")) == ("deny", "receipts.invalid")


@pytest.mark.row("P11")
async def test_a_receipt_that_does_not_hold_is_denied_also_under_a_bypass(company, catalogue):
    await grant(
        company.database,
        company.actor("tenant_administrator"),
        action="agent.create",
        resource="invoice-reader",
        justification="Payments are down and nobody can be reached.",
        duration=timedelta(hours=1),
    )
    denied = await present(company, catalogue, "not.a.receipt", who="tenant_administrator")
    assert said(denied) == ("deny", "receipts.invalid")
    assert said(await ask(company, catalogue, "tenant_administrator")) == ("allow", "emergency.bypass")


@pytest.mark.row("P11")
async def test_a_used_receipt_is_called_used_whoever_presents_it_and_whatever_was_done(
    company, catalogue, issuer, approved
):
    token = (await receipt_of(company, issuer, approved)).token
    allowed = await present(company, catalogue, token)
    await company.add("another_developer", "agent_developer")
    assert said(await present(company, catalogue, token, who="another_developer")) == ("deny", "receipts.used")
    await report_outcome(company.database, company.actor("agent_developer"), allowed.id, status="succeeded", details={})
    assert said(await present(company, catalogue, token)) == ("deny", "receipts.used")


@pytest.mark.row("P11")
async def test_of_two_changes_with_one_receipt_in_one_batch_the_second_is_told_that_it_is_used(
    company, catalogue, issuer
):
    await create_agent(company, catalogue)
    change = {"name": "invoice-reader", "model": "large"}
    pending = await ask(company, STAGED, action="agent.modify", resource=change)
    await vote(company, pending.request_id, "tenant_administrator")
    token = (await receipt_of(company, issuer, pending.request_id)).token
    answers = await asyncio.gather(
        *(
            company.gate(STAGED).decide(
                company.actor("agent_developer"),
                action="agent.modify",
                resource=change,
                context={"receipt": token},
            )
            for _ in range(6)
        )
    )
    assert Counter(map(said, answers)) == Counter({("allow", "receipts.valid"): 1, ("deny", "receipts.used"): 5})


@pytest.mark.row("P11", "X9")
async def test_a_receipt_opens_nothing_that_no_policy_covers(company, issuer, approved):
    token = (await receipt_of(company, issuer, approved)).token
    assert said(await present(company, UNCOVERED, token)) == ("deny", "policies.none")


@pytest.mark.row("P11")
async def test_a_key_that_was_deleted_since_it_leaked_opens_nothing_after_a_minute(
    company, catalogue, issuer, approved, database
):
    stolen = (await receipt_of(company, issuer, approved)).token
    assert await company.gate(catalogue).evaluate(
        company.actor("agent_developer"), action="agent.create", resource=agent()
    )  # this replica, too, has the old key in memory
    async with database.system() as tx:
        await tx.connection.execute(text("DELETE FROM receipt_keys"))
    company.advance(minutes=1)
    assert said(await present(company, catalogue, stolen)) == ("deny", "receipts.invalid")
    fresh = (await receipt_of(company, issuer, approved)).token
    assert said(await present(company, catalogue, fresh)) == ("allow", "receipts.valid")
