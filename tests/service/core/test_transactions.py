"""A transaction begins with its scope, whatever the tenant is called and whatever became of the connection (T1, X9)."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from core.db import Database
from core.errors import Unavailable
from core.ids import TenantId
from tests.service.conftest import execute_as_owner

SCOPES = text("SELECT current_setting('app.tenant_id', true), current_setting('app.scope', true)")


@pytest.fixture
async def narrow(company):
    """A pool with one connection, which is reused."""
    found = Database(company.database.url, clock=company.clock, pool_size=1)
    yield found
    await found.close()


async def scopes(transaction):
    async with transaction as tx:
        return tuple((await tx.connection.execute(SCOPES)).one())


@pytest.mark.row("T1")
@pytest.mark.parametrize("name", ["enterprise-corp", "it's", "x'; DROP TABLE tenants --", "tenant\\", "été"])
async def test_the_scope_is_the_tenants_name_to_the_letter_and_gone_with_the_transaction(narrow, name):
    assert await scopes(narrow.tenant(TenantId(name))) == (name, None)
    assert await scopes(narrow.system()) == ("", "system")
    assert await scopes(narrow.queue()) == ("", "system")
    assert await scopes(narrow.tenant(TenantId("other"))) == ("other", "")


@pytest.mark.row("X9")
async def test_a_connection_that_has_died_meanwhile_is_replaced(narrow, company, owner_url):
    await scopes(narrow.tenant(company.tenant))
    await execute_as_owner(
        owner_url,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'countersign'",
    )
    assert await scopes(narrow.tenant(company.tenant)) == (company.tenant, None)


@pytest.mark.row("X9")
async def test_whoever_is_cancelled_leaves_no_transaction_behind(narrow, company):
    async def begin():
        async with narrow.tenant(company.tenant):
            pass

    for turns in range(12):
        task = asyncio.create_task(begin())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await scopes(narrow.system()) in {(None, "system"), ("", "system")}


@pytest.mark.row("T1")
async def test_what_fails_is_rolled_back_and_its_scope_with_it(narrow, company):
    async def failing():
        async with narrow.tenant(company.tenant) as tx:
            await tx.connection.execute(text("UPDATE tenants SET name = 'Changed'"))
            raise LookupError

    with pytest.raises(LookupError):
        await failing()
    async with narrow.tenant(company.tenant) as tx:
        assert (
            await tx.connection.execute(text("SELECT count(*) FROM tenants WHERE name = 'Changed'"))
        ).scalar_one() == 0


@pytest.mark.row("X9")
async def test_what_is_asked_of_the_driver_itself_fails_as_everything_else_does(narrow, company, owner_url):
    async def terminated():
        async with narrow.tenant(company.tenant) as tx:
            (row,) = await tx.fetch("SELECT pg_backend_pid() AS pid")
            await execute_as_owner(owner_url, f"SELECT pg_terminate_backend({row['pid']}, 5000)")
            await tx.fetch("SELECT 1")

    async def too_slow():
        async with narrow.tenant(company.tenant) as tx:
            await tx.fetch("SELECT set_config('statement_timeout', '10ms', true)")
            await tx.fetch("SELECT pg_sleep(10)")

    for failing in (terminated, too_slow):
        with pytest.raises(Unavailable):
            await failing()
    assert await scopes(narrow.tenant(company.tenant)) == (company.tenant, None)


@pytest.mark.row("X9")
async def test_of_two_that_wait_for_each_other_one_goes_on_and_the_other_is_told_to_come_again(company):
    both_hold = asyncio.Barrier(2)

    async def crossing(first, second):
        async with company.database.tenant(company.tenant) as tx:
            await tx.connection.execute(text(f"SELECT pg_advisory_xact_lock({first})"))
            await both_hold.wait()
            await tx.connection.execute(text(f"SELECT pg_advisory_xact_lock({second})"))

    done = await asyncio.gather(crossing(8801, 8802), crossing(8802, 8801), return_exceptions=True)
    (given_up,) = [each for each in done if each is not None]
    assert isinstance(given_up, Unavailable)
    assert (given_up.message, given_up.retry_after_s) == ("The database is busy; nothing was changed.", 1)
