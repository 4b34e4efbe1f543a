"""Quotas at the gate are exact, whatever happens at once (T2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import cycle

import pytest
from sqlalchemy import text

from core.decisions import report_outcome
from core.tenants import TenantPolicy, provision
from core.tenants.policy import ResourceLimits
from tests.factories import agent, ask, found_company, new_gate, policies

AT_ONCE = 40
FREE = policies(
    'Everything:\n  applies_to: ["agent.create", "agent.deploy", "agent.modify", "agent.retire"]\n  stages: []\n'
)


async def limited(database, clock, **limits):
    policy = TenantPolicy(tenant_id="enterprise-corp", resource_limits=ResourceLimits(**limits))
    return await found_company(database, clock, policy, roles=("agent_developer", "meta_agent_manager"))


async def create(company, name, who="agent_developer", gate=None):
    return await ask(company, FREE, who, resource=agent(name), gate=gate)


def replicas(company, count):
    """The gates of so many servers on one database, as a load balancer would choose them."""
    return cycle([new_gate(company, FREE) for _ in range(count)])


async def report(company, decision, status):
    return await report_outcome(
        company.database, company.actor("agent_developer"), decision.id, status=status, details={}
    )


async def used(company):
    async with company.database.tenant(company.tenant) as tx:
        rows = await tx.connection.execute(text("SELECT quota, used FROM quota_counters"))
        return {row.quota: row.used for row in rows}


async def living_agents(company):
    async with company.database.tenant(company.tenant) as tx:
        return (await tx.connection.execute(text("SELECT count(*) FROM agents WHERE state <> 'retired'"))).scalar_one()


@pytest.mark.row("T2")
@pytest.mark.parametrize("servers", [1, 3])
@pytest.mark.parametrize(
    ("limits", "quota", "limit"),
    [
        ({"max_agents": 7}, "max_agents", 7),
        ({"max_concurrent_operations": 5}, "max_concurrent_operations", 5),
        ({"max_agents": 3, "max_concurrent_operations": 11}, "max_agents", 3),
        ({"max_agents": 0}, "max_agents", 0),
    ],
)
async def test_of_forty_creations_at_once_exactly_as_many_are_allowed_as_the_quota_admits(
    database, clock, limits, quota, limit, servers
):
    company = await limited(database, clock, **limits)
    gates = replicas(company, servers)
    answers = await asyncio.gather(*(create(company, f"bot-{number}", gate=next(gates)) for number in range(AT_ONCE)))
    assert Counter(str(answer.decision) for answer in answers) == Counter({"allow": limit, "deny": AT_ONCE - limit})
    refusals = {reason.message for answer in answers if answer.decision == "deny" for reason in answer.reasons}
    assert refusals == {f"Quota {quota} is exhausted: {limit} of {limit} in use."}
    assert await living_agents(company) == limit
    assert (await used(company)).get(quota, 0) == limit


@pytest.mark.row("T2")
@pytest.mark.parametrize("servers", [1, 3])
async def test_of_forty_askers_for_the_same_name_one_gets_it_and_one_place_is_taken(database, clock, servers):
    company = await limited(database, clock, max_agents=10)
    gates = replicas(company, servers)
    for number in range(AT_ONCE):
        await company.add(f"developer_{number}", "agent_developer")
    answers = await asyncio.gather(
        *(create(company, "coveted", who=f"developer_{number}", gate=next(gates)) for number in range(AT_ONCE))
    )
    assert Counter(str(answer.decision) for answer in answers) == Counter({"allow": 1, "deny": AT_ONCE - 1})
    assert {answer.reasons[0].code for answer in answers if answer.decision == "deny"} == {"agents.exists"}
    assert await used(company) == {"max_agents": 1, "max_concurrent_operations": 1}


@pytest.mark.row("T2")
async def test_forty_operations_on_agents_that_exist_take_no_more_places_than_there_are(database, clock):
    company = await limited(database, clock, max_concurrent_operations=6)
    for number in range(AT_ONCE):
        await report(company, await create(company, f"bot-{number}"), "succeeded")
    answers = await asyncio.gather(
        *(
            ask(company, FREE, "meta_agent_manager", action="agent.deploy", resource={"name": f"bot-{number}"})
            for number in range(AT_ONCE)
        )
    )
    assert Counter(str(answer.decision) for answer in answers) == Counter({"allow": 6, "deny": 34})
    for answer in answers:
        if answer.decision == "allow":
            await report(company, answer, "succeeded")
    assert await used(company) == {"max_agents": AT_ONCE, "max_concurrent_operations": 0}


@pytest.mark.row("T2")
async def test_a_place_is_free_again_once_the_outcome_is_known(database, clock):
    company = await limited(database, clock, max_concurrent_operations=1)
    first = await create(company, "first")
    assert (await create(company, "second")).reasons[0].message == (
        "Quota max_concurrent_operations is exhausted: 1 of 1 in use."
    )
    await report(company, first, "succeeded")
    assert (await create(company, "second")).decision == "allow"


@pytest.mark.row("T2")
async def test_a_lapsed_operation_gives_its_place_back_once(database, clock, runner):
    company = await limited(database, clock, max_concurrent_operations=2)
    lapsing, _other = await create(company, "first"), await create(company, "second")
    company.advance(hours=1)
    await runner.run_due()
    assert await used(company) == {"max_agents": 2, "max_concurrent_operations": 0}
    await create(company, "third")
    await report(company, lapsing, "succeeded")
    assert await used(company) == {"max_agents": 3, "max_concurrent_operations": 1}


@pytest.mark.row("T2")
async def test_a_failed_creation_and_a_retirement_give_a_place_back(database, clock):
    company = await limited(database, clock, max_agents=1)
    await report(company, await create(company, "first"), "failed")
    assert await used(company) == {"max_agents": 0, "max_concurrent_operations": 0}
    await report(company, await create(company, "second"), "succeeded")
    assert (await create(company, "third")).reasons[0].message == "Quota max_agents is exhausted: 1 of 1 in use."
    await ask(company, FREE, "meta_agent_manager", action="agent.retire", resource={"name": "second"})
    assert (await create(company, "third")).decision == "allow"


@pytest.mark.row("T2")
async def test_an_agent_that_was_retired_before_its_creation_failed_gives_its_place_back_once(database, clock):
    company = await limited(database, clock, max_agents=5)
    doomed = await create(company, "doomed")
    await create(company, "other")
    await ask(company, FREE, "meta_agent_manager", action="agent.retire", resource={"name": "doomed"})
    await report(company, doomed, "failed")
    assert (await used(company))["max_agents"] == await living_agents(company) == 1


@pytest.mark.row("T2")
async def test_creations_failures_and_retirements_at_once_neither_miscount_nor_block_each_other(database, clock):
    company = await limited(database, clock, max_agents=60, max_concurrent_operations=100)
    running = [await create(company, f"bot-{number}") for number in range(20)]
    work = [
        *(report(company, decision, "failed") for decision in running[:10]),
        *(
            ask(company, FREE, "meta_agent_manager", action="agent.retire", resource={"name": f"bot-{number}"})
            for number in range(10, 20)
        ),
        *(create(company, f"new-{number}") for number in range(10)),
        *(create(company, f"bot-{number}", who="meta_agent_manager") for number in range(10)),
    ]
    order = [work[(7 * index) % len(work)] for index in range(len(work))]  # 7 and 40 have no common factor: all of them
    await asyncio.gather(*order)
    assert (await used(company))["max_agents"] == await living_agents(company)


@pytest.mark.row("T2")
async def test_a_lower_limit_holds_from_the_next_decision_on(database, clock):
    company = await limited(database, clock, max_agents=2)
    assert (await create(company, "first")).decision == "allow"
    policy = TenantPolicy(tenant_id="enterprise-corp", resource_limits=ResourceLimits(max_agents=1))
    await provision(database, policy)
    assert (await create(company, "second")).reasons[0].message == "Quota max_agents is exhausted: 1 of 1 in use."
