"""A small ticket system that behaves like GLPI's apirest.php, over real HTTP.

Sessions, an application token, `input` envelopes, numbers for states, local times, `range`.
"""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from sandbox.faults import Faults, fault_middleware
from tests.contract.itsm.desk_approvals import Validations
from tests.contract.itsm.desks import SECRETS, Desk

PARIS = ZoneInfo("Europe/Paris")


@dataclass
class Glpi:
    """Items of itemtype Ticket. `person` 3 stands for people, 7 for us."""

    faults: Faults = field(default_factory=Faults)
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    followups: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    sessions: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    url: str = ""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ids: Any = field(default_factory=lambda: itertools.count(15))

    slug = "glpi"
    base = "/apirest.php"

    def __post_init__(self) -> None:
        self.validations = Validations(self.now)

    def app(self) -> web.Application:
        faults = fault_middleware(
            self.slug, self.faults, throttled=Desk.throttled, failed=lambda: self.no("ERROR", "Unexpected", 500)
        )

        @web.middleware
        async def noted(request: web.Request, handler: Any) -> web.StreamResponse:
            self.calls.append(f"{request.method} {request.path}")
            return await handler(request)

        app = web.Application(middlewares=[noted, faults, self.doorkeeper])
        router = app.router
        router.add_get("/apirest.php/initSession", self.init_session)
        router.add_get("/apirest.php/killSession", self.kill_session)
        router.add_get("/apirest.php/Ticket", self.listed)
        router.add_post("/apirest.php/Ticket", self.create)
        router.add_get("/apirest.php/Ticket/{id:[0-9]+}", self.read)
        router.add_put("/apirest.php/Ticket/{id:[0-9]+}", self.change)
        router.add_get("/apirest.php/Ticket/{id:[0-9]+}/ITILFollowup", self.read_followups)
        router.add_post("/apirest.php/Ticket/{id:[0-9]+}/ITILFollowup", self.follow_up)
        self.validations.add_routes(router)
        return app

    def no(self, code: str, said: str, status: int) -> web.Response:
        return web.json_response([code, said], status=status)

    @web.middleware
    async def doorkeeper(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("App-Token") != SECRETS["GLPI_APP_TOKEN"]:
            return self.no("ERROR_WRONG_APP_TOKEN_PARAMETER", "le paramètre app_token semble incorrect", 400)
        if not request.path.endswith("/initSession") and request.headers.get("Session-Token") not in self.sessions:
            return self.no("ERROR_SESSION_TOKEN_INVALID", "session_token semble incorrect", 401)
        return await handler(request)

    async def init_session(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != SECRETS["GLPI_AUTHORIZATION"]:
            return self.no("ERROR_GLPI_LOGIN_USER_TOKEN", "parameter user_token seems invalid", 401)
        token = secrets.token_hex(13)
        self.sessions.add(token)
        return web.json_response({"session_token": token})

    async def kill_session(self, request: web.Request) -> web.Response:
        self.sessions.discard(request.headers["Session-Token"])
        return web.json_response(True)

    def now(self) -> str:
        return self.clock().astimezone(PARIS).strftime("%Y-%m-%d %H:%M:%S")

    def touch(self, ticket: dict[str, Any], by: int, **values: Any) -> None:
        ticket.update({**values, "date_mod": self.now(), "users_id_lastupdater": by})

    def with_key(self, key: str) -> list[dict[str, Any]]:
        return [one for one in self.tickets.values() if one["externalid"] == f"countersign:{key}"]

    async def listed(self, request: web.Request) -> web.Response:
        found = list(self.tickets.values())
        if pattern := request.query.get("searchText[externalid]"):
            found = [one for one in found if re.search(pattern, one["externalid"])]
        if request.query.get("sort") == "date_mod":
            found.sort(key=lambda one: (one["date_mod"], one["id"]), reverse=request.query.get("order") == "DESC")
        first, _, last = request.query["range"].partition("-")
        if int(first) and int(first) >= len(found):
            return self.no("ERROR_RANGE_EXCEED_TOTAL", f"Provided range exceed total count of data: {len(found)}", 400)
        page = found[int(first) : int(last) + 1]
        return web.json_response(page, status=200 if len(page) == len(found) else 206)

    async def create(self, request: web.Request) -> web.Response:
        sent = (await request.json())["input"]
        if not isinstance(sent["urgency"], int) or not isinstance(sent["type"], int):
            return self.no("ERROR_GLPI_ADD", "numbers only", 400)
        ticket = {**sent, "id": next(self.ids), "status": 1, "date": self.now()}
        self.tickets[ticket["id"]] = ticket
        self.touch(ticket, 7)
        return web.json_response({"id": ticket["id"], "message": ""}, status=201)

    async def read(self, request: web.Request) -> web.Response:
        ticket = self.tickets.get(int(request.match_info["id"]))
        return web.json_response(ticket) if ticket else self.no("ERROR_ITEM_NOT_FOUND", "Élément introuvable", 404)

    async def change(self, request: web.Request) -> web.Response:
        id_, sent = int(request.match_info["id"]), (await request.json())["input"]
        if str(sent["id"]) != str(id_) or sent["status"] not in range(1, 7):
            return self.no("ERROR_GLPI_UPDATE", "no", 400)
        self.touch(self.tickets[id_], 7, status=sent["status"])
        return web.json_response([{str(id_): True, "message": ""}])

    async def read_followups(self, request: web.Request) -> web.Response:
        return web.json_response(self.followups.get(int(request.match_info["id"]), []))

    async def follow_up(self, request: web.Request) -> web.Response:
        sent = (await request.json())["input"]
        self.write(int(sent["items_id"]), sent["content"], 7)
        return web.json_response({"id": 1, "message": ""}, status=201)

    def write(self, id_: int, text: str, by: int) -> None:
        notes = self.followups.setdefault(id_, [])
        notes.append({"id": len(notes) + 1, "content": text, "users_id": by, "date": self.now(), "is_private": 1})
        self.touch(self.tickets[id_], by)
