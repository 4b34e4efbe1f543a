"""A stage may ask a person, or whom the request names, and is never left to nobody (P2, P6)."""

from __future__ import annotations

import pytest

from core.access import Directory, GroupView, PersonView
from core.access.grants import compile_grants
from core.approvals.asking import PeopleFor
from core.approvals.errors import NobodyToAsk, NotAnApprover
from core.approvals.quorum import in_words
from core.approvals.state import RequestStatus
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
    lee = PersonView(OTHER, "lee@example.com", "Lee", active=is_owner_active, manager=SEC)
    cfo = PersonView(SEC, "cfo@example.com", "Chris", title="Chief Financial Officer")
    dana = PersonView(ASKER, "dana@example.com", "Dana", manager=OTHER)
    everybody = Directory(
        people={lee.id: lee, cfo.id: cfo, dana.id: dana},
        by_email={lee.email: lee, cfo.email: cfo},
        by_role={role: holders for role, holders in EVERYBODY.items() if role != "security_manager"},
        roles={},
        groups={"sre": GroupView("sre", "SRE", frozenset({OTHER, ASKER}))},
        access=compile_grants([], ROLE_PERMISSIONS),
    )
    return PeopleFor(everybody, RESOURCE, ASKER)


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


def asking(*approvers: str, quorum: str = "any", **known: bool) -> Journey:
    listed = "".join(f"        - {each}\n" for each in approvers)
    stage = f"    - stage: review\n      timeout: 1 hour\n      quorum: {quorum}\n      approvers:\n{listed}"
    return Journey(policy_of("Agent Creation Approval:\n  stages:\n" + stage), people(**known))


@pytest.mark.row("P2")
@pytest.mark.parametrize(
    ("approver", "asked"),
    [
        ("requester.manager", {OTHER}),
        ("group:SRE", {OTHER}),  # the requester is in it, and is not asked
        ("'where: person.title.contains(\"Financial\")'", {SEC}),
        ("where: '\"sre\" in person.groups && person.email == agent.owner.lowerAscii()'", {BOSS}),  # no such function
        ('where: \'"sre" in person.groups && person.manager != ""\'', {OTHER}),
    ],
)
def test_a_stage_asks_a_manager_a_group_or_whoever_fits(approver, asked):
    assert asking(approver).state.stage("review").approvers == asked


@pytest.mark.row("P6", "X5")
def test_a_manager_who_has_left_is_replaced_by_the_one_above():
    assert asking("requester.manager", is_owner_active=False).state.stage("review").approvers == {SEC}


@pytest.mark.row("P7")
def test_a_quorum_by_group_takes_one_from_each_by_different_people():
    request = asking("group:sre", "'person:cfo@example.com'", quorum="each")
    request.vote(OTHER)
    assert request.state.status is RequestStatus.PENDING
    request.vote(SEC)
    assert request.state.status is RequestStatus.APPROVED


@pytest.mark.row("P7", "P6")
def test_a_vacant_group_of_a_quorum_is_replaced_by_whoever_stands_above_it_who_then_counts_for_it():
    request = asking("group:nobody", "group:sre", quorum="{'group:nobody': 1, 'group:sre': 1}")
    assert request.state.stage("review").approvers == {OTHER, BOSS}
    request.vote(OTHER)
    assert request.state.status is RequestStatus.PENDING
    request.vote(BOSS)
    assert request.state.status is RequestStatus.APPROVED


def test_a_share_that_nobody_could_reach_is_refused_at_the_start():
    with pytest.raises(NobodyToAsk):
        asking("group:sre", "agent.owner", "agent.sponsor", quorum="{'group:sre': 5}")


@pytest.mark.parametrize(
    ("quorum", "said"),
    [("eahc", "Did you mean 'each'?"), ("{security_manager: 1}", "not among"), ("{'group:sre': 0}", "from 1")],
)
def test_a_slip_in_a_quorum_is_named(quorum, said):
    with pytest.raises(ConfigError) as caught:
        asking("group:sre", quorum=quorum)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("agent.onwer", "Did you mean 'agent.owner'?"),
        ("group:two words", "cannot name a group"),
        ("person:cfo", "no e-mail"),
        ("securty_manager", "Did you mean"),
    ],
)
def test_a_slip_in_whom_to_ask_is_named(asked, said):
    with pytest.raises(ConfigError) as caught:
        policy_of(POLICY.replace("agent.owner", asked))
    assert said in caught.value.message
    assert caught.value.line == 3


def test_who_fits_is_remembered_for_the_people_and_never_across_agents():
    everybody = people()._everybody
    by_title, by_agent = 'where:person.title != ""', "where:person.email == agent.sponsor"
    for sponsor, asked in (("cfo@example.com", {SEC}), ("dana@example.com", {ASKER})):
        found = PeopleFor(everybody, {"sponsor": sponsor}, ASKER)
        assert (found[by_title], found[by_agent]) == ({SEC}, asked)


@pytest.mark.parametrize(
    ("quorum", "words"),
    [
        ("any", "one of those asked"),
        ("all", "everybody asked"),
        ("2", "2 of those asked"),
        ("each", "1 of the group sre and 1 of Security Manager"),
    ],
)
def test_a_quorum_reads_as_words(quorum, words):
    policy = "Agent Creation Approval: {stages: [{stage: s, approvers: ['group:sre', security_manager], timeout: 1h, "
    assert in_words(policy_of(policy + f"quorum: {quorum}}}]}}").stages[0].quorum) == words
