"""A sandbox in a thread of its own, a bot written with the vendor's SDK, and a person's hands on the control surface.

The SDK fetches the signing keys synchronously inside its event loop, so that the sandbox cannot share that loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from microsoft_teams.api.auth.cloud_environment import PUBLIC, with_overrides
from microsoft_teams.apps import App
from microsoft_teams.apps.http.adapter import HttpMethod, HttpRouteHandler

from sandbox.server import Options, create_app

Json = dict[str, Any]

CARD = "application/vnd.microsoft.card.adaptive"
PEOPLE: Json = {
    "team": {"id": "T1ACME", "name": "Acme", "domain": "acme"},
    "people": [
        {"id": "U1ANN", "name": "ann", "real_name": "Ann Lee", "email": "ann@acme.example", "tz": "Europe/Berlin"},
        {"id": "U2BEN", "name": "ben", "real_name": "Ben Ode", "email": "ben@acme.example", "title": "Security Lead"},
        {"id": "U3CYD", "name": "cyd", "real_name": "Cyd Roy", "email": "cyd@acme.example"},
        {"id": "U4GIL", "name": "gil", "real_name": "Gil Out", "email": "gil@elsewhere.example"},
    ],
    "channels": [
        {"id": "C1GOV", "name": "governance", "members": ["ann", "ben@acme.example", "U3CYD"]},
        {"id": "C2OUT", "name": "outside", "members": "*", "app": False},
    ],
    "teams": {
        "people": {
            "cyd@acme.example": {"installed": False, "locale": "de-DE"},
            "gil@elsewhere.example": {"guest": True, "installed": False},
        },
        "chats": [{"name": "release room", "members": ["ann", "ben"]}],
    },
}


def free_socket() -> socket.socket:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    return bound


@contextlib.contextmanager
def serving_in_thread(make: Callable[[], web.Application], bound: socket.socket) -> Iterator[None]:
    """The application answers on the socket from a loop of its own."""
    ready, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        runner = web.AppRunner(make(), shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, bound).start()
        ready.set()
        await asyncio.to_thread(stop.wait)
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="sandbox")
    thread.start()
    try:
        assert ready.wait(20), "the sandbox did not start"
        yield
    finally:
        stop.set()
        thread.join(20)


@dataclass(frozen=True, slots=True)
class Hands:
    """Calls the control surface; `call` returns status and body, the others insist on 200."""

    client: aiohttp.ClientSession
    url: str

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        async with self.client.request(method, f"{self.url}{path}", json=body, params=query) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, **body: Any) -> Json:
        status, answer = await self.call("POST", f"/control/{path}", body)
        assert status == 200, answer
        return dict(answer)

    async def get(self, path: str, **query: str) -> Json:
        status, answer = await self.call("GET", f"/control/{path}", **query)
        assert status == 200, answer
        return dict(answer)

    async def command(self, user: str, text: str, channel: str | None = None) -> Json:
        return await self.post("teams/command", user=user, text=text, **({"channel": channel} if channel else {}))

    async def click(self, user: str, seen: Json, action_id: str, **more: Any) -> Json:
        place = {"channel": seen["channel"], "ts": seen["ts"], "action_id": action_id}
        return await self.post("teams/click", user=user, **place, **more)

    async def messages(self, channel: str, **query: str) -> list[Json]:
        return list((await self.get("teams/messages", channel=channel, **query))["messages"])

    async def records(self, type_: str) -> list[Json]:
        return list((await self.get("teams/records", type=type_))["records"])


@dataclass(frozen=True, slots=True)
class World:
    """One sandbox and what it says of itself."""

    hands: Hands
    teams: Json

    def person(self, email: str) -> Json:
        return dict(self.teams["people"][email])


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
        signing_secret="shhh",
        bot_token="xoxb-sandbox",
        app_token="xapp-sandbox",
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
            with serving_in_thread(lambda: create_app(mine, systems={}), bound):
                async with aiohttp.ClientSession() as client:
                    hands = Hands(client, url)
                    yield World(hands, (await hands.get("systems"))["teams"])

    return starting


@pytest.fixture
async def world(start: StartSandbox):
    async with start() as started:
        yield started


@pytest.fixture
def hands(world: World):
    return world.hands


@dataclass(slots=True)
class Adapter:
    """The SDK's way to an HTTP server: ours."""

    server: web.Application
    bodies: list[Json] = field(default_factory=list)  # of every request, as they came

    def register_route(self, method: HttpMethod, path: str, handler: HttpRouteHandler) -> None:
        async def serve(request: web.Request) -> web.Response:
            body = await request.json()
            self.bodies.append(copy.deepcopy(body))
            # teams.py 2.1.1 knows no trigger but "manual" and fails on the automatic refresh that Teams sends.
            if isinstance(body.get("value"), dict):
                body["value"].pop("trigger", None)
            headers = {name.lower(): value for name, value in request.headers.items()}
            answer = await handler({"body": body, "headers": headers})
            status, content = answer["status"], answer["body"]
            return web.Response(status=status) if content is None else web.json_response(content, status=status)

        self.server.router.add_route(method, path, serve)

    def serve_static(self, path: str, directory: str) -> None:
        raise NotImplementedError

    async def start(self, port: int) -> None:
        raise NotImplementedError

    async def stop(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot written with the SDK, reachable where Teams expects it."""

    app: App
    adapter: Adapter

    @property
    def heard(self) -> list[Json]:
        return self.adapter.bodies


async def bot_token(world: World, **form: str) -> tuple[int, Json]:
    """What the token service answers to the bot's credentials."""
    asked = {
        "grant_type": "client_credentials",
        "client_id": world.teams["app_id"],
        "client_secret": world.teams["client_secret"],
        "scope": world.teams["token_scope"],
    }
    async with world.hands.client.post(world.teams["token_url"], data=asked | form) as answer:
        return answer.status, await answer.json()


@pytest.fixture
async def bot(world: World, product_socket: socket.socket):
    """A strict bot: tokens are validated against the sandbox's own metadata and keys."""
    teams, server = world.teams, web.Application()

    async def token(_scope: str, _tenant: str | None) -> str:
        status, answer = await bot_token(world)
        assert status == 200, answer
        return str(answer["access_token"])

    adapter = Adapter(server)
    app = App(
        client_id=teams["app_id"],
        tenant_id=teams["tenant_id"],
        token=token,
        service_url=teams["service_url"],
        cloud=with_overrides(
            PUBLIC,
            login_endpoint=teams["login_endpoint"],
            openid_metadata_url=teams["openid_metadata_url"],
            token_issuer=teams["token_issuer"],
        ),
        http_server_adapter=adapter,
        fetch_user_token=False,
    )
    await app.initialize()
    runner = web.AppRunner(server, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, product_socket).start()
    yield Bot(app, adapter)
    await runner.cleanup()
    for client in (app.http_client, app.api.http):
        await client.http.aclose()


def card(*body: Json, actions: list[Json] | None = None, **more: Any) -> Json:
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body), "actions": actions or [], **more}


def text(words: str, **more: Any) -> Json:
    return {"type": "TextBlock", "text": words, "wrap": True, **more}


def execute(verb: str, title: str, **data: Any) -> Json:
    return {"type": "Action.Execute", "verb": verb, "title": title, "data": data}


def submit(title: str, **data: Any) -> Json:
    return {"type": "Action.Submit", "title": title, "data": data}


def card_message(content: Json, **more: Any) -> Json:
    return {"type": "message", "attachments": [{"contentType": CARD, "content": content}], **more}
