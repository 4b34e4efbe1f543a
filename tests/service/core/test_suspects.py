"""Suspects over a real database: from the registry, the graph, other incidents and alerts (S5)."""

from __future__ import annotations

import pytest

from core.dependencies import declare_dependency
from core.incidents import Severity
from core.suspects import list_suspects
from tests.changes_desk import Desk
from tests.incident_desk import IncidentDesk


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


@pytest.mark.row("S5")
async def test_without_anything_around_it_nobody_is_suspected(company):
    desk = IncidentDesk(company)
    assert await suspects(desk, await desk.fires()) == []
