"""What a policy file may say about second factors, and that policies without it stay the versions that they were."""

from datetime import UTC, datetime

import pytest

from config.yamlfile import parse_yaml
from core.actor import Actor, Door
from core.approvals.policy import ApprovalPolicy
from core.approvals.policy_file import read_policies
from core.approvals.risk import RiskLevel
from core.errors import ConfigError
from core.ids import TenantId, UserId, uuid7
from core.signin import Assurance, assurance_of, suffices

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def policy(assurance: str = ""):
    text = f"""
Agent Creation Approval:
  stages:
    - {{stage: review, approvers: [security_manager], timeout: 1 hour{assurance}}}
"""
    (found,) = read_policies(parse_yaml(text, file="policies.yaml"))
    return found


@pytest.mark.row("X2")
def test_one_level_holds_for_every_risk_and_for_one_that_nobody_assessed():
    need = policy(", assurance: mfa").stages[0].assurance
    assert {need.at(level) for level in (*RiskLevel, None)} == {Assurance.MFA}


@pytest.mark.row("X2", "P5")
def test_by_risk_what_is_not_named_takes_every_vote():
    need = policy(", assurance: {high: mfa}").stages[0].assurance
    assert [need.at(level) for level in (RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH, None)] == [
        Assurance.TICKET,
        Assurance.TICKET,
        Assurance.MFA,
        Assurance.MFA,
    ]


@pytest.mark.row("X2")
def test_a_decision_on_a_ticket_is_less_than_a_click_and_a_click_less_than_a_second_factor():
    actor = Actor(TenantId("acme"), UserId(uuid7()), "lee@acme.example", "Lee", Door.TICKET, assured_at=NOW)
    have = assurance_of(actor, now=NOW)
    assert [suffices(have, needed) for needed in Assurance] == [True, False, False]
    assert [suffices(Assurance.CLICK, needed) for needed in Assurance] == [True, True, False]


@pytest.mark.row("X2", "P10")
@pytest.mark.parametrize(
    "assurance", ["", ", assurance: mfa", ", assurance: {medium: mfa, high: mfa}", ", assurance: ticket"]
)
def test_it_is_read_back_as_it_was_stored_and_is_not_there_where_it_is_not_used(assurance):
    read = policy(assurance)
    assert ApprovalPolicy.from_json(read.to_json()) == read
    assert ("assurance" in read.to_json()["stages"][0]) is bool(assurance)


@pytest.mark.row("X2")
@pytest.mark.parametrize("assurance", [", assurance: strong", ", assurance: {higher: mfa}", ", assurance: {high: 2}"])
def test_a_level_that_does_not_exist_is_refused_with_its_line(assurance):
    with pytest.raises(ConfigError) as problem:
        policy(assurance)
    assert "policies.yaml:4" in problem.value.sentence()
