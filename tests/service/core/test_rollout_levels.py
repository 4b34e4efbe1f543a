"""What a rollout does to service levels undoes it (G7, S3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio

from core.changes import roll_out
from core.sla import Sample, Sampler
from tests.changes_desk import Desk, desk, with_policy
from tests.rollout_floor import open_floor, watched

__all__ = ["desk"]  # a fixture
BUDGET = (
    '      - {check: "Budget", kind: service_level, service: "{resource}", metric: burn_rate, '
    'over: "1 minute", at_most: 14.4}\n'
)


@pytest_asyncio.fixture
async def floor(company, runner):
    async with open_floor(lambda url: Desk(company, with_policy(watched(url, more=BUDGET))), runner) as running:
        yield running


async def operate(floor, *, failing):
    """A hundred operations of the service in the last minute, so many of them failed."""
    company = floor.desk.company
    now = company.clock.now()
    samples = [Sample("Payments", now - timedelta(seconds=index / 2), 0.1, index >= failing) for index in range(100)]
    await Sampler(company.database).take(company.actor("agent_operator"), samples)


async def rolled_out(floor):
    floor.platform.configure({"next": "good"})
    change = await floor.desk.scheduled()
    clock = floor.desk.company.clock
    clock.advance(change.starts_at - clock.now())
    return await floor.desk.do(roll_out, "agent_developer", change.id)


async def until(floor, change, state, *, failing):
    for _ in range(40):
        await operate(floor, failing=failing)
        found = await floor.desk.now(change)
        if found.rollout.state == state:
            return found
        await floor.turn()
    raise AssertionError(found.rollout)


@pytest.mark.row("G7", "S3")
async def test_a_rollout_that_burns_the_error_budget_is_undone_by_itself_and_is_well_again_without_failures(floor):
    change = await rolled_out(floor)
    change = await until(floor, change, "watching", failing=0)
    change = await until(floor, change, "recovering", failing=30)
    assert [each for each in change.rollout.reasons if each.startswith("Budget: ")]
    assert "wanted at most 14.4" in change.rollout.reasons[0]
    change = await until(floor, change, "rolled_back", failing=0)
    assert {each.name: each.passed for each in change.rollout.checks}["Budget"] is True


@pytest.mark.row("G7")
async def test_a_service_level_that_is_kept_lets_the_rollout_succeed(floor):
    change = await until(floor, await rolled_out(floor), "succeeded", failing=0)
    assert {each.name: each.passed for each in change.rollout.checks}["Budget"] is True


@pytest.mark.row("G7")
async def test_a_service_of_which_nothing_is_heard_fails_the_check(floor):
    change = await floor.until(await rolled_out(floor), "recovering")
    assert "Budget: No sample of Payments in the last 1 min." in change.rollout.reasons
