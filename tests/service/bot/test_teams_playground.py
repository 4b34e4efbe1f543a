"""The bot in Microsoft's own Agents Playground, in a browser: what was not written by us shows what we send (B7).

The playground signs nothing, so a seal stands between it and the bot: it adds the token that Teams would have added.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.living import LivingMessages
from bot.teams.front import teams_route
from core.approvals import RequestEvent
from core.ids import EventId, uuid7
from core.outbox import Event
from sandbox.teams.jwt import SigningKey
from tests.browsing import chromium
from tests.factories import agent
from tests.teams_office import bound, open_desk, serving

PLAYGROUND = Path(__file__).parents[2] / "javascript" / "node_modules" / ".bin" / "agentsplayground"
TENANT, APP, ISSUER = (
    "6f1b2c54-0000-4000-8000-000000000001",
    "6f1b2c54-0000-4000-8000-000000000011",
    "https://issuer.example",
)
PERSON = "6f1b2c54-0000-4000-8000-000000000020"
OTHERS = "".join(  # it does not start with fewer
    f"""
  - id: user-id-{number}
    name: Somebody {number}
    userPrincipleName: somebody{number}@enterprise-corp.example
    aadObjectId: 6f1b2c54-0000-4000-8000-00000000002{number}
    givenName: Somebody
    surname: "{number}"
    email: somebody{number}@enterprise-corp.example"""
    for number in range(1, 6)
)
CONFIG = f"""version: "0.1.1"
tenantId: {TENANT}
bot:
  id: {APP}
  name: Countersign
currentUser:
  id: user-id-0
  name: Meta Agent Manager
  userPrincipleName: meta.agent.manager@enterprise-corp.example
  aadObjectId: {PERSON}
  givenName: Meta
  surname: Manager
  email: meta.agent.manager@enterprise-corp.example
users:{OTHERS}
personalChat:
  id: chat-1
groupChat:
  id: group-1
  name: Group
team:
  id: team-1
  name: Team
  aadGroupId: 6f1b2c54-0000-4000-8000-000000000031
  channels:
    - id: channel-1
      name: approvals
"""
pytestmark = [
    pytest.mark.row("B7"),
]


class Seal:
    """Signs what the playground sends to the bot, and is the directory that the bot asks for keys and a token."""

    def __init__(self, url):
        self.url = url
        self.key = SigningKey.fresh()
        self.refused = []

    def routes(self):
        return [
            web.get("/metadata", self.metadata),
            web.get("/keys", self.keys),
            web.post("/login/{tenant}/oauth2/v2.0/token", self.token),
            web.post("/sealed", self.sealed),
        ]

    async def metadata(self, _request):
        return web.json_response({"issuer": ISSUER, "jwks_uri": f"{self.url}/keys"})

    async def keys(self, _request):
        return web.json_response({"keys": [self.key.public()]})

    async def token(self, _request):
        return web.json_response({"access_token": self.key.sign({}), "expires_in": 3600, "token_type": "Bearer"})

    async def sealed(self, request):
        activity, at = await request.json(), int(time.time())
        claims = {"iss": ISSUER, "aud": APP, "serviceurl": activity["serviceUrl"], "nbf": at, "exp": at + 600}
        headers = {"Authorization": f"Bearer {self.key.sign(claims)}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/api/messages", json=activity, headers=headers) as answer,
        ):
            if answer.status >= 400:
                self.refused.append((answer.status, await answer.text()))
            return web.Response(body=await answer.read(), status=answer.status, content_type=answer.content_type)


@contextlib.asynccontextmanager
async def playground(folder, endpoint, port):
    (folder / ".m365agentsplayground.yml").write_text(CONFIG)
    process = await asyncio.create_subprocess_exec(
        str(PLAYGROUND), "-e", endpoint, "-c", "msteams", "-p", str(port), "--dt",
        cwd=folder, stdin=asyncio.subprocess.PIPE,  # it ends with its input
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as session:
            for _time in range(200):
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"http://localhost:{port}/"):
                        break
                await asyncio.sleep(0.1)
        yield
    finally:
        process.terminate()
        await process.wait()


async def test_a_request_is_decided_in_microsoft_s_playground(company, catalogue, tmp_path):
    gate = company.gate(catalogue)
    async with contextlib.AsyncExitStack() as stack:
        listener, url = bound()
        free, _url = bound()
        port = free.getsockname()[1]
        free.close()
        seal = Seal(url)
        about = {
            "app_id": APP, "client_secret": "s", "tenant_id": TENANT, "token_issuer": ISSUER,
            "login_endpoint": f"{url}/login", "openid_metadata_url": f"{url}/metadata",
            "url": f"http://localhost:{port}/_connector",
        }  # fmt: skip
        workspace, desk = await open_desk(stack, company, gate, about)
        app = web.Application()
        app.add_routes([*seal.routes(), teams_route(desk)])
        await serving(stack, app, listener)
        await stack.enter_async_context(playground(tmp_path, f"{url}/sealed", port))
        browser = await stack.enter_async_context(chromium())
        page = await browser.new_page(viewport={"width": 1200, "height": 1000})
        page.set_default_timeout(20_000)
        await page.goto(f"http://localhost:{port}/")

        await page.get_by_text("Nothing waits for you").first.wait_for()  # greeted, as the app was just added

        opened = await gate.decide(
            company.actor("agent_developer"), action="agent.create", resource=agent(),
            context={"justification": "Reads invoices."},
        )  # fmt: skip

        async def nothing(_chat_user):
            return

        living = LivingMessages(workspace, "approvals", "emergency", nothing)
        subject = f"request:{opened.request_id}"

        async def happens(kind):
            event = Event(company.tenant, EventId(uuid7()), subject, kind, {}, occurred_at=company.clock.now())
            await living.deliver(event)

        await happens(RequestEvent.STAGE_OPENED)
        await page.get_by_text("Waiting for approval").first.wait_for()
        box = page.locator("[contenteditable=true]").first
        await box.click()
        await box.type("list")
        await page.keyboard.press("Enter")
        await page.get_by_text("Waiting for you").last.wait_for()
        await page.screenshot(path=tmp_path / "asked.png")

        await box.click()
        await box.type("yes REQ-1001 Fits the platform.")
        await page.keyboard.press("Enter")
        await page.get_by_text("You approved").last.wait_for()
        await happens(RequestEvent.VOTED)
        await page.get_by_text("approved by Meta Agent Manager").first.wait_for()
        await page.screenshot(path=tmp_path / "voted.png")
        assert seal.refused == []
