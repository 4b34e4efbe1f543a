"""Rollback drills: rehearsed on schedule, outside production, with results (G9)."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from core.access.errors import PermissionMissing
from core.changes import ChangeCatalogue, ensure_drills, list_drills, start_drill
from core.changes.errors import UnknownDrill
from core.rollouts import page_of_drills
from tests.changes_desk import Desk, with_policy
from tests.rollout_floor import open_floor, watched

DRILL = '  drills:\n    - {drill: "Payments", resources: ["service:Payments"], environment: staging, every: "7 days"}\n'


@pytest_asyncio.fixture
async def floor(company, runner):
    async with open_floor(lambda url: Desk(company, with_policy(watched(url, more=DRILL))), runner) as running:
        yield running


async def last(floor):
    ((_, found),) = await floor.desk.do(list_drills, "audit_reviewer")
    return found


@pytest.mark.row("G9")
async def test_a_drill_is_rolled_out_undone_and_checked_and_its_result_is_kept(floor):
    run = await floor.desk.do(start_drill, "meta_agent_manager", "Payments")
    assert (run.reference, run.environment, run.state) == ("DRILL-1001", "staging", "starting")
    again = await floor.desk.do(start_drill, "meta_agent_manager", "Payments")
    assert again.id == run.id, "one that runs already is not begun twice"

    await floor.turn(15)
    found = await last(floor)
    assert (found.state, found.reasons) == ("rolled_back", ("A drill: what is out is undone again.",))
    (listed,) = await page_of_drills(
        floor.desk.database, floor.desk.company.actor("audit_reviewer"), after=None, limit=10
    )
    assert listed.id == run.id
    (rollout,) = floor.platform.records("rollout")
    assert (rollout["kind"], rollout["environment"], rollout["state"]) == ("drill", "staging", "rolled_back")


@pytest.mark.row("G9")
async def test_a_drill_that_many_start_at_once_runs_once(floor):
    runs = await asyncio.gather(*(floor.desk.do(start_drill, "meta_agent_manager", "Payments") for _ in range(5)))
    assert len({each.id for each in runs}) == 1


@pytest.mark.row("G9")
async def test_a_drill_comes_by_itself_in_its_interval(floor):
    await ensure_drills(floor.desk.database, floor.desk.catalogue)
    await floor.turn(2)
    assert await last(floor) is None
    floor.desk.company.advance(days=7)
    await floor.turn(16)
    first = await last(floor)
    assert (first.state, first.ordered_by) == ("rolled_back", "Countersign")
    floor.desk.company.advance(days=7)
    await floor.turn(16)
    assert (await last(floor)).id != first.id


@pytest.mark.row("G9")
async def test_a_drill_whose_rollback_fails_has_failed(floor):
    floor.platform.configure({"next": "rollback_fails"})
    await floor.desk.do(start_drill, "meta_agent_manager", "Payments")
    await floor.turn(15)
    found = await last(floor)
    assert found.state == "failed"
    assert found.reasons[-1] == "The platform could not roll it back: The version before cannot be fetched."


@pytest.mark.row("G9", "R6")
async def test_who_may_not_deploy_starts_no_drill_and_an_unknown_one_is_named(floor):
    with pytest.raises(PermissionMissing):
        await floor.desk.do(start_drill, "audit_reviewer", "Payments")
    with pytest.raises(UnknownDrill, match="Did you mean 'Payments'"):
        await floor.desk.do(start_drill, "meta_agent_manager", "Payment")


@pytest.mark.row("X9")
async def test_a_tenant_without_a_policy_keeps_nobody_from_starting(company):
    await ensure_drills(company.database, ChangeCatalogue({}))
