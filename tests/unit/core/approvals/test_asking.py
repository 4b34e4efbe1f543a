"""A stage may ask a person, or whom the request names, and is never left to nobody (P2, P6)."""

from __future__ import annotations

import pytest

from core.access import Directory, PersonView
from core.access.grants import compile_grants
from core.approvals.asking import PeopleFor
from core.approvals.errors import NotAnApprover
from core.errors import ConfigError
from core.roles.permissions import ROLE_PERMISSIONS
from tests.unit.core.approvals.engine import ASKER, BOSS, EVERYBODY, OTHER, SEC, Journey, policy_of

POLICY = """\
Agent Creation Approval:
  stages:
    - {stage: owner_review, approvers: ["agent.owner"], timeout: 1 hour}
    - {stage: finance_review, approvers: ["person: CFO@example.com"], timeout: 1 hour}
"""
RESOURCE = {"name": "invoice-reader", "owner": "Lee@example.com", "sponsor": "gone@example.com"}


def people(*, is_owner_active: bool = True) -> PeopleFor:
    lee = PersonView(OTHER, "lee@example.com", "Lee", active=is_owner_active)
    cfo = PersonView(SEC, "cfo@example.com", "Chris")
    everybody = Directory(
        people={lee.id: lee, cfo.id: cfo},
        by_email={lee.email: lee, cfo.email: cfo},
        by_role={role: holders for role, holders in EVERYBODY.items() if role != "security_manager"},
        roles={},
        access=compile_grants([], ROLE_PERMISSIONS),
    )
    return PeopleFor(everybody, RESOURCE)


@pytest.mark.row("P2")
def test_the_agents_owner_and_a_named_person_decide_their_stages():
    request = Journey(policy_of(POLICY), people())
    assert request.state.stage("owner_review").approvers == {OTHER}
    request.vote(OTHER)
    assert request.state.stage("finance_review").approvers == {SEC}
    with pytest.raises(NotAnApprover) as caught:
        request.vote(BOSS)
    assert "cfo@example.com" in caught.value.message


@pytest.mark.row("P6", "X5")
def test_an_owner_who_has_left_is_replaced_by_whoever_runs_the_tenant_at_once_and_visibly():
    opened = Journey(policy_of(POLICY), people(is_owner_active=False)).state.stage("owner_review")
    assert (opened.approvers, opened.roles, opened.escalation_level) == ({BOSS}, ("tenant_administrator",), 1)


def test_a_silent_person_escalates_to_whoever_runs_the_tenant():
    request = Journey(policy_of(POLICY), people())
    request.time_out("owner_review")
    assert request.state.stage("owner_review").roles == ("agent.owner", "tenant_administrator")


@pytest.mark.row("R7")
def test_an_owner_who_asks_does_not_decide():
    asked = Journey(policy_of(POLICY), people(), requester=OTHER).state.stage("owner_review")
    assert ASKER not in asked.approvers
    assert asked.approvers == {BOSS}


@pytest.mark.parametrize(
    ("asked", "said"),
    [("agent.onwer", "Did you mean 'agent.owner'?"), ("person:cfo", "no e-mail"), ("securty_manager", "Did you mean")],
)
def test_a_slip_in_whom_to_ask_is_named(asked, said):
    with pytest.raises(ConfigError) as caught:
        policy_of(POLICY.replace("agent.owner", asked))
    assert said in caught.value.message
    assert caught.value.line == 3
