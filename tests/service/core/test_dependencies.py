"""The graph of what needs what: declared, learnt from what agents use, and what feels a change by it (G4)."""

from __future__ import annotations

import time

import pytest

from core.access.errors import PermissionMissing
from core.agents import list_agents
from core.changes import assess, change_impact
from core.decisions import report_outcome
from core.dependencies import declare_dependency, dismiss_dependency, list_dependencies
from core.dependencies.errors import InvalidDependency, UnknownDependency
from tests.changes_desk import desk
from tests.factories import create_agent

__all__ = ["desk"]  # a fixture


async def listed(company, of=None):
    found = await list_dependencies(company.database, company.actor("audit_reviewer"), of=of)
    return [(each.dependent, each.needs, each.origin, each.state, each.seen) for each in found]


async def declared(company, dependent, needs, who="agent_developer"):
    return await declare_dependency(company.database, company.actor(who), dependent, needs)


@pytest.mark.row("G4")
async def test_what_is_declared_makes_a_change_felt_farther_with_the_path(desk, company):
    await declared(company, "service:Checkout", "service:Payments")
    await declared(company, "service:Shop", "service:Checkout")
    change = await desk.draft()
    change = await desk.do(assess, "agent_developer", change.id)
    assert change.reach == ("service:Checkout", "service:Payments", "service:Shop")
    impact = await desk.do(change_impact, "audit_reviewer", change.id)
    assert [(each.resource, each.distance) for each in impact.radius] == [
        ("service:Payments", 0),
        ("service:Checkout", 1),
        ("service:Shop", 2),
    ]
    assert impact.paths[-1] == ("service:Payments", "service:Checkout", "service:Shop")


@pytest.mark.row("G4", "T1")
async def test_the_blast_radius_says_which_tenants_feel_a_change_and_two_changes_do_not_collide_by_that(desk, company):
    await declared(company, "tenant:northwind", "service:Checkout")
    await declared(company, "service:Checkout", "service:Payments")
    change = await desk.do(assess, "agent_developer", (await desk.draft()).id)

    impact = await desk.do(change_impact, "audit_reviewer", change.id)

    assert impact.tenants == ("northwind",)
    assert impact.paths[-1] == ("service:Payments", "service:Checkout", "tenant:northwind")
    assert change.reach == ("service:Checkout", "service:Payments")


@pytest.mark.row("G4")
async def test_the_tenant_whose_agent_it_is_feels_a_change_of_it_and_so_do_those_that_it_serves(
    desk, company, catalogue
):
    agent = await create_agent(company, catalogue, "invoice-helper", tenants="northwind, initech")
    await report_outcome(company.database, company.actor("agent_developer"), agent.id, status="succeeded", details={})
    change = await desk.draft(resources=["agent:invoice-helper"])

    impact = await desk.do(change_impact, "audit_reviewer", change.id)

    assert impact.tenants == ("enterprise-corp", "initech", "northwind")


@pytest.mark.row("G4")
async def test_nothing_needs_a_tenant(company):
    with pytest.raises(InvalidDependency, match="Nothing needs a tenant"):
        await declared(company, "service:Checkout", "tenant:northwind")


@pytest.mark.row("G4")
async def test_said_twice_it_is_one_and_who_says_so_is_known(company):
    for _ in range(2):
        view = await declared(company, "service:Checkout", "service:Payments")
    assert view.author.email == company.people["agent_developer"].email
    assert await listed(company) == [("service:Checkout", "service:Payments", "declared", "held", 0)]


@pytest.mark.row("G4", "R6")
async def test_who_may_not_change_configuration_declares_nothing(company):
    with pytest.raises(PermissionMissing):
        await declared(company, "service:Checkout", "service:Payments", who="audit_reviewer")
    assert await listed(company) == []


@pytest.mark.row("G4")
@pytest.mark.parametrize(
    ("dependent", "needs", "where"),
    [
        ("service:Checkout", "Payments", "needs"),
        ("shop", "service:Payments", "dependent"),
        ("service:Payments", "service: Payments", "needs"),
    ],
)
async def test_what_is_no_dependency_is_refused_with_its_place(company, dependent, needs, where):
    with pytest.raises(InvalidDependency) as refused:
        await declared(company, dependent, needs)
    assert refused.value.where == where


@pytest.mark.row("G4")
async def test_what_an_agent_uses_is_learnt_with_counts_until_somebody_dismisses_it(company, catalogue):
    agent = await create_agent(company, catalogue, name="invoice-reader", tools="ocr, mailbox")
    reporter = company.actor("agent_developer")
    details = {"used": ["data:invoices", "tool:ocr", 7, "nonsense"]}
    for _ in range(2):  # the same report twice is one
        await report_outcome(company.database, reporter, agent.id, status="succeeded", details=details)
    assert await listed(company, of="agent:invoice-reader") == [
        ("agent:invoice-reader", "data:invoices", "learnt", "held", 1),
        ("agent:invoice-reader", "tool:mailbox", "learnt", "held", 1),
        ("agent:invoice-reader", "tool:ocr", "learnt", "held", 1),
    ]
    await dismiss_dependency(company.database, reporter, "agent:invoice-reader", "tool:mailbox")
    assert ("agent:invoice-reader", "tool:mailbox", "learnt", "dismissed", 1) in await listed(company)
    with pytest.raises(UnknownDependency):
        await dismiss_dependency(company.database, reporter, "agent:invoice-reader", "tool:mailbox")
    await declared(company, "agent:invoice-reader", "tool:ocr")
    assert ("agent:invoice-reader", "tool:ocr", "declared", "held", 1) in await listed(company)


@pytest.mark.row("G4")
async def test_a_tool_is_felt_by_the_agents_that_use_it_and_by_whom_these_serve(desk, company, catalogue):
    agent = await create_agent(company, catalogue, name="invoice-reader", tools="ocr")
    await report_outcome(company.database, company.actor("agent_developer"), agent.id, status="succeeded", details={})
    (known,) = await list_agents(company.database, company.actor("audit_reviewer"))
    change = await desk.draft(resources=["tool:ocr"])
    impact = await desk.do(change_impact, "audit_reviewer", change.id)
    assert [(each.resource, each.distance) for each in impact.radius] == [
        ("tool:ocr", 0),
        ("agent:invoice-reader", 1),
        (f"service:{known.business_service}", 2),
        ("tenant:enterprise-corp", 2),
    ]


@pytest.mark.row("G4")
async def test_thousands_are_looked_through_in_one_question(desk, company):
    async with company.database.tenant(company.tenant) as tx:
        await tx.connection.exec_driver_sql(
            "INSERT INTO dependencies (tenant_id, dependent, needs, origin, state, first_at, last_at)"
            " SELECT 'enterprise-corp', 'service:S' || (n + 1), 'service:S' || n, 'declared', 'held', now(), now()"
            " FROM generate_series(1, 5000) n"
        )
    change = await desk.draft(resources=["service:S1"])
    began = time.monotonic()
    impact = await desk.do(change_impact, "audit_reviewer", change.id)
    assert time.monotonic() - began < 10
    assert (len(impact.radius), impact.radius[-1].distance) == (5001, 5000)
