"""Which connectors there are: what is connected, used or not, and what was sent to; no others (N6, X8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.access import PermissionMissing
from core.deliveries import Connected, Connection, UnknownConnector, check_connector, connectors, list_all, replay_dead
from core.errors import NotFound
from core.outbox import Again, Flow, RetryPolicy, emit
from tests.service.core.test_outbox import TYPE, Subscriber, dispatching, settled, until

pytestmark = pytest.mark.row("N6", "X8")


async def never():
    raise AssertionError("it was asked")


@pytest.fixture
async def connected(company):
    """A desk that is connected and was never used; something was sent to `well`, which is no connection."""
    async with company.database.tenant(company.tenant) as tx:
        await emit(tx, subject="request:1", type=TYPE, data={"number": 1})
    async with dispatching((company.database, [Subscriber("well")])) as running:
        await until(settled(company, "done"), *running)
    desk = Connection("desk", "Desk", company.tenant, never)
    return Connected([desk, replace(desk, name="elsewhere", tenant="northwind")])


async def test_one_that_is_connected_and_unused_is_listed_beside_those_that_were_used(company, connected):
    found = await connectors(company.database, company.actor("audit_reviewer"), connected)
    assert [each.subscriber for each in found] == ["desk", "well"]
    assert (found[0].flow, found[0].pending, found[0].dead, found[0].last_error) == (Flow.CLOSED, 0, 0, None)
    with pytest.raises(PermissionMissing):
        await connectors(company.database, company.actor("infrastructure_manager"), connected)


async def test_one_that_there_is_not_is_named_with_those_that_there_are(company, connected):
    reviewer = company.actor("audit_reviewer")
    for name in ("desk", "well"):
        await check_connector(company.database, reviewer, connected, name)
    for name in ("wel", "elsewhere"):
        with pytest.raises(UnknownConnector, match=f"There is no connector '{name}'") as unknown:
            await check_connector(company.database, reviewer, connected, name)
        assert unknown.value.accepted == ("desk", "well")
    with pytest.raises(PermissionMissing):
        await check_connector(company.database, company.actor("infrastructure_manager"), connected, "desk")
    with pytest.raises(NotFound) as unused:
        await replay_dead(company.database, company.actor("enterprise_administrator"), subscriber="desk")
    assert unused.value.accepted == ("well",)


async def test_what_goes_wrong_is_said_in_a_sentence_without_the_name_of_a_class(company):
    async with company.database.tenant(company.tenant) as tx:
        await emit(tx, subject="request:1", type=TYPE, data={"number": 1})

    async def fail(event):
        raise Again("ServiceNow did not answer.")

    failing = Subscriber(retry=RetryPolicy(attempts=1), then=fail)
    async with dispatching((company.database, [failing])) as running:
        await until(settled(company, "dead"), *running)
    (dead,) = await list_all(
        company.database, company.actor("audit_reviewer"), subscriber=None, state="dead", after=None, limit=5
    )
    assert dead.last_error == "ServiceNow did not answer."
