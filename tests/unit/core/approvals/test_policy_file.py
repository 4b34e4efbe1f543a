"""Approval policies: the framework's YAML, our additions, and what is said about mistakes (P1, P2, P3)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from config.yamlfile import load_yaml, parse_yaml
from core.approvals.catalogue import load_catalogue
from core.approvals.policy import ApprovalPolicy, PolicySet, default_reminder
from core.approvals.policy_file import read_policies
from core.errors import ConfigError
from core.tenants.policy import TenantPolicy
from tests.unit.core.approvals.engine import FRAMEWORK, policy_of

SHIPPED = Path(__file__).parents[4] / "config" / "policies"
ONE_STAGE = """\
Deployment:
  applies_to: [agent.deploy]
  stages:
    - stage: review
      approvers: [{approver}]
      timeout: {timeout}
{more}"""


def _one(approver: str = "security_manager", timeout: str = "4 hours", more: str = "") -> str:
    return ONE_STAGE.format(approver=approver, timeout=timeout, more=more)


def _refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read_policies(parse_yaml(text, file="policies.yaml"))
    return caught.value


@pytest.mark.row("P1", "P2", "P3")
def test_the_frameworks_policy_loads_unchanged() -> None:
    policy = policy_of(FRAMEWORK)
    assert (policy.title, policy.applies_to) == ("Agent Creation Approval", ("agent.create",))
    assert [(stage.key, stage.approvers, stage.criteria, stage.timeout, stage.needs) for stage in policy.stages] == [
        (
            "technical_review",
            ("meta_agent_manager",),
            ("technical_feasibility", "resource_requirements"),
            timedelta(hours=24),
            (),
        ),
        (
            "security_review",
            ("security_manager",),
            ("security_compliance", "data_protection"),
            timedelta(hours=48),
            ("technical_review",),
        ),
        (
            "compliance_review",
            ("compliance_manager",),
            ("regulatory_compliance", "policy_adherence"),
            timedelta(hours=72),
            ("security_review",),
        ),
        (
            "business_approval",
            ("tenant_administrator",),
            ("business_justification", "budget_approval"),
            timedelta(hours=48),
            ("compliance_review",),
        ),
    ]


def test_the_shipped_creation_policy_is_the_frameworks_block_verbatim() -> None:
    assert (SHIPPED / "agent-creation.yaml").read_text() == FRAMEWORK


def test_the_shipped_policies_cover_every_governed_action_exactly_once() -> None:
    policies = load_catalogue(SHIPPED).for_tenant(TenantPolicy(tenant_id="t"))
    stages = {
        action: [(stage.key, stage.approvers) for stage in policy.stages]
        for action in ("agent.create", "agent.modify", "agent.deploy", "agent.retire")
        for policy in policies.candidates(action)
    }
    assert len(stages.pop("agent.create")) == 4
    assert stages == {
        "agent.modify": [("technical_review", ("meta_agent_manager",)), ("security_review", ("security_manager",))],
        "agent.deploy": [],
        "agent.retire": [],
    }


def test_a_tenant_decides_who_its_technical_lead_is() -> None:
    tenant = TenantPolicy(tenant_id="t", role_aliases={"technical_lead": "agent_operator"})
    (policy,) = load_catalogue(SHIPPED).for_tenant(tenant).candidates("agent.modify")
    assert policy.stages[0].approvers == ("agent_operator",)


def test_an_action_without_a_policy_has_none() -> None:
    assert PolicySet((policy_of(FRAMEWORK),)).candidates("agent.deploy") == ()


def test_approvers_may_be_written_as_people_call_them_and_count_once() -> None:
    policy = policy_of(_one(approver='"Tenant Admin", tenant_administrator'))
    assert policy.stages[0].approvers == ("tenant_administrator",)


@pytest.mark.parametrize(
    ("timeout", "reminder"),
    [
        (timedelta(minutes=30), timedelta(minutes=7, seconds=30)),
        (timedelta(hours=24), timedelta(hours=6)),
        (timedelta(days=30), timedelta(hours=24)),
    ],
)
def test_people_are_reminded_a_quarter_of_the_time_before_the_end_and_at_most_a_day(
    timeout: timedelta, reminder: timedelta
) -> None:
    assert default_reminder(timeout) == reminder


def test_a_stage_says_when_to_remind_how_many_must_agree_and_what_it_waits_for() -> None:
    policy = policy_of(
        _one(
            more="""\
      reminder: 30 minutes
      quorum: 2
    - stage: legal
      approvers: [compliance_manager]
      timeout: 1h30m
      needs: []
      quorum: all
"""
        )
    )
    review, legal = policy.stages
    assert (review.reminder, review.quorum, review.needs) == (timedelta(minutes=30), 2, ())
    assert (legal.timeout, legal.quorum, legal.needs) == (timedelta(minutes=90), "all", ())


def test_the_pinned_document_reads_back_as_the_same_policy() -> None:
    for document in sorted(SHIPPED.glob("*.yaml")):
        for policy in read_policies(load_yaml(document)):
            stored = ApprovalPolicy.from_json(json.loads(json.dumps(policy.to_json())))
            assert stored == policy
            assert stored.version == policy.version


def test_the_version_changes_with_the_meaning_and_not_with_the_wording() -> None:
    plain = policy_of(_one())
    assert policy_of(_one(approver="Security-Manager", timeout='"240 minutes"')).version == plain.version
    assert policy_of(_one(timeout="5 hours")).version != plain.version


@pytest.mark.row("T11")
@pytest.mark.parametrize(
    ("text", "line", "key", "message", "accepted"),
    [
        (
            _one(approver="securty_manager"),
            5,
            "Deployment.stages.0.approvers.0",
            "There is no role 'securty_manager'. Did you mean 'security_manager'?",
            "security_manager",
        ),
        (_one(timeout="soon"), 6, "Deployment.stages.0.timeout", "'soon' is not a duration.", "24 hours"),
        (
            _one(timeout="0.5s"),
            6,
            "Deployment.stages.0.timeout",
            "A stage is open for a second at least.",
            "24 hours",
        ),
        (
            _one(more="      criterias: [x]\n"),
            7,
            "Deployment.stages.0.criterias",
            "'criterias' is not a key here. Did you mean 'criteria'?",
            "criteria",
        ),
        (
            _one().replace("approvers:", "aprovers:"),
            5,
            "Deployment.stages.0.aprovers",
            "'aprovers' is not a key here. Did you mean 'approvers'?",
            "approvers",
        ),
        (
            _one(more=f"      criteria: [ok, {'x' * 501}]\n"),
            7,
            "Deployment.stages.0.criteria.1",
            "A criterion has at most 500 characters; this has 501.",
            None,
        ),
        (
            _one(more="      quorum: most\n"),
            7,
            "Deployment.stages.0.quorum",
            "'most' is not a quorum.",
            "all",
        ),
        (
            _one(more="      needs: [legal]\n"),
            7,
            "Deployment.stages.0.needs.0",
            "'legal' is not accepted here.",
            None,
        ),
        (
            _one(more="      reminder: 4 hours\n"),
            7,
            "Deployment.stages.0.reminder",
            "The reminder comes before the end, so it must be shorter than the timeout.",
            None,
        ),
        (
            _one().replace("agent.deploy", "agent.deplooy"),
            2,
            "Deployment.applies_to.0",
            "'agent.deplooy' is not accepted here. Did you mean 'agent.deploy'?",
            "agent.deploy",
        ),
        (
            _one().replace("  applies_to: [agent.deploy]\n", ""),
            1,
            "Deployment",
            "The policy 'Deployment' does not say what it applies to.",
            "agent.create",
        ),
        (
            _one(more="    - {stage: review, approvers: [security_manager], timeout: 1h}\n"),
            7,
            "Deployment.stages.1.stage",
            "The stage 'review' is there twice.",
            None,
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_its_key_and_what_is_accepted(
    text: str, line: int, key: str, message: str, accepted: str | None
) -> None:
    error = _refusal(text)
    assert (error.file, error.line, error.key, error.message) == ("policies.yaml", line, key, message)
    assert accepted is None or accepted in error.accepted


def test_all_the_mistakes_of_a_file_are_told_at_once() -> None:
    error = _refusal(_one(approver="nobody_in_particular", timeout="soon"))
    assert "policies.yaml:5 key 'Deployment.stages.0.approvers.0'" in error.message
    assert "policies.yaml:6 key 'Deployment.stages.0.timeout'" in error.message


def test_an_action_covered_twice_is_refused_naming_both_places() -> None:
    document = parse_yaml(_one() + "Rollout:\n  applies_to: [agent.deploy]\n  stages: []\n", file="policies.yaml")
    with pytest.raises(ConfigError) as caught:
        PolicySet(read_policies(document))
    assert caught.value.message == (
        "Both 'Deployment' (policies.yaml:1) and 'Rollout' (policies.yaml:7) apply to agent.deploy."
    )
