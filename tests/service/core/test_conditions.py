"""Policies with conditions on a real database: automatic approval, risk routing, explain, simulate (P4, P5, P10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config.yamlfile import parse_yaml
from core.approvals import PolicyCatalogue, amend, explain, get_request, simulate
from core.approvals.errors import NotYourRequest, OtherPolicy
from tests.factories import agent, approve_all, ask, policies, vote

ROUTED = """\
Agent Creation Approval:
  risk:
    factors:
      - {factor: "Production", weight: 40, when: 'agent.attributes.environment == "production"'}
  automatic:
    - {criterion: "Low risk", when: 'risk.level == "low"'}
  stages:
    - {stage: technical_review, approvers: [meta_agent_manager], timeout: 24 hours}
    - {stage: legal_review, approvers: [compliance_manager], timeout: 24 hours, when: 'risk.level == "high"'}
    - {stage: security_review, approvers: [security_manager], timeout: 24 hours, when: 'risk.level != "low"'}
"""

LAX = """\
Lax:
  applies_to: [agent.create]
  stages:
    - {stage: technical_review, approvers: [meta_agent_manager], timeout: 24 hours}
"""


@pytest.fixture
def routed():
    return policies(ROUTED)


@pytest.mark.row("P4")
async def test_what_meets_every_criterion_is_approved_and_allowed_at_once_and_says_why(company, routed):
    allowed = await ask(company, routed, resource=agent(environment="test"))
    assert allowed.decision == "allow"
    request = await get_request(company.database, company.actor("agent_developer"), allowed.request_id)
    assert (request.status, request.is_automatic, request.used) == ("approved", True, True)
    assert [(stage.status, stage.is_needed) for stage in request.stages] == [("skipped", False)] * 3
    assert [(each.name, dict(each.values)) for each in request.assessment.automatic] == [
        ("Low risk", {"risk.level": "low"})
    ]
    (opened,) = await company.trail(action="request.open")
    assert opened["details"]["assessment"]["risk"] == {"score": 0, "level": "low", "counted": []}
    (approved,) = await company.trail(action="request.approved")
    assert approved["user_id"] != company.actor("agent_developer").email
    assert "automatic approval" in approved["details"]["note"]


@pytest.mark.row("P5")
async def test_the_risk_decides_who_is_asked(company, routed):
    pending = await ask(company, routed, resource=agent(environment="production"))
    request = await get_request(company.database, company.actor("agent_developer"), pending.request_id)
    assert [(stage.key, stage.status) for stage in request.stages] == [
        ("technical_review", "open"),
        ("legal_review", "skipped"),
        ("security_review", "waiting"),
    ]
    after = await vote(company, pending.request_id, "meta_agent_manager")
    assert [stage.status for stage in after.stages] == ["approved", "skipped", "open"]  # what legal needed is enough
    after = await vote(company, pending.request_id, "security_manager")
    assert after.status == "approved"


@pytest.mark.row("P5", "P9")
async def test_a_change_is_assessed_anew(company, routed):
    pending = await ask(company, routed, resource=agent(environment="production"))
    asker, changes = company.actor("agent_developer"), {"environment": "test"}
    after = await amend(company.database, routed, asker, pending.request_id, changes=changes)
    assert (after.status, after.is_automatic, after.assessment.risk.level) == ("approved", True, "low")
    (approved,) = await company.trail(action="request.approved")
    assert approved["user_id"] != asker.email  # nobody approves their own, in the trail too
    assert approved["details"]["note"] == "Every criterion of an automatic approval held."
    (amended,) = await company.trail(action="request.amended")
    assert amended["user_id"] == asker.email


@pytest.mark.row("P5", "P9")
async def test_nobody_gets_round_a_stricter_policy_by_asking_for_less_and_changing_it(company):
    """A request keeps the policy under which it was opened, so what would fall under another is asked anew."""
    strict = ROUTED.replace("  risk:", "  when: 'agent.attributes.environment == \"production\"'\n  risk:")
    two = PolicyCatalogue([parse_yaml(strict, file="strict.yaml"), parse_yaml(LAX, file="lax.yaml")])
    pending = await ask(company, two, resource=agent(environment="test"))
    asker = company.actor("agent_developer")
    with pytest.raises(OtherPolicy, match="would decide about it"):
        await amend(company.database, two, asker, pending.request_id, changes={"environment": "production"})
    with pytest.raises(NotYourRequest):
        await amend(
            company.database,
            two,
            company.actor("security_manager"),
            pending.request_id,
            changes={"environment": "production"},
        )
    after = await amend(company.database, two, asker, pending.request_id, changes={"business_service": "Treasury"})
    assert (after.status, after.policy, after.revision) == ("pending", "Lax", 2)


@pytest.mark.row("X9")
async def test_a_policy_whose_condition_cannot_be_told_denies(company):
    blind = policies(ROUTED.replace("  risk:", "  when: 'agent.attributes.tier == \"1\"'\n  risk:"))
    denied = await ask(company, blind)
    assert (denied.decision, denied.reasons[0].code) == ("deny", "policies.unreadable")
    assert "there is no tier" in denied.reasons[0].message


@pytest.mark.row("P10", "R3")
async def test_explaining_changes_nothing_and_names_the_people(company, routed):
    found = await explain(
        company.database,
        routed,
        company.actor("agent_developer"),
        action="agent.create",
        resource=agent(environment="production"),
    )
    assert found.outcome == "pending"
    assert [(stage.key, stage.is_needed, [person.name for person in stage.asked]) for stage in found.stages] == [
        ("technical_review", True, ["Meta Agent Manager"]),
        ("legal_review", False, []),
        ("security_review", True, ["Security Manager"]),
    ]
    assert found.stages[2].needs == ("technical_review",)
    assert await company.trail(action="request.open") == []


@pytest.mark.row("P10", "X11")
async def test_a_changed_policy_is_replayed_on_history_before_it_takes_effect(company, catalogue, routed):
    low = await ask(company, catalogue, resource=agent("low", environment="test"))
    high = await ask(company, catalogue, resource=agent("high", environment="production"))
    await approve_all(company, low.request_id)
    heard: list[tuple[int, int]] = []
    found = await simulate(
        company.database,
        catalogue,
        company.actor("tenant_administrator"),
        routed,
        since=high.decided_at - timedelta(days=1),
        progress=lambda done, total: heard.append((done, total)),
    )
    assert (found.requests, found.differing) == (2, 2)
    assert (found.outcomes_before, found.outcomes_after) == ({"pending": 2}, {"automatic": 1, "pending": 1})
    assert (found.stages_before, found.stages_after) == (8, 2)
    assert [(each.resource, each.state, each.after.outcome) for each in found.differences] == [
        ("high", "pending", "pending"),
        ("low", "approved", "automatic"),
    ]
    assert heard == [(2, 2)]
    request = await get_request(company.database, company.actor("agent_developer"), high.request_id)
    assert [stage.status for stage in request.stages] == ["open", "waiting", "waiting", "waiting"]


@pytest.mark.row("X11")
async def test_policies_in_force_stay_for_what_the_changed_ones_leave_out(company, catalogue):
    pending = await ask(company, catalogue)
    other = policies("Only Deploying:\n  applies_to: [agent.deploy]\n  stages: []\n")
    since = pending.decided_at - timedelta(days=1)
    found = await simulate(company.database, catalogue, company.actor("agent_developer"), other, since=since)
    assert (found.requests, found.differing) == (1, 0)
