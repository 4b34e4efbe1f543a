"""Risk, conditional stages and automatic approval, as the policy says (P4, P5)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from config.yamlfile import parse_yaml
from core.approvals.assessment import Assessment, Circumstances, assess, choose_policy
from core.approvals.policy import ApprovalPolicy, PolicySet
from core.approvals.policy_file import read_policies
from core.errors import ConfigError
from core.tenants import TenantPolicy
from tests.unit.core.approvals.engine import FRAMEWORK, person, policy_of

POLICY = """\
Agent Creation Approval:
  risk:
    medium: 30
    high: 60
    factors:
      - {factor: "Production", weight: 30, when: 'agent.attributes.environment == "production"'}
      - {factor: "Personal data", weight: 40, when: 'has(agent.attributes.data) && agent.attributes.data == "personal"'}
  automatic:
    - {criterion: "Low risk", when: 'risk.level == "low"'}
    - {criterion: "Small budget", when: 'budget.requested <= 100.0'}
  stages:
    - {stage: technical_review, approvers: [meta_agent_manager], timeout: 1 hour}
    - {stage: security_review, approvers: [security_manager], timeout: 1 hour, when: 'risk.level != "low"'}
    - {stage: business_approval, approvers: [tenant_administrator], timeout: 1 hour, when: 'risk.level == "high"'}
"""
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def asked(**attributes: str) -> Circumstances:
    return Circumstances(
        action="agent.create",
        resource={"name": "invoice-reader", **attributes},
        justification="Why not",
        requester_id=person(1),
        requester={"email": "dana@example.com", "name": "Dana", "roles": ["agent_developer"]},
        tenant=TenantPolicy(tenant_id="t"),
        now=MONDAY,
    )


@pytest.mark.row("P5")
@pytest.mark.parametrize(
    ("attributes", "score", "level", "skipped"),
    [
        ({"environment": "test"}, 0, "low", {"technical_review", "security_review", "business_approval"}),
        ({"environment": "test", "budget": "101"}, 0, "low", {"security_review", "business_approval"}),
        ({"environment": "production"}, 30, "medium", {"business_approval"}),
        ({"environment": "production", "data": "personal"}, 70, "high", set()),
        ({}, 30, "medium", {"business_approval"}),  # whether it is production cannot be told: it counts
    ],
)
def test_the_risk_decides_which_stages_are_needed(attributes, score, level, skipped):
    policy = policy_of(POLICY)
    found = assess(policy, asked(**attributes))
    assert (found.risk.score, found.risk.level) == (score, level)
    assert found.skipped(policy) == skipped


@pytest.mark.row("P4")
def test_every_criterion_must_hold_for_an_automatic_approval_and_its_values_are_kept():
    policy = policy_of(POLICY)
    assert assess(policy, asked(environment="test", budget="100")).is_automatic
    found = assess(policy, asked(environment="test", budget="100.01"))
    assert not found.is_automatic
    assert [(each.name, each.holds, each.values) for each in found.automatic] == [
        ("Low risk", True, {"risk.level": "low"}),
        ("Small budget", False, {"budget.requested": 100.01}),
    ]


def test_a_policy_without_criteria_never_approves_anything_by_itself():
    assert not assess(policy_of(FRAMEWORK), asked()).is_automatic


def test_what_was_found_survives_the_database():
    found = assess(policy_of(POLICY), asked(environment="production"))
    assert Assessment.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_policy_with_conditions_survives_the_database_and_one_without_keeps_its_version():
    policy = policy_of(POLICY)
    again = ApprovalPolicy.from_json(json.loads(json.dumps(policy.to_json())))
    assert (again, again.version) == (policy, policy.version)
    assert set(policy_of(FRAMEWORK).to_json()) == {
        "key",
        "title",
        "applies_to",
        "same_voter_may_decide_stages",
        "stages",
    }


SANDBOX = """\
Sandbox:
  applies_to: [agent.create]
  when: 'agent.attributes.environment == "sandbox"'
  stages: []
"""


def both() -> PolicySet:
    return PolicySet((policy_of(FRAMEWORK), *read_policies(parse_yaml(SANDBOX, file="sandbox.yaml"))))


def test_the_policy_with_a_condition_comes_first_and_the_one_without_takes_the_rest():
    chosen = choose_policy(both().candidates("agent.create"), asked(environment="sandbox"))
    assert (chosen.policy.title, chosen.held.values) == ("Sandbox", {"agent.attributes.environment": "sandbox"})
    other = choose_policy(both().candidates("agent.create"), asked(environment="test"))
    assert (other.policy.title, [each.name for each in other.passed_over]) == ("Agent Creation Approval", ["Sandbox"])


@pytest.mark.row("X9")
def test_a_condition_that_cannot_be_told_leaves_no_policy_at_all():
    chosen = choose_policy(both().candidates("agent.create"), asked())
    assert chosen.policy is None
    assert chosen.unreadable.error == "there is no environment"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (POLICY.replace("agent.attributes.environment ==", "agent.environment =="), 6, "agent.attributes.environment"),
        (POLICY.replace('risk.level == "low"\'}', 'riks.level == "low"\'}'), 9, "Did you mean 'risk'?"),
        (POLICY.replace("timeout: 1 hour}", "timeout: 1 hour, when: 'true'}"), 11, "without a condition"),
        (POLICY.replace("high: 60", "high: 20"), 4, "High risk begins above medium"),
        (POLICY.replace("'risk.level != \"low\"'", "true"), 13, "in quotes"),
        (POLICY.replace("weight: 40", "wieght: 40"), 7, "Did you mean 'weight'?"),
        (POLICY.replace("budget.requested <= 100.0", "budget.requested <="), 10, "at character"),
    ],
)
def test_every_slip_in_a_condition_is_named_with_its_line(text, line, said):
    with pytest.raises(ConfigError) as caught:
        policy_of(text)
    assert said in caught.value.message
    assert caught.value.line == line
