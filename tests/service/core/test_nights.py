"""Each night, once, every ticket system that is looked at has a walk through its tickets (N1, N6)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.deadlines import DeadlineRunner
from core.schedules import DEADLINES, ensure_looks
from core.tenants import TenantPolicy, provision
from core.tickets import claim_look, claim_walk, latest_walks, walk_ended
from tests.factories import START
from tests.service.core.test_schedules import moved_to

pytestmark = pytest.mark.row("N1", "N6")
NIGHT = datetime(2026, 3, 3, 2, 30, tzinfo=UTC)  # the first after START, a Monday, 09:00


@pytest.fixture
async def looks(company, database):
    """The runner of one replica; every tenant has its deadline."""
    await ensure_looks(database)
    return DeadlineRunner(database, DEADLINES)


async def looked_at(company, system="servicenow"):
    """Somebody looks into this system's inbox now, as is done while it is connected."""
    assert await claim_look(company.database, company.tenant, system) is not None


async def asked_by(company, system="servicenow"):
    """Who has asked for each walk through this system."""
    async with company.database.tenant(company.tenant) as tx:
        return [walk.asked_by for walk in await latest_walks(tx, system, limit=20)]


async def test_at_half_past_two_every_system_that_is_looked_at_has_one_walk(company, looks):
    await moved_to(company, NIGHT - timedelta(seconds=1), looks)
    for system in ("servicenow", "jira"):
        await looked_at(company, system)
    assert await asked_by(company) == []
    await moved_to(company, NIGHT, looks)
    assert [await asked_by(company, system) for system in ("servicenow", "jira")] == [["system"], ["system"]]


async def test_a_walk_that_is_over_is_not_asked_for_again_before_the_next_night(company, looks):
    for night in (1, 2):
        for minutes in (0, 15, 60, 225):
            company.clock.advance(NIGHT + timedelta(days=night - 1, minutes=minutes) - company.clock.now())
            await looked_at(company)
            await looks.run_due()
            walk = await claim_walk(company.database, company.tenant, "servicenow")
            assert (walk is not None) == (minutes == 0)
            if walk is not None:
                await walk_ended(company.database, company.tenant, walk)
        assert len(await asked_by(company)) == night


async def test_a_system_that_nobody_looks_at_any_more_is_not_walked_through(company, looks):
    await looked_at(company, "remedy")
    await moved_to(company, NIGHT - timedelta(minutes=1), looks)
    await looked_at(company)
    await moved_to(company, NIGHT, looks)
    assert (len(await asked_by(company)), await asked_by(company, "remedy")) == (1, [])


async def test_a_night_that_was_slept_through_is_not_made_up_for_by_day(company, looks):
    company.clock.advance(NIGHT + timedelta(hours=4) - company.clock.now())
    await looked_at(company)
    await looks.run_due()
    assert await asked_by(company) == []


async def test_the_night_is_the_tenant_s_own(company, looks):
    await provision(company.database, TenantPolicy(tenant_id=company.tenant, time_zone="America/New_York"))
    await moved_to(company, NIGHT, looks)
    await looked_at(company)
    await moved_to(company, NIGHT + timedelta(hours=4, minutes=59), looks)
    assert await asked_by(company) == []
    await looked_at(company)
    await moved_to(company, NIGHT + timedelta(hours=5), looks)
    assert len(await asked_by(company)) == 1


async def test_two_replicas_in_one_night_ask_for_one_walk(company, looks, other_replica):
    company.clock.advance(NIGHT - company.clock.now())
    await looked_at(company)
    other = DeadlineRunner(other_replica, DEADLINES)
    await asyncio.gather(*(each.run_due() for each in (looks, other, looks, other)))
    assert len(await asked_by(company)) == 1


async def test_the_next_look_is_no_later_than_the_night(company, looks):
    assert company.clock.now() == START
    await moved_to(company, NIGHT - timedelta(minutes=10), looks)
    await looked_at(company)
    await moved_to(company, NIGHT, looks)  # the quarter of an hour after the last look is not over yet
    assert len(await asked_by(company)) == 1
