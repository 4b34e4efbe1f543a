"""The bypass section of a tenant's file: everything it can say, and every slip with its line (E1, E2)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from config.yamlfile import parse_yaml
from core.errors import ConfigError
from core.tenants import BypassPolicy, ReviewRule, StepUp, TenantPolicy, Who
from core.tenants.bypass_policy import BypassReason, EnvironmentRule, ExtensionRule, IncidentRule
from core.tenants.policy_file import read_tenant

WHOLE = """
tenant_id: northwind
role_aliases: {technical_lead: agent_operator}
bypass:
  allowed_roles: [technical_lead]
  allowed_groups: [on-call]
  allowed_people: [Lee@Northwind.example]
  max_duration: 2 hours
  environments:
    production:
      allowed_groups: [on-call]
      max_duration: 30 minutes
      step_up: {assurance: mfa, max_age: 5 minutes}
    staging:
  reasons:
    outage: {title: A service is down, incident: {required: true, format: "INC[0-9]{7}"}}
    fix: A fix that cannot wait
  incident: {format: "[A-Z]+-[0-9]+"}
  step_up: {assurance: mfa}
  extensions: {most: 2, longest: 45 minutes}
  escalate_after: 2
  escalation:
    - {roles: [enterprise_administrator]}
    - {people: [ceo@northwind.example]}
  review:
    checklist: [The fix is in the code, Nobody else was affected]
    reviewers: {groups: [board]}
    remind_every: 6 hours
    blocks: team
"""


def _read(text: str) -> TenantPolicy:
    return read_tenant(parse_yaml(text, file="tenant.yaml"))


@pytest.mark.row("E1", "E2", "T11")
def test_a_tenant_says_who_where_why_how_sure_how_long_and_what_follows() -> None:
    policy = _read(WHOLE).bypass
    on_call = Who(groups=("on-call",))
    assert policy == BypassPolicy(
        allowed_roles=("agent_operator",),
        allowed_groups=("on-call",),
        allowed_people=("lee@northwind.example",),
        max_duration=timedelta(hours=2),
        environments={
            "production": EnvironmentRule(on_call, timedelta(minutes=30), StepUp("mfa", timedelta(minutes=5))),
            "staging": EnvironmentRule(),
        },
        reasons=(
            BypassReason("outage", "A service is down", IncidentRule(required=True, format="INC[0-9]{7}")),
            BypassReason("fix", "A fix that cannot wait"),
        ),
        incident=IncidentRule(format="[A-Z]+-[0-9]+"),
        step_up=StepUp("mfa"),
        extensions=ExtensionRule(2, timedelta(minutes=45)),
        escalate_after=2,
        escalation=(Who(roles=("enterprise_administrator",)), Who(people=("ceo@northwind.example",))),
        review=ReviewRule(
            ("The fix is in the code", "Nobody else was affected"), Who(groups=("board",)), timedelta(hours=6), "team"
        ),
    )
    assert (policy.allowed_in("production"), policy.allowed_in("staging")) == (on_call, policy.allowed)
    assert (policy.longest_in("production"), policy.longest_in("staging")) == (
        timedelta(minutes=30),
        timedelta(hours=2),
    )
    assert (policy.step_up_in("production").max_age, policy.step_up_in("").max_age) == (
        timedelta(minutes=5),
        timedelta(minutes=10),
    )
    assert (policy.incident_for("outage").required, policy.incident_for("fix").format) == (True, "[A-Z]+-[0-9]+")


def test_what_a_tenant_says_survives_being_stored_and_an_older_document_still_reads() -> None:
    policy = _read(WHOLE)
    assert TenantPolicy.from_json(json.loads(json.dumps(policy.to_json()))) == policy
    older = {"allowed_roles": ["agent_operator"], "max_duration": 60.0, "review_due": 60.0, "acknowledge_every": 60.0}
    minute = timedelta(minutes=1)
    assert BypassPolicy.from_json(older) == BypassPolicy(("agent_operator",), minute, minute, minute)


def test_naming_a_group_alone_leaves_out_the_default_roles() -> None:
    assert _read("tenant_id: a\nbypass: {allowed_groups: [on-call]}").bypass.allowed == Who(groups=("on-call",))


@pytest.mark.row("T11")
@pytest.mark.parametrize(
    ("more", "line", "said"),
    [
        ("  alowed_groups: [x]", 3, "'alowed_groups' is not a key here. Did you mean 'allowed_groups'?"),
        ("  allowed_people: [lee]", 3, "'lee' is no e-mail address."),
        ("  environments:\n    prod:\n      max_time: 1h", 5, "'max_time' is not a key here."),
        ("  environments:\n    Prod Uction: {}", 4, "'Prod Uction' is no name here."),
        ("  environments:\n    prod: {allowed_roles: [agent_develper]}", 4, "Did you mean 'agent_developer'?"),
        ("  reasons:\n    outage: {titel: Down}", 4, "'titel' is not a key here. Did you mean 'title'?"),
        ("  reasons:\n    outage: {incident: {required: true}}", 4, "The key 'title' is missing."),
        ("  incident:\n    format: 'INC['", 4, "'INC[' is no regular expression"),
        ("  step_up:\n    assurance: mfaa", 4, "'mfaa' is not accepted here. Did you mean 'mfa'?"),
        ("  step_up: {max_age: soon}", 3, "'soon' is not a duration."),
        ("  extensions: {most: 11}", 3, "A bypass is extended at most 10 times."),
        ("  escalate_after: 0", 3, "'0' is not a whole number from 1."),
        ("  escalation:\n    - {roles: []}", 4, "This names nobody."),
        ("  review:\n    checklist: [a, a]", 4, "'a' is there twice."),
        ("  review:\n    blocks: teem", 4, "'teem' is not accepted here. Did you mean 'team'?"),
    ],
)
def test_a_slip_is_told_with_its_line_and_what_was_meant(more: str, line: int, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        _read(f"tenant_id: a\nbypass:\n{more}\n")
    assert said in refused.value.sentence()
    assert refused.value.line == line


def test_the_documentations_example_is_accepted_and_its_defaults_are_ours() -> None:
    page = (Path(__file__).parents[4] / "docs" / "bypass.md").read_text()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    policy = _read("tenant_id: a\n" + dedent(example)).bypass
    defaults = BypassPolicy()
    for line in example.splitlines():
        if "# default" in line:
            key = line.strip().partition(":")[0]
            if key in {"remind_every", "blocks"}:
                assert getattr(policy.review, key) == getattr(defaults.review, key), key
            elif key != "senior_management":
                assert getattr(policy, key) == getattr(defaults, key), key
