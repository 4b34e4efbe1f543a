"""A company in a simulated Teams: its people there, the bot's own door over HTTP, and a hand on the controls."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from bot.conversation.chat import Chat
from bot.teams.connector import Connector, make_connector, make_session
from bot.teams.context import Desk
from bot.teams.door import Credentials, Doorkeeper, refusals_of
from bot.teams.front import teams_route
from bot.teams.keys import SigningKeys
from bot.teams.people import People
from bot.teams.places import Places
from bot.teams.workspace import Workspace
from core.budgets import BudgetCatalogue
from core.clock import SystemClock
from core.decisions import Gate
from sandbox.server import Options, create_app
from tests.factories import Company

Json = dict[str, Any]
EMERGENCY = "emergency"
APPROVALS = "approvals"


@dataclass(slots=True)
class Simulated:
    """The simulated Teams, and what it says of itself."""

    url: str
    session: aiohttp.ClientSession
    about: Json

    async def act(self, call: str, **body: Any) -> Json:
        """A person's part."""
        async with self.session.post(f"{self.url}/control/teams/{call}", json=body) as answer:
            found: Json = await answer.json()
            assert answer.status < 400, f"{call}: {found}"
            return found

    async def look(self, what: str, **query: str) -> Json:
        """What somebody sees."""
        async with self.session.get(f"{self.url}/control/teams/{what}", params=query) as answer:
            found: Json = await answer.json()
            assert answer.status < 400, f"{what}: {found}"
            return found

    async def messages(self, channel: str, user: str | None = None) -> list[Json]:
        """What stands there, as everybody or this person sees it."""
        found: list[Json] = (await self.look("messages", channel=channel, **({"user": user} if user else {})))[
            "messages"
        ]
        return found

    async def configure(self, **options: Any) -> None:
        """Options of the simulator, for instance the next refusals."""
        async with self.session.post(f"{self.url}/control/teams/configure", json=options) as answer:
            assert answer.status == 200, await answer.text()

    async def fault(self, fault: str, count: int = 1, **more: Any) -> None:
        """The next calls fail so."""
        body = {"system": "teams", "fault": fault, "count": count, **more}
        async with self.session.post(f"{self.url}/control/faults", json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def clear(self) -> None:
        """No fault waits."""
        async with self.session.delete(f"{self.url}/control/faults", params={"system": "teams"}) as answer:
            assert answer.status == 200

    def aad(self, email: str) -> str:
        """The person's id in the directory."""
        return str(self.about["people"][email]["aad"])

    def connector(self, session: aiohttp.ClientSession, *, secret: str | None = None) -> Connector:
        """The bot's way there."""
        return make_connector(
            session,
            app_id=self.about["app_id"],
            secret=SecretStr(secret or self.about["client_secret"]),
            tenant_id=self.about["tenant_id"],
            login_url=self.about["login_endpoint"],
            audience=self.about["token_issuer"],
        )


@dataclass(slots=True)
class Office(Simulated):
    """The same with the bot behind it, in the company's database."""

    workspace: Workspace
    desk: Desk
    bot_url: str

    @property
    def places(self) -> Places:
        """Where the bot may write."""
        return self.workspace.places


@contextlib.asynccontextmanager
async def simulated(people: list[Json], *, product_url: str, teams: Json | None = None) -> AsyncIterator[Simulated]:
    """A simulated Teams with these people, and the two channels that the bot writes to."""
    document = {
        "team": {"id": "T1ACME", "name": "Acme", "domain": "acme"},
        "people": people,
        "channels": [{"id": f"C0{name}", "name": name, "members": "*"} for name in (APPROVALS, EMERGENCY)],
        "teams": teams or {},
    }
    async with contextlib.AsyncExitStack() as stack:
        listener, url = bound()
        options = Options(
            base_url=url, product_url=product_url, signing_secret="s", bot_token="xoxb-1", app_token="xapp-1",
            people=document,
        )  # fmt: skip
        await serving(stack, create_app(options, systems={}), listener)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        async with session.get(f"{url}/control/systems") as answer:
            about = (await answer.json())["teams"]
        yield Simulated(url, session, about)


@contextlib.asynccontextmanager
async def office(
    company: Company,
    gate: Gate,
    *,
    teams: Json | None = None,
    budgets: BudgetCatalogue | None = None,
    pictures_at: str = "",
) -> AsyncIterator[Office]:
    """The company in Teams, and its bot; nobody has added the app yet, so the bot knows no place."""
    people = [
        {"id": f"U{number:04}", "name": key, "real_name": person.name, "email": person.email}
        for number, (key, person) in enumerate(company.people.items())
    ]
    async with contextlib.AsyncExitStack() as stack:
        listener, bot_url = bound()
        sim = await stack.enter_async_context(simulated(people, product_url=bot_url, teams=teams))
        workspace, desk = await open_desk(stack, company, gate, sim.about)
        chat = replace(desk.chat, budgets=budgets or desk.chat.budgets, address=pictures_at)
        desk = replace(desk, chat=chat)  # with the same tasks under way
        app = web.Application()
        app.router.add_routes([teams_route(desk)])
        await serving(stack, app, listener)
        yield Office(sim.url, sim.session, sim.about, workspace, desk, bot_url)


async def open_desk(
    stack: contextlib.AsyncExitStack, company: Company, gate: Gate, about: Mapping[str, Any]
) -> tuple[Workspace, Desk]:
    """The company's bot in the Teams that `about` speaks of, as `GET /control/systems` does."""
    session = await stack.enter_async_context(make_session())
    issuer = about["token_issuer"]
    connector = make_connector(
        session,
        app_id=about["app_id"],
        secret=SecretStr(about["client_secret"]),
        tenant_id=about["tenant_id"],
        login_url=about["login_endpoint"],
        audience=issuer,
    )
    places = Places(
        tenant=company.tenant,
        tenant_id=about["tenant_id"],
        connector=connector,
        database=company.database,
        service_url=about["url"],
    )
    door = Doorkeeper(
        keys=SigningKeys(session, about["openid_metadata_url"], issuer=issuer),
        credentials=Credentials(about["app_id"], about["tenant_id"], issuer),
        refusals=refusals_of(company.database, company.tenant),
        now=SystemClock().now,
    )
    workspace = Workspace(places, People(places))
    desk = Desk(workspace, Chat(workspace, gate), door)
    stack.push_async_callback(desk.close)
    return workspace, desk


def bound() -> tuple[socket.socket, str]:
    """A free port of this machine, taken, and its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


async def serving(stack: contextlib.AsyncExitStack, app: web.Application, listener: socket.socket) -> None:
    """The application answers there until the stack unwinds."""
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listener).start()
