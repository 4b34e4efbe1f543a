"""Simulated systems on free ports, and the real connectors pointed at them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from connectors.itsm.base import TicketDraft, TicketSystem
from connectors.itsm.servicenow import ServiceNow, connect
from tests.contract.itsm.bench import Bench, make_draft
from tests.contract.itsm.servicenow_bench import ServiceNowBench, servicenow_bench
from tests.contract.itsm.systems import SYSTEMS


class Instance(ServiceNowBench):
    """The simulated ServiceNow with its rows as they are."""

    @property
    def user(self) -> str:
        return str(self.system.describe()["user"])

    @property
    def password(self) -> str:
        return str(self.system.describe()["password"])

    def records(self, table: str) -> list[dict[str, Any]]:
        return self.system.records(table)

    def rows(self, key: str, table: str = "change_request") -> list[dict[str, Any]]:
        return [row for row in self.records(table) if row["correlation_id"] == key]

    def row(self, key: str, table: str = "change_request") -> dict[str, Any]:
        (row,) = self.rows(key, table)
        return row


@pytest.fixture
async def instance() -> AsyncIterator[Instance]:
    async with servicenow_bench() as bench:
        yield Instance(bench.system, bench.faults, bench.url)


@pytest.fixture
async def http(instance: Instance) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers=instance.authorization) as session:
        yield session


@pytest.fixture
async def servicenow(instance: Instance) -> AsyncIterator[ServiceNow]:
    connector = connect(instance.settings())
    yield connector
    await connector.close()


@pytest.fixture
def draft() -> TicketDraft:
    return make_draft()


@pytest.fixture(params=SYSTEMS)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """Each system in turn."""
    async with SYSTEMS[request.param]() as running:
        yield running


@pytest.fixture
async def connected(bench: Bench) -> AsyncIterator[TicketSystem]:
    """A connection to it."""
    system = bench.connect()
    yield system
    await system.close()


@pytest.fixture
async def impatient(bench: Bench) -> AsyncIterator[TicketSystem]:
    """A connection that gives up soon, so that what hangs is over soon."""
    system = bench.connect(read_timeout_s=0.8)
    yield system
    await system.close()


@dataclass(slots=True)
class Receiver:
    """Somebody who is told by webhooks."""

    url: str
    messages: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, holds: Any) -> None:
        """Every message so far makes this hold, within five seconds."""
        async with asyncio.timeout(5):
            while not holds(self.messages):
                self.news.clear()
                await self.news.wait()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async def receive(request: web.Request) -> web.Response:
        here.messages.append((dict(request.headers), await request.read()))
        here.news.set()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hooks/itsm/acme", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    here = Receiver(f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/itsm/acme")
    yield here
    await runner.cleanup()
