"""A simulated ServiceNow on a free port, and the real connector pointed at it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from connectors.itsm.base import TicketDraft, TicketKind
from connectors.itsm.servicenow import ServiceNow, ServiceNowSettings, connect
from sandbox.faults import Fault, Faults
from sandbox.servicenow import ServiceNow as Simulator
from sandbox.servicenow import create

WEBHOOK_SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@dataclass(frozen=True, slots=True)
class Instance:
    """The simulator with its address and its faults."""

    system: Simulator
    faults: Faults
    url: str

    @property
    def user(self) -> str:
        return str(self.system.describe()["user"])

    @property
    def password(self) -> str:
        return str(self.system.describe()["password"])

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": aiohttp.encode_basic_auth(self.user, self.password)}

    def fail(self, fault: Fault, count: int = 1, *, retry_after: float | None = None, match: str | None = None) -> None:
        self.faults.add("servicenow", fault, count, retry_after, match)

    def met(self) -> int:
        return sum(one["met"] for one in self.faults.listing())

    def records(self, table: str) -> list[dict[str, Any]]:
        return self.system.records(table)

    def with_key(self, key: str, table: str = "change_request") -> list[dict[str, Any]]:
        return [row for row in self.records(table) if row["correlation_id"] == key]

    def one(self, key: str, table: str = "change_request") -> dict[str, Any]:
        (row,) = self.with_key(key, table)
        return row

    def settings(self, **changes: Any) -> ServiceNowSettings:
        given: dict[str, Any] = {
            "url": self.url,
            "user": self.user,
            "password": SecretStr(self.password),
            "assignment_group": "AI Platform",
            "connect_timeout_s": 2.0,
            "read_timeout_s": 5.0,
            "total_timeout_s": 15.0,
            "webhook_secret": SecretStr(WEBHOOK_SECRET),
        }
        return ServiceNowSettings(**{**given, **changes})


@pytest.fixture
async def instance() -> AsyncIterator[Instance]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/servicenow"
        faults = Faults()
        system = create(faults, base_url=url, snapshot=None)
        root = web.Application()
        root.add_subapp("/servicenow", system.app)
        runner = web.AppRunner(root)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield Instance(system, faults, url)
        await runner.cleanup()


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


def make_draft(
    key: str = "request-0001", kind: TicketKind = TicketKind.CHANGE, fields: Mapping[str, str] | None = None
) -> TicketDraft:
    return TicketDraft(
        key=key,
        kind=kind,
        summary="REQ-1042: create agent invoice-reader",
        description="Reads invoices and books them.",
        requester_email="david.loo@example.com",
        fields={"business_service": "Payments", "risk": "high"} if fields is None else fields,
    )
