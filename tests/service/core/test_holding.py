"""Who could decide each stage in a tenant today, and which stages nobody could (P6, X5)."""

from __future__ import annotations

import pytest

from core.approvals import holders
from core.tenants import TenantPolicy
from tests.factories import found_company, policies

STAGE = "    - {{stage: {name}, timeout: 4 hours, {more}}}\n"
SMALL = ("agent_developer", "meta_agent_manager", "security_manager")


@pytest.fixture
async def small(database, clock):
    """A tenant without anybody at its top."""
    return await found_company(database, clock, TenantPolicy(tenant_id="small"), roles=SMALL)


def policy(*stages: str):
    listed = "".join(STAGE.format(name=f"s{number}", more=more) for number, more in enumerate(stages))
    return policies(f"Deployment:\n  applies_to: [agent.deploy]\n  stages:\n{listed}")


async def found(company, catalogue):
    (only,) = await holders(company.database, catalogue, company.actor("agent_developer"))
    names = {person.id: who for who, person in company.people.items()}
    return [({names[person.id] for person in stage.people}, stage.problem or stage.note) for stage in only.stages]


@pytest.mark.row("X5", "P10")
async def test_each_stage_names_who_could_decide_it(company, catalogue):
    found = {each.title: each for each in await holders(company.database, catalogue, company.actor("agent_developer"))}
    creation = found["Agent Creation Approval"]
    assert creation.is_decidable
    assert [[person.email for person in stage.people] for stage in creation.stages] == [
        [company.people[who].email]
        for who in ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")
    ]
    assert {stage.problem for policy in found.values() for stage in policy.stages} == {""}


@pytest.mark.row("X5", "P6")
async def test_a_role_that_nobody_holds_with_nobody_above_is_said(small):
    catalogue = policy("approvers: [compliance_manager]", "approvers: [security_manager], quorum: 2")
    assert await found(small, catalogue) == [
        (set(), "Nobody is Compliance Manager, or holds a role above."),
        ({"security_manager"}, "It needs 2 of those asked; 1 could be asked: Security Manager, or a role above."),
    ]


@pytest.mark.row("X5", "P6")
async def test_a_vacant_role_is_decided_by_whoever_stands_above(small):
    await small.add("boss", "tenant_administrator")
    assert await found(small, policy("approvers: [compliance_manager]")) == [
        (
            {"boss"},
            "Too few are Compliance Manager, so whoever stands above is asked. Nobody else could if Boss asked for it.",
        )
    ]


@pytest.mark.row("X5", "R7")
async def test_stages_that_need_the_same_person_are_said_however_each_looks_alone(small):
    stages = await found(small, policy("approvers: [security_manager]", "approvers: [security_manager]"))
    assert [said for _people, said in stages] == [
        "Nobody else could if Security Manager asked for it.",
        "Everybody who could decide it is needed for another stage, and nobody decides two.",
    ]


@pytest.mark.row("P2")
async def test_whom_only_the_request_names_is_no_problem(small):
    assert await found(small, policy("approvers: [agent.owner]", "approvers: [requester.manager]")) == [
        (set(), "Who decides is known when somebody asks."),
        (set(), "Who decides is known when somebody asks."),
    ]
