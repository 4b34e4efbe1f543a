"""Samples lie in parts of a day each, which go as a whole (S2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.housekeeping import Housekeeping
from core.db import Database
from core.db.migrate import alembic_config, derived_app_url, migrate
from core.ids import TenantId
from core.sla import Sample, Sampler, SlaCatalogue, get_status, sample_store
from tests.service.conftest import execute_as_owner, in_database
from tests.service.core.test_schema import on

TENANT = TenantId("enterprise-corp")
BEFORE = "0066"  # the last schema whose samples were one table
PARTS = """
    SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
    WHERE inhparent = 'sla_samples'::regclass ORDER BY 1"""
OLD_INSERT = """
    INSERT INTO sla_samples (tenant_id, service, at, response_time, success)
    SELECT 'enterprise-corp', 'payments', now() + CAST(:days AS integer) * interval '1 day' - n * interval '1 second',
           n, true
    FROM generate_series(1, CAST(:count AS integer)) n"""


async def parts(owner_url):
    return await on(owner_url, lambda connection: [tuple(row) for row in connection.execute(text(PARTS))])


async def seen(database, tenant=TENANT):
    async with database.tenant(tenant) as tx:
        return (await tx.connection.execute(text("SELECT count(*) FROM sla_samples"))).scalar_one()


def daily(company, *, days):
    now = company.clock.now()
    return [Sample("payments", now - timedelta(days=each, minutes=1), 0.1 + each, success=True) for each in range(days)]


@pytest.mark.row("S2", "T1")
async def test_each_day_has_a_guarded_part_that_goes_when_its_samples_have_been_kept_long_enough(
    company, owner_url, database
):
    sampler, actor = Sampler(database), company.actor("agent_operator")
    await sampler.take(actor, daily(company, days=12))
    now = company.clock.now()
    names = [f"sla_samples_{now - timedelta(days=each, minutes=1):%Y%m%d}" for each in range(12)]
    kept = sorted(names[:8])  # beyond that only what they add up to
    assert await parts(owner_url) == [(name, True) for name in kept]
    company.advance(days=3)
    await Housekeeping(database).clean()
    assert [name for name, _guarded in await parts(owner_url)] == kept[2:]
    month = await get_status(database, SlaCatalogue({}), actor, "payments", window=timedelta(days=20))
    assert (month.samples, month.is_exact) == (12, False)
    week = await get_status(database, SlaCatalogue({}), actor, "payments", window=timedelta(days=7))
    assert (week.samples, week.response_time_p50, week.is_exact) == (4, 1.6, True)


@pytest.mark.row("T1")
async def test_a_part_shows_nothing_to_who_asks_it_directly(company, database):
    await Sampler(database).take(company.actor("agent_operator"), daily(company, days=1))
    part = f"countersign_parts.sla_samples_{company.clock.now() - timedelta(minutes=1):%Y%m%d}"
    with pytest.raises(DBAPIError) as refused:
        async with database.tenant(TENANT) as tx:
            await tx.connection.execute(text(f"SELECT * FROM {part}"))  # noqa: S608  our own name
    assert refused.value.orig.sqlstate == "42501"


@pytest.mark.row("S2")
async def test_what_was_sampled_before_there_were_parts_stays_and_the_release_before_goes_on_writing(
    postgres, template, clock
):
    await execute_as_owner(postgres, "CREATE DATABASE sampled_before")
    url = in_database(postgres, "sampled_before")

    def as_before(connection):
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        connection.execute(
            text("INSERT INTO tenants SELECT :tenant, 'Enterprise', '{}', now(), now()"), {"tenant": TENANT}
        )
        connection.execute(text(OLD_INSERT), {"days": 0, "count": 500})

    await on(url, as_before)
    await migrate(url, derived_app_url(url))
    database = Database(derived_app_url(url), clock=clock)
    assert await seen(database) == 500
    for days in (0, 1, 5, 12):  # the previous release makes no parts
        async with database.tenant(TENANT) as tx:
            await tx.connection.execute(text(OLD_INSERT), {"days": days, "count": 10})
    assert await seen(database) == 540
    assert await seen(database, TenantId("northwind")) == 0
    async with database.system() as system:
        await sample_store.open_days(system, [datetime.now(UTC).date()])  # which the first part covers
    assert (len(await parts(url)), (await parts(url))[-1]) == (15, ("sla_samples_before", True))
    await database.close()
    await execute_as_owner(postgres, "DROP DATABASE sampled_before WITH (FORCE)")
