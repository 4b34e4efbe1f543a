"""A sandbox on a free port, a product written with Bolt on another, and a person's hands on the control surface."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.server import Options, create_app

Json = dict[str, Any]

SECRET = "shhh-signing"
BOT_TOKEN = "xoxb-sandbox"
APP_TOKEN = "xapp-sandbox"
PEOPLE = {
    "team": {"id": "T1ACME", "name": "Acme", "domain": "acme"},
    "people": [
        {"id": "U1ANN", "name": "ann", "real_name": "Ann Lee", "email": "ann@acme.example", "tz": "Europe/Berlin"},
        {"id": "U2BEN", "name": "ben", "real_name": "Ben Ode", "email": "ben@acme.example", "title": "Security Lead"},
        {"id": "U3CYD", "name": "cyd", "real_name": "Cyd Roy", "email": "cyd@acme.example"},
    ],
    "channels": [
        {"id": "C1GOV", "name": "governance", "members": ["ann", "ben@acme.example", "U3CYD"]},
        {"id": "C2SEC", "name": "security", "members": ["ben"], "private": True},
        {"id": "C3OUT", "name": "outside", "members": "*", "app": False},
    ],
    "usergroups": [{"id": "S1LEADS", "handle": "leads", "users": ["U2BEN"]}],
}


def free_socket() -> socket.socket:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    return bound


@contextlib.asynccontextmanager
async def serving(app: web.Application, bound: socket.socket) -> AsyncIterator[None]:
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, bound).start()
    try:
        yield
    finally:
        await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Hands:
    """Calls the control surface; `call` returns status and body, the others insist on 200."""

    client: aiohttp.ClientSession
    url: str

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        async with self.client.request(method, f"{self.url}{path}", json=body, params=query) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        status, answer = await self.call("POST", f"/control/{path}", body)
        assert status == 200, answer
        return dict(answer)

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        status, answer = await self.call("GET", f"/control/{path}", **query)
        assert status == 200, answer
        return dict(answer)

    async def command(self, user: str, text: str, channel: str = "#governance") -> dict[str, Any]:
        return await self.post("slack/command", user=user, channel=channel, text=text)

    async def messages(self, channel: str) -> list[dict[str, Any]]:
        return list((await self.get("slack/messages", channel=channel))["messages"])


@dataclass(frozen=True, slots=True)
class World:
    """One sandbox and what belongs to it."""

    options: Options
    hands: Hands
    web: AsyncWebClient


StartSandbox = Callable[..., contextlib.AbstractAsyncContextManager[World]]


@pytest.fixture
def product_socket():
    with contextlib.closing(free_socket()) as bound:
        yield bound


@pytest.fixture
def options(product_socket: socket.socket):
    return Options(
        base_url="",
        product_url=f"http://127.0.0.1:{product_socket.getsockname()[1]}",
        signing_secret=SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        people=PEOPLE,
    )


@pytest.fixture
def start(options: Options) -> StartSandbox:
    """Starts a sandbox; with the same `data` it remembers."""

    @contextlib.asynccontextmanager
    async def starting(data: Path | None = None) -> AsyncIterator[World]:
        with contextlib.closing(free_socket()) as bound:
            url = f"http://127.0.0.1:{bound.getsockname()[1]}"
            mine = replace(options, base_url=url, data=data)
            async with serving(create_app(mine, systems={}), bound), aiohttp.ClientSession() as client:
                yield World(mine, Hands(client, url), AsyncWebClient(token=BOT_TOKEN, base_url=f"{url}/slack/api/"))

    return starting


@pytest.fixture
async def world(start: StartSandbox):
    async with start() as started:
        yield started


@pytest.fixture
def hands(world: World):
    return world.hands


@pytest.fixture
def bolt(world: World):
    return AsyncApp(token=BOT_TOKEN, signing_secret=SECRET, client=world.web)


@pytest.fixture
async def product(bolt: AsyncApp, product_socket: socket.socket):
    """The Bolt application is reachable where Slack expects the product."""
    server = web.Application()
    server.router.add_post("/slack/events", bolt.server(port=0, path="/slack/events").handle_post_requests)
    async with serving(server, product_socket):
        yield bolt


def button(action_id: str, text: str, value: str) -> dict[str, Any]:
    words = {"type": "plain_text", "text": text}
    return {"type": "button", "action_id": action_id, "text": words, "value": value}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def text_input(block_id: str, label: str, **more: Any) -> dict[str, Any]:
    words = {"type": "plain_text", "text": label}
    return {
        "type": "input",
        "block_id": block_id,
        "label": words,
        "element": {"type": "plain_text_input", "action_id": "typed"},
        **more,
    }


def modal(*blocks: dict[str, Any], title: str = "New request", callback_id: str = "ask") -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": list(blocks),
    }
