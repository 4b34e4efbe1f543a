"""A simulated Jira on a free port, spoken to in plain HTTP and by the vendor's usual client."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from jira import JIRA

from sandbox.faults import Fault, Faults
from sandbox.jira import Jira, create

V2, V3 = "/rest/api/2", "/rest/api/3"


@dataclass(frozen=True, slots=True)
class Instance:
    """The simulator with its address and its faults."""

    system: Jira
    faults: Faults
    url: str

    @property
    def user(self) -> str:
        return str(self.system.describe()["user"])

    @property
    def authorization(self) -> dict[str, str]:
        about = self.system.describe()
        if about["deployment"] == "cloud":
            return {"Authorization": aiohttp.encode_basic_auth(about["user"], about["api_token"])}
        return {"Authorization": f"Bearer {about['access_token']}"}

    def sign_in(self, name: str) -> dict[str, str]:
        """A person's own credentials."""
        if self.system.describe()["deployment"] == "cloud":
            return {"Authorization": aiohttp.encode_basic_auth(f"{name}@example.com", "sandbox")}
        return {"Authorization": f"Bearer sandbox-{name}"}

    def fail(self, fault: Fault, count: int = 1, *, retry_after: float | None = None, match: str | None = None) -> None:
        self.faults.add("jira", fault, count, retry_after, match)

    def one(self, key: str) -> dict[str, Any]:
        (record,) = [one for one in self.system.records("issue") if one["key"] == key]
        return record


@dataclass(slots=True)
class Api:
    """JSON in, status and JSON out; `headers` are the last answer's."""

    session: aiohttp.ClientSession
    instance: Instance
    headers: Any = field(default_factory=dict)

    async def __call__(
        self, method: str, path: str, body: Any = None, *, by: str | None = None, **params: Any
    ) -> tuple[int, Any]:
        credentials = self.instance.sign_in(by) if by else self.instance.authorization
        url = self.instance.url + path
        async with self.session.request(method, url, json=body, params=params, headers=credentials) as answer:
            self.headers = answer.headers
            raw = await answer.read()
            try:
                return answer.status, json.loads(raw) if raw else None
            except ValueError:
                return answer.status, raw.decode()

    async def create(self, **fields: Any) -> str:
        kind = {"project": {"key": "GOV"}, "issuetype": {"name": "Task"}, "summary": "Create agent invoice-reader"}
        status, body = await self("POST", f"{V2}/issue", {"fields": {**kind, **fields}})
        assert status == 201, body
        return str(body["key"])

    async def request(self, kind: str = "[System] Change", **fields: Any) -> str:
        return await self.create(project={"key": "ITSM"}, issuetype={"name": kind}, **fields)

    async def move(self, key: str, transition: str, *, by: str | None = None, **body: Any) -> tuple[int, Any]:
        return await self("POST", f"{V2}/issue/{key}/transitions", {"transition": {"id": transition}, **body}, by=by)

    async def status(self, key: str) -> str:
        _, body = await self("GET", f"{V2}/issue/{key}", fields="status")
        return str(body["fields"]["status"]["name"])

    async def find(self, jql: str) -> list[str]:
        status, body = await self("POST", f"{V3}/search/jql", {"jql": jql, "fields": ["summary"], "maxResults": 100})
        assert status == 200, body
        return [one["key"] for one in body["issues"]]


@contextlib.asynccontextmanager
async def serving(snapshot: Any = None) -> AsyncIterator[Instance]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/jira"
        faults = Faults()
        system = create(faults, base_url=url, snapshot=snapshot)
        root = web.Application()
        root.add_subapp("/jira", system.app)
        runner = web.AppRunner(root, shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield Instance(system, faults, url)
        await runner.cleanup()


@pytest.fixture
async def instance() -> AsyncIterator[Instance]:
    async with serving() as running:
        yield running


@pytest.fixture
async def data_center(instance: Instance) -> Instance:
    instance.system.configure({"deployment": "datacenter"})
    return instance


@pytest.fixture
async def api(instance: Instance) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(session, instance)


@dataclass(slots=True)
class Listener:
    """Somebody who hears webhooks: every request, and how it is answered (200 when nothing else waits)."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        self.heard.append({"headers": request.headers, "raw": raw, "body": json.loads(raw or b"{}"),
                           "query": dict(request.query)})  # fmt: skip
        self._news.set()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    def events(self) -> list[str]:
        return [one["body"].get("webhookEvent", "") for one in self.heard]

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.heard) < count:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    heard = Listener()
    app = web.Application()
    app.router.add_post("/hook", heard.take)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    heard.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield heard
    await runner.cleanup()


def client(instance: Instance) -> JIRA:
    """The library's client, as somebody would set it up for the product that answers. Blocks: call it in a thread."""
    about = instance.system.describe()
    options = {"check_update": False}
    if about["deployment"] == "cloud":
        login = (about["user"], about["api_token"])
        return JIRA(server=instance.url, basic_auth=login, options=options, max_retries=0, timeout=5)
    return JIRA(server=instance.url, token_auth=about["access_token"], options=options, max_retries=0, timeout=5)
