"""Secrets of the settings appear nowhere, although the other systems quote them back at us (N6, X8)."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys

import aiohttp
import pytest
from aiohttp import web

from app.container import DatabaseUrls
from bench.soak_systems import SoakSystem
from bench.soak_world import seeded, serving
from bench.world import new_folder
from core.db.embedded import EmbeddedPostgres
from core.db.migrate import derived_app_url

PLANTED = {name: f"planted{name}7d1c" for name in ("servicenow", "jira", "remedy", "hook")}
PAGES = ("", "/connectors", "/audit", "/policies", "/agents", "/notifications", "/security", "/people", "/analytics")


async def quoting(request: web.Request) -> web.Response:
    """Says no, and quotes all that it was given, as careless systems and their proxies do."""
    credential = request.headers.get("Authorization", "")
    if credential.startswith("Basic "):
        credential = base64.b64decode(credential.removeprefix("Basic ")).decode()
    said = f"No entry with {credential} {(await request.read()).decode(errors='replace')}"
    body = {"error": {"message": said, "detail": said}, "errorMessages": [said], "errors": {}}
    if "arsys" in request.path or "jwt" in request.path:
        return web.json_response(
            [{"messageType": "ERROR", "messageNumber": 48, "messageText": said, "messageAppendedText": said}],
            status=500,
        )
    if request.path.endswith("serverInfo"):
        return web.json_response({"deploymentType": "Server", "baseUrl": "http://jira.example", "version": "9"})
    return web.json_response(body, status=400)


@pytest.fixture
async def quoter():
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", quoting)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def sessions() -> aiohttp.ClientSession:
    """A browser's session, which keeps the cookie of the console; aiohttp would keep none of an address in digits."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


def quoted(url: str) -> list[SoakSystem]:
    """The three built-in systems, all answered for by the quoter, each with its own planted secret."""
    hook = f"whsec_{base64.b64encode(PLANTED['hook'].encode()).decode()}"

    def section(slug: str, tenant: str, **more: object) -> SoakSystem:
        known = {"url": url, "user": "us", "password": PLANTED[slug], "tenant": tenant, "webhook_secret": hook}
        return SoakSystem(slug, tenant, {**known, **more}, {}, lambda: ())

    person = {"company": "C", "first_name": "A", "last_name": "B"}
    return [
        section("servicenow", "alpha"),
        section("jira", "alpha", project="GOV"),
        section("remedy", "alpha", **person),
    ]


@pytest.mark.row("N6", "X8")
@pytest.mark.timeout(240)
async def test_a_secret_that_a_system_quotes_is_in_no_page_answer_log_or_output(quoter):
    folder = await asyncio.to_thread(new_folder)
    database = EmbeddedPostgres(folder / "postgresql")
    owner = (await asyncio.to_thread(database.start)).owner_url
    urls = DatabaseUrls(owner, derived_app_url(owner))
    seen: dict[str, str] = {}
    try:
        (people,) = await seeded(folder, urls, ["alpha"])
        async with serving(folder, urls, quoted(quoter)) as server, sessions() as session:
            bearer = {"Authorization": f"Bearer {people.tokens['tenant_administrator']}"}
            await open_request(session, server.url, people)
            names = ("servicenow", "jira", "remedy")
            await until_failed(session, server.url, bearer, names)
            paths = [f"/api/v1/connectors/{name}/{what}" for name in names for what in ("deliveries", "throughput")]
            for path in ("/api/v1/connectors", "/api/v1/audit", "/metrics", "/readyz", *paths):
                async with session.get(server.url + path, headers=bearer) as answer:
                    seen[path] = await answer.text()
            for name in names:
                async with session.post(f"{server.url}/api/v1/connectors/{name}/test", headers=bearer) as answer:
                    seen[f"test of {name}"] = await answer.text()
                    assert answer.status == 200, seen
            seen |= await console(session, server.url, people.tokens["tenant_administrator"], names)
        seen["log"] = (folder / "product.log").read_text()
        for words in (["doctor"], ["outbox", "list", "alpha"], ["outbox", "status", "alpha"]):
            command = [sys.executable, "-m", "app", *words, "--config", str(folder / "countersign.yaml"), "--json"]
            done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
            seen[" ".join(words)] = done.stdout + done.stderr
    finally:
        await asyncio.to_thread(database.stop)
    leaks = [(where, name) for where, text in seen.items() for name, secret in PLANTED.items() if secret in text]
    assert leaks == []
    assert "No entry with" in seen["/api/v1/connectors"], "nothing was quoted, so nothing was shown"
    assert "No entry with" in seen["/connectors/jira"]


async def open_request(session, url, people):
    resource = {
        "type": "agent",
        "name": "quoted",
        "sponsor": people.emails["tenant_administrator"],
        "owner": people.emails["agent_developer"],
        "business_service": "Payments",
    }
    question = {"action": "agent.create", "resource": resource, "context": {"justification": "Try."}}
    headers = {"Authorization": f"Bearer {people.tokens['agent_developer']}"}
    async with session.post(f"{url}/api/v1/decisions", json=question, headers=headers) as answer:
        assert answer.status == 200, await answer.text()


async def until_failed(session, url, bearer, names):
    async with asyncio.timeout(60):
        while True:
            found = {}
            for name in names:
                async with session.get(f"{url}/api/v1/connectors/{name}/deliveries", headers=bearer) as answer:
                    found[name] = [each["last_error"] for each in (await answer.json())["items"]]
            if all(errors and all(errors) for errors in found.values()):
                return
            await asyncio.sleep(0.2)


async def console(session, url, token, names):
    seen = {}
    form = {"token": token, "next": "/console"}
    async with session.post(f"{url}/console/signin", data=form, headers={"Origin": url}) as answer:
        assert answer.status == 200, await answer.text()
    for page in (*PAGES, *(f"/connectors/{name}?state=all" for name in names)):
        async with session.get(f"{url}/console{page}") as answer:
            seen[page.partition("?")[0]] = await answer.text()
            assert (answer.status, answer.url.path) == (200, f"/console{page.partition('?')[0]}")
    return seen
