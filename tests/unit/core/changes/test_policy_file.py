"""The change policy as YAML: the framework's block unchanged, ours beside it, and every slip with its line (G1, G6)."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from config.yamlfile import parse_yaml
from core.approvals.risk import RiskLevel
from core.changes.assessing import VOCABULARY
from core.changes.catalogue import ChangeCatalogue, load_change_catalogue
from core.changes.policy import Approver, Gate
from core.changes.policy_file import read_change_policy
from core.errors import ConfigError, Unavailable
from core.roles.permissions import Permission
from core.tenants import TenantPolicy

FRAMEWORK = """\
Change Management:
  change_types:
    - "configuration_change"
    - "agent_update"
    - "security_patch"
    - "infrastructure_change"
  approval_matrix:
    low_risk: ["technical_lead"]
    medium_risk: ["technical_lead", "security_manager"]
    high_risk: ["technical_lead", "security_manager", "compliance_manager", "tenant_admin"]
  implementation:
    testing_required: true
    rollback_plan_required: true
    communication_required: true
    post_implementation_review: true
"""
EXTENDED = FRAMEWORK.replace(
    '    - "infrastructure_change"\n',
    '    - "infrastructure_change"\n    - {type: "model_swap", permission: deploy_agents}\n',
).replace(
    "post_implementation_review: true\n",
    'post_implementation_review: true\n    review_due: "2 days"\n',
) + (
    """\
  approval: {timeout: "8 hours"}
  templates:
    - template: "restart_agent"
      type: "agent_update"
      resources: ["agent:*"]
      rollback_plan: "Start the former version."
  windows:
    - window: "Nightly"
      days: [tuesday, thursday]
      hours: "22:00-04:00"
      types: [infrastructure_change]
  freezes:
    - freeze: "Year end"
      from: "2026-12-20 18:00"
      until: "2027-01-03"
      allows: [security_patch]
      zone: "Europe/Zurich"
  dependencies:
    "service:Payments": ["service:Ledger", "infrastructure:cluster-a"]
  risk:
    medium: 20
    factors:
      - {factor: "Many feel it", weight: 25, when: "change.reach > 3"}
"""
)


def policy(text=FRAMEWORK, **aliases):
    return read_change_policy(parse_yaml(text, file="default.yaml"), role_aliases=aliases)


def refused(text):
    with pytest.raises(ConfigError) as found:
        policy(text)
    return found.value.sentence()


@pytest.mark.row("G1", "G3")
def test_the_framework_s_block_loads_unchanged():
    found = policy()
    assert tuple(found.types) == ("configuration_change", "agent_update", "security_patch", "infrastructure_change")
    lead = Approver("technical_lead", "meta_agent_manager")
    security, compliance = (Approver(each, each) for each in ("security_manager", "compliance_manager"))
    assert found.matrix == {
        RiskLevel.LOW: (lead,),
        RiskLevel.MEDIUM: (lead, security),
        RiskLevel.HIGH: (lead, security, compliance, Approver("tenant_admin", "tenant_administrator")),
    }
    assert (found.implementation.gates, found.implementation.has_review) == (tuple(Gate), True)


@pytest.mark.row("G1")
def test_the_shipped_policy_is_the_framework_s_block_and_the_document_s_own():
    root = Path(__file__).parents[4]
    assert (root / "config" / "changes" / "default.yaml").read_text() == FRAMEWORK
    load_change_catalogue(root / "config" / "changes").for_tenant(TenantPolicy(tenant_id="enterprise-corp"))


@pytest.mark.row("G1")
def test_a_tenant_says_whom_the_technical_lead_means():
    assert policy(technical_lead="system_administrator").matrix[RiskLevel.LOW] == (
        Approver("technical_lead", "system_administrator"),
    )


@pytest.mark.row("G1", "G6")
def test_what_the_framework_does_not_speak_of_stands_beside_it():
    found = policy(EXTENDED)
    assert found.types["model_swap"].permission == Permission.DEPLOY_AGENTS
    assert (found.timeout, found.implementation.review_due) == (timedelta(hours=8), timedelta(days=2))
    template = found.templates["restart_agent"]
    assert (template.title, template.type, template.max_risk) == ("Restart agent", "agent_update", RiskLevel.LOW)
    assert template.resources == ("agent:*",)
    assert template.evidence == {Gate.ROLLBACK_PLAN: "Start the former version."}
    (window,) = found.windows
    assert (window.days, window.starts, window.ends) == ({"tuesday", "thursday"}, time(22), time(4))
    assert window.scope.types == {"infrastructure_change"}
    (freeze,) = found.freezes
    assert (freeze.begins, freeze.ends) == (datetime(2026, 12, 20, 18), datetime(2027, 1, 4))  # noqa: DTZ001
    assert (freeze.allows, freeze.zone) == ({"security_patch"}, "Europe/Zurich")
    assert found.depends_on == {"service:Payments": ("service:Ledger", "infrastructure:cluster-a")}
    assert (found.risk.medium_from, [each.name for each in found.risk.factors]) == (20, ["Many feel it"])


@pytest.mark.row("G1")
@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "low_risk:",
            "low_rissk:",
            "default.yaml:8 key 'Change Management.approval_matrix.low_rissk': 'low_rissk' is ",
        ),
        ('security_manager"]\n    high', 'security_manger"]\n    high', "Did you mean 'security_manager'?"),
        ("testing_required: true", "testing_required: yes", "default.yaml:12 .* 'yes' is neither true nor false."),
        ("  approval_matrix:", "  aproval_matrix:", "Did you mean 'approval_matrix'?"),
        (
            'low_risk: ["technical_lead"]',
            "low_risk: []",
            "default.yaml:8 .* Somebody must decide; what needs nobody is a ",
        ),
        ('- "agent_update"', '- "security_patch"', "The type 'security_patch' is there twice."),
        ("Change Management:", "Change Managment:", "Did you mean 'Change Management'?"),
        (
            '["technical_lead", "security_manager"]',
            '["technical_lead", "meta_agent_manager"]',
            "decides here already, as 'technical_lead'",
        ),
    ],
)
def test_a_slip_is_named_with_its_line_and_what_was_meant(before, after, said):
    assert before in FRAMEWORK
    assert re.search(said.replace("?", r"\?"), refused(FRAMEWORK.replace(before, after)))


@pytest.mark.row("G1", "G6")
@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"22:00-04:00"', '"22:00-22:00"', "are no hours"),
        ("[tuesday, thursday]", "[tuesdy]", "Did you mean 'tuesday'?"),
        ('until: "2027-01-03"', 'until: "2026-12-19"', "ends before it begins"),
        ('until: "2027-01-03"', 'until: "9999-12-31"', "is no day"),
        ('until: "2027-01-03"', 'until: "9999-12-30"', "lies outside the years 1970 to 8999"),
        ('"2026-12-20 18:00"', '"0001-01-01 00:00"', "lies outside the years 1970 to 8999"),
        ('"2026-12-20 18:00"', '"2026-12-20T18:00+01:00"', "Say the zone under `zone`."),
        ("Europe/Zurich", "Europe/Zürich", "Did you mean 'Europe/Zurich'?"),
        ("[security_patch]\n      zone", "[security_pach]\n      zone", "Did you mean 'security_patch'?"),
        ("service:Ledger", "servce:Ledger", "Did you mean 'service'?"),
        ("change.reach > 3", "change.reech > 3", "Did you mean 'reach'?"),
        ("permission: deploy_agents", "permission: deploy", "Did you mean 'deploy_agents'?"),
        ('timeout: "8 hours"', 'timeout: "8 hurs"', "is not a duration"),
        ('type: "agent_update"\n      res', 'type: "agent_updat"\n      res', "Did you mean 'agent_update'?"),
        ('resources: ["agent:*"]', 'resources: ["agnt:*"]', "Did you mean 'agent'?"),
        ('resources: ["agent:*"]', "resources: []", "Name what it touches"),
        ('      resources: ["agent:*"]\n', "", "'resources' is missing"),
    ],
)
def test_a_slip_in_what_is_ours_is_named_too(before, after, said):
    assert before in EXTENDED
    assert said in refused(EXTENDED.replace(before, after))


@pytest.mark.row("G1")
def test_the_example_of_the_document_is_accepted_and_says_all_that_conditions_may_speak_of():
    document = (Path(__file__).parents[4] / "docs" / "changes.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)
    assert len(policy(example).templates) == 1
    for fields in VOCABULARY.examples.values():
        assert all(f"`{name}`" in document for name in fields)


def test_every_problem_of_a_file_is_named_at_once():
    slips = FRAMEWORK.replace("low_risk", "lo_risk").replace("testing_required: true", "testing_required: 1")
    assert refused(slips).startswith("default.yaml:8: 2 problems:")


def test_a_tenant_s_own_file_goes_before_the_default_one():
    own = FRAMEWORK.replace('    - "agent_update"\n', "")
    catalogue = ChangeCatalogue(
        {name: parse_yaml(text, file=f"{name}.yaml") for name, text in (("default", FRAMEWORK), ("northwind", own))}
    )
    assert "agent_update" not in catalogue.for_tenant(TenantPolicy(tenant_id="northwind")).types
    assert "agent_update" in catalogue.for_tenant(TenantPolicy(tenant_id="enterprise-corp")).types


@pytest.mark.row("X9")
def test_without_a_policy_nothing_can_be_raised():
    with pytest.raises(Unavailable, match="No change policy is loaded"):
        ChangeCatalogue({}).for_tenant(TenantPolicy(tenant_id="enterprise-corp"))
