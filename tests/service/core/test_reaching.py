"""In a small tenant a request never waits for nobody without saying so, and goes on as soon as it can (P6, X5)."""

from __future__ import annotations

import pytest

from core.access import grant_role, list_grants, revoke_role
from core.approvals import get_request
from core.approvals.errors import NotAnApprover
from core.tenants import TenantPolicy
from tests.factories import ask, found_company, vote

SMALL = ("agent_developer", "tenant_administrator", "meta_agent_manager", "compliance_manager")


@pytest.fixture
async def small(database, clock):
    return await found_company(database, clock, TenantPolicy(tenant_id="small"), roles=SMALL)


async def seen(company, request_id):
    return await get_request(company.database, company.actor("agent_developer"), request_id)


async def stuck(company, catalogue):
    """A request whose stage for the business waits for an administrator who has decided another one already."""
    request_id = (await ask(company, catalogue)).request_id
    for who in ("meta_agent_manager", "tenant_administrator", "compliance_manager"):
        await vote(company, request_id, who)
    return request_id


@pytest.mark.row("X5", "R7")
async def test_it_is_said_at_the_opening_which_stage_will_find_nobody_left(small, catalogue):
    await ask(small, catalogue)
    (said,) = await small.trail(action="request.out_of_reach")
    assert len(said["details"]["stages"]) == 1


@pytest.mark.row("X5", "P6")
async def test_whoever_comes_to_hold_the_role_meanwhile_may_decide_at_once(small, catalogue):
    request_id = await stuck(small, catalogue)
    with pytest.raises(NotAnApprover):
        await vote(small, request_id, "compliance_manager", stage="business_approval")
    await small.add("second_administrator")
    email = small.people["second_administrator"].email
    await grant_role(small.database, small.actor("tenant_administrator"), email=email, role="compliance_manager")
    with pytest.raises(NotAnApprover):
        await vote(small, request_id, "second_administrator")
    await small.add("third_administrator", "tenant_administrator")
    assert (await vote(small, request_id, "third_administrator")).status == "approved"
    (asked,) = await small.trail(action="request.asked_also")
    assert asked["details"]["people"] == [str(small.people["third_administrator"].id)]


@pytest.mark.row("R3", "R7")
async def test_whoever_has_lost_the_role_for_which_they_were_asked_decides_nothing(small, catalogue):
    request_id = (await ask(small, catalogue)).request_id
    administrator = small.actor("tenant_administrator")
    (held,) = (
        grant for grant in await list_grants(small.database, administrator) if grant.role == "meta_agent_manager"
    )
    await revoke_role(small.database, administrator, held.id)
    with pytest.raises(NotAnApprover, match="is that no more"):
        await vote(small, request_id, "meta_agent_manager")
    await small.add("second_manager", "meta_agent_manager")
    after = await vote(small, request_id, "second_manager")
    assert [stage.status for stage in after.stages][:1] == ["approved"]


@pytest.mark.row("X5", "P3")
async def test_a_stage_that_falls_due_asks_whoever_has_come_meanwhile_and_gives_them_its_whole_time(
    small, catalogue, runner
):
    request_id = await stuck(small, catalogue)
    await small.add("second_administrator", "tenant_administrator")
    small.advance(hours=49)
    await runner.run_due()
    stage = (await seen(small, request_id)).stages[3]
    assert small.people["second_administrator"].id in {person.id for person in stage.approvers}
    assert (stage.status, stage.due_at > small.clock.now()) == ("open", True)
    assert (await vote(small, request_id, "second_administrator")).status == "approved"


@pytest.mark.row("P6")
async def test_with_nobody_to_come_the_request_ends_visibly(small, catalogue, runner):
    request_id = await stuck(small, catalogue)
    small.advance(hours=49)
    await runner.run_due()
    assert (await seen(small, request_id)).status == "expired"
