"""A small ticket system over real HTTP, and the files of docs/connectors/custom.md pointed at systems like it.

`Desk` is a plain REST API with a strict workflow; glpi.py has another.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.faults import Faults, fault_middleware
from sandbox.signing import sign
from tests.contract.itsm.desk_approvals import DeskApprovals
from tests.contract.itsm.desk_tasks import DeskTasks

DOCS = Path(__file__).parents[3] / "docs" / "connectors" / "custom.md"
DESK_STATES = ("new", "review", "approved", "in_progress", "done", "closed")
SECRETS = {
    "DESK_TOKEN": "desk-token",
    "DESK_WEBHOOK_SECRET": "desk-webhook",
    "GLPI_AUTHORIZATION": "user_token q56hq",
    "GLPI_APP_TOKEN": "app-token",
}


def example(name: str) -> str:
    """The file of this name, as the documentation shows it."""
    blocks = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    (found,) = [block for block in blocks if block.startswith(f"# {name}\n")]
    return found


@dataclass
class Desk:
    """Tickets by id."""

    faults: Faults = field(default_factory=Faults)
    tickets: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    url: str = ""
    hook: tuple[str, str] = ("", "")  # an address that is told of what people do, and the secret that signs it

    slug = "desk"
    base = "/api"

    def __post_init__(self) -> None:
        self.approvals = DeskApprovals(self.tickets.__getitem__, self.move, self.now)
        self.tasks = DeskTasks(self.tickets.__getitem__, self.now)

    def app(self) -> web.Application:
        faults = fault_middleware(self.slug, self.faults, throttled=self.throttled, failed=self.failed)

        @web.middleware
        async def noted(request: web.Request, handler: Any) -> web.StreamResponse:
            self.calls.append(f"{request.method} {request.path}")
            return await handler(request)

        app = web.Application(middlewares=[noted, faults, self.doorkeeper])
        self.add_routes(app.router)
        return app

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/tickets", self.listed)
        router.add_post("/api/tickets", self.create)
        router.add_get("/api/tickets/{id}", self.read)
        router.add_patch("/api/tickets/{id}", self.change)
        router.add_get("/api/tickets/{id}/comments", self.read_comments)
        router.add_post("/api/tickets/{id}/comments", self.comment)
        router.add_get("/api/tickets/{id}/files", self.read_files)
        router.add_post("/api/tickets/{id}/files", self.attach)
        self.approvals.add_routes(router)
        self.tasks.add_routes(router)

    @staticmethod
    def throttled(retry_after_s: float) -> web.Response:
        return web.json_response(
            {"error": {"message": "Slow down."}}, status=429, headers={"Retry-After": str(round(retry_after_s))}
        )

    @staticmethod
    def failed() -> web.Response:
        return web.json_response({"error": {"message": "Boom."}}, status=500)

    @web.middleware
    async def doorkeeper(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {SECRETS['DESK_TOKEN']}":
            return web.json_response({"error": {"message": "No valid token."}}, status=401)
        return await handler(request)

    def now(self) -> str:
        return datetime.now(UTC).isoformat()

    def touch(self, ticket: dict[str, Any], by: str, **values: Any) -> None:
        ticket.update({**values, "updated_at": self.now(), "updated_by": by})

    def with_key(self, key: str) -> list[dict[str, Any]]:
        return [one for one in self.tickets.values() if one["external_ref"] == key]

    def note(self, id_: str, text: str, by: str) -> None:
        notes = self.comments.setdefault(id_, [])
        notes.append({"id": len(notes) + 1, "text": text, "by": by, "at": self.now(), "internal": True})
        self.touch(self.tickets[id_], by)

    async def listed(self, request: web.Request) -> web.Response:
        found = list(self.tickets.values())
        if ref := request.query.get("external_ref"):
            found = [one for one in found if one["external_ref"] == ref]
        if number := request.query.get("number"):
            found = [one for one in found if one["number"].lower() == number.lower()]
        if since := request.query.get("updated_since"):
            found = [one for one in found if datetime.fromisoformat(one["updated_at"]) >= datetime.fromisoformat(since)]
            found.sort(key=lambda one: one["updated_at"])
        start = (int(request.query.get("page", "1")) - 1) * 20
        return web.json_response({"tickets": found[start : start + 20]})

    async def create(self, request: web.Request) -> web.Response:
        sent = await request.json()
        if not sent.get("title"):
            return web.json_response({"error": {"message": "A title is needed.", "field": "title"}}, status=422)
        return web.json_response({"ticket": self.add("countersign", sent)}, status=201)

    def add(self, by: str, values: dict[str, Any]) -> dict[str, Any]:
        id_ = len(self.tickets) + 1
        ticket = {
            **values,
            "id": id_,
            "number": f"T-{id_}",
            "status": "new",
            "created_at": self.now(),
            "walked": ["new"],
        }
        self.tickets[str(id_)] = ticket
        self.touch(ticket, by)
        return ticket

    def move(self, ticket: dict[str, Any], state: str, by: str) -> None:
        ticket["walked"].append(state)
        self.touch(ticket, by, status=state)
        self.approvals.moved(ticket, by)

    async def tell(self, ticket: dict[str, Any], by: str) -> None:
        """Whoever wants to be told is told what this person did."""
        url, secret = self.hook
        if url:
            message = {"event": "updated", "actor": by, "ticket": {"id": ticket["id"], "number": ticket["number"]}}
            body = json.dumps(message).encode()
            headers = sign(secret, f"msg-{len(self.calls)}", int(datetime.now(UTC).timestamp()), body)
            async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers):
                pass

    async def read(self, request: web.Request) -> web.Response:
        ticket = self.tickets.get(request.match_info["id"])
        if ticket is None:
            return web.json_response({"error": {"message": "No such ticket."}}, status=404)
        return web.json_response({"ticket": ticket})

    async def change(self, request: web.Request) -> web.Response:
        ticket, sent = self.tickets[request.match_info["id"]], await request.json()
        wanted, here = sent.pop("status", ticket["status"]), ticket["status"]
        is_next = (
            wanted in DESK_STATES and here in DESK_STATES and DESK_STATES.index(wanted) == DESK_STATES.index(here) + 1
        )
        if wanted != here and not is_next and wanted not in {"cancelled", "rejected"}:
            said = f"From {here} one does not get to {wanted}."
            return web.json_response({"error": {"message": said, "field": "status"}}, status=409)
        self.touch(ticket, "countersign", **sent)
        if wanted != here:
            self.move(ticket, wanted, "countersign")
        return web.json_response({"ticket": ticket})

    async def read_comments(self, request: web.Request) -> web.Response:
        return web.json_response({"comments": self.comments.get(request.match_info["id"], [])})

    async def comment(self, request: web.Request) -> web.Response:
        self.note(request.match_info["id"], (await request.json())["text"], "countersign")
        return web.json_response({}, status=201)

    async def read_files(self, request: web.Request) -> web.Response:
        held = self.files.get(request.match_info["id"], [])
        return web.json_response({"files": [{"name": one["name"], "type": one["type"]} for one in held]})

    async def attach(self, request: web.Request) -> web.Response:
        self.files.setdefault(request.match_info["id"], []).append(await request.json())
        return web.json_response({}, status=201)

    def signed(self, message: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        body = json.dumps(message).encode()
        digest = hmac.new(SECRETS["DESK_WEBHOOK_SECRET"].encode(), body, hashlib.sha256).hexdigest()
        return {"x-desk-signature": f"sha256={digest}"}, body


@contextlib.asynccontextmanager
async def listening(system: Any) -> AsyncIterator[None]:
    """The system answers at its `url`, a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        system.url = f"http://127.0.0.1:{listener.getsockname()[1]}{system.base}"
        runner = web.AppRunner(system.app(), shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield
        await runner.cleanup()


@contextlib.asynccontextmanager
async def serving(system: Any, folder: Path, *, name: str) -> AsyncIterator[Path]:
    """The example's file in this folder, with its address replaced by that of the running system."""
    async with listening(system):
        file = folder / name
        text = re.sub(r"^url: .*$", f"url: {system.url}", example(name), flags=re.MULTILINE)
        file.write_text(text + "timeouts: {read_s: 1}\n")
        yield file
