"""Suspects over a real database: from the registry, the graph, other incidents and alerts (S5)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from config.yamlfile import parse_yaml
from core import budgets
from core.budgets import BudgetCatalogue, Proposal
from core.dependencies import declare_dependency
from core.incidents import Severity
from core.money import Money
from core.sla import Sample, Sampler, label_counts
from core.suspects import list_suspects
from core.tenants import TenantPolicy
from tests.changes_desk import Desk
from tests.factories import found_company
from tests.incident_desk import IncidentDesk
from tests.service.conftest import execute_as_owner


async def suspects(desk, incident, who="agent_operator"):
    found = await list_suspects(desk.database, desk.company.actor(who), incident.incident_id)
    return [(str(each.kind), each.reference, each.change_id is not None) for each in found]


@pytest.mark.row("S5", "G7")
async def test_a_change_that_is_being_made_is_suspected_first_and_can_be_rolled_back(company, change_catalogue):
    changes, desk = Desk(company, change_catalogue), IncidentDesk(company)
    declaring = company.actor("tenant_administrator")
    await declare_dependency(company.database, declaring, "service:Payments", "tool:ledger")
    started = await changes.started()
    desk.later(minutes=5)
    await desk.fires("ledger", service="tool:ledger", severity=Severity.LOW)
    desk.later(minutes=1)
    incident = await desk.fires(labels={"region": "eu"})
    found = await suspects(desk, incident)
    assert set(found) == {("change", started.reference, True), ("incident", "INC-1001", False)}
    desk.later(hours=30)
    assert await suspects(desk, await desk.fires("later", service="Support")) != found


@pytest.mark.row("S5")
async def test_a_label_that_the_alerts_of_an_incident_share_is_suspected(company):
    desk = IncidentDesk(company)
    for number in range(8):
        await desk.fires(f"usual{number}", labels={"region": f"r{number}"}, service="Support")
    desk.later(hours=2)
    for number in range(12):
        incident = await desk.fires(f"bad{number}", group="payments", labels={"region": "eu", "pod": f"p{number}"})
    assert ("dimension", "region=eu", False) in await suspects(desk, incident)


def versions(company, *, at, failing):
    """Of each minute two samples of version 1.8 and two of 1.9, of which so many fail; both from everywhere."""
    return [
        Sample(
            "Payments",
            at + timedelta(minutes=minute, seconds=number),
            0.1,
            success=version != "1.9" or minute % 10 >= failing,
            labels=(("region", f"r{number % 2}"), ("version", version)),
        )
        for minute in range(30)
        for number, version in enumerate(("1.8", "1.9", "1.9", "1.8"))
    ]


@pytest.mark.row("S5", "S2")
async def test_a_label_that_failed_samples_have_far_more_often_than_good_ones_is_suspected(company):
    desk, now = IncidentDesk(company), company.clock.now()
    sampler, operator = Sampler(company.database), company.actor("agent_operator")
    given = versions(company, at=now - timedelta(minutes=30), failing=8)
    for first in range(0, len(given), 40):
        await sampler.take(operator, given[first : first + 40])
    earlier = versions(company, at=now - timedelta(hours=9), failing=0)
    await sampler.take(operator, earlier)
    incident = await desk.fires(service="Payments")
    (found,) = await list_suspects(company.database, operator, incident.incident_id)
    assert (found.reference, found.share.failures, found.share.failed, found.share.usual_all) == (
        "version=1.9", 48, 48, 72,
    )  # fmt: skip
    assert found.reasons == (
        "48 of 48 samples that failed (100%) have version = 1.9, 12 of 72 that did not (17%): "
        "6 times as often, p < 0.001",
    )
    elsewhere = await desk.fires("support", service="Support")
    assert [each[0] for each in await suspects(desk, elsewhere)] == ["incident"]


@pytest.mark.row("S2", "T1")
async def test_labels_of_many_writers_are_all_counted_and_no_other_tenant_sees_them(
    company, other_replica, database, clock
):
    writers = Sampler(company.database), Sampler(other_replica)
    given = versions(company, at=company.clock.now() - timedelta(minutes=30), failing=4)
    parts = [given[begin::12] for begin in range(12)]
    operator = company.actor("agent_operator")
    await asyncio.gather(*(writers[number % 2].take(operator, part) for number, part in enumerate(parts)))
    span = {"since": company.clock.now() - timedelta(hours=1), "until": company.clock.now(), "failures": 0, "limit": 9}
    async with company.database.tenant(company.tenant) as tx:
        found = await label_counts(tx, ["Payments"], **span)
    assert {(each.label, each.value, each.total, each.failed) for each in found} == {
        ("version", "1.9", 60, 24), ("version", "1.8", 60, 0), ("region", "r0", 60, 12), ("region", "r1", 60, 12),
    }  # fmt: skip
    other = await found_company(database, clock, TenantPolicy(tenant_id="northwind"))
    async with database.tenant(other.tenant) as tx:
        assert await label_counts(tx, ["Payments"], **span) == ()


@pytest.mark.row("S5")
async def test_without_anything_around_it_nobody_is_suspected(company):
    desk = IncidentDesk(company)
    assert await suspects(desk, await desk.fires()) == []


@pytest.mark.row("S5", "C5")
async def test_a_budget_that_holds_an_agent_back_is_suspected_until_it_is_lifted(company):
    desk, manager = IncidentDesk(company), company.actor("tenant_administrator")
    budget_catalogue = BudgetCatalogue(
        {"default": parse_yaml("Budget Management:\n  forecast: false\n", file="default.yaml")}
    )
    proposal = Proposal(name="Payer", amount=Money(Decimal(100), "USD"), agent="payer", controls=[])
    budget = await budgets.create(company.database, budget_catalogue, manager, proposal)
    await budgets.throttle(company.database, budget_catalogue, manager, budget.id, per_hour=2)
    desk.later(minutes=3)
    incident = await desk.fires(service="agent:payer")
    assert await suspects(desk, incident) == [("throttle", budget.reference, False)]
    await budgets.lift_throttle(company.database, budget_catalogue, manager, budget.id)
    assert await suspects(desk, incident) == []


@pytest.mark.row("S5")
@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE incidents SET started_at = '0001-01-01 00:00:00+00'",
        "UPDATE incidents SET started_at = '9999-12-31 00:00:00+00'",
    ],
)
async def test_an_incident_of_an_impossible_time_keeps_no_other_from_its_suspects(company, owner_url, spoil):
    desk = IncidentDesk(company)
    odd = await desk.fires("odd", service="Support")
    await execute_as_owner(owner_url, spoil)
    assert await suspects(desk, odd) == []
    desk.later(minutes=1)
    await desk.fires("near", service="Support")
    incident = await desk.fires("payments", service="Support")
    assert await suspects(desk, incident) == [("incident", "INC-1002", False)]
