"""A small ticket system that only a file declares, with a strict workflow: the fourth system of the soak."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from bench.soak_asked import REVIEW, Asked
from sandbox.faults import Faults, fault_middleware

TOKEN: Final = "soak-desk-token"
TOKEN_VARIABLE: Final = "SOAK_DESK_TOKEN"
STATES: Final = ("new", "review", "approved", "in_progress", "done", "closed")
ENDS: Final = frozenset({"rejected", "cancelled"})
FILE: Final = f"""\
title: Soak desk
url: {{url}}
auth:
  kind: bearer
  token: {{{{env: {TOKEN_VARIABLE}}}}}
account: countersign
summary_max_chars: 120
kinds: [change, emergency_change]
timeouts: {{{{connect_s: 2, read_s: 1, total_s: 10}}}}
tables:
  kind: {{{{change: rfc, emergency_change: urgent-rfc}}}}
states:
  write:
    open: new
    in_approval: review
    approved: approved
    implementing: in_progress
    implemented: done
    closed: closed
    rejected: rejected
    cancelled: cancelled
ticket:
  id: id
  number: number
  state: status
  kind: type
  key: external_ref
  updated_at: updated_at
  updated_by: updated_by
  created_at: created_at
create:
  path: /tickets
  body:
    type: "{{{{kind}}}}"
    title: "{{{{summary}}}}"
    text: "{{{{description}}}}"
    requester: "{{{{requester_email}}}}"
    external_ref: "{{{{key}}}}"
  answer: ticket
find:
  path: /tickets
  query: {{{{external_ref: "{{{{key}}}}"}}}}
  answer: tickets
get:
  path: /tickets/{{{{id}}}}
  answer: ticket
update:
  method: PATCH
  path: /tickets/{{{{id}}}}
  stepwise: true
  body: {{{{status: "{{{{state}}}}", resolution: "{{{{close_notes}}}}"}}}}
comment:
  path: /tickets/{{{{id}}}}/comments
  body: {{{{text: "{{{{text}}}}", internal: true}}}}
comments:
  path: /tickets/{{{{id}}}}/comments
  answer: comments
  id: id
  text: text
  author: by
  at: at
  internal: internal
changes:
  path: /tickets
  query: {{{{updated_since: "{{{{since}}}}", page: "{{{{page}}}}"}}}}
  answer: tickets
  paging: {{{{kind: page, size: 20, first: 1}}}}
approvals:
  path: /tickets/{{{{id}}}}/approvals
  answer: approvals
  id: id
  account: email
  email: email
  state: state
  comment: comment
  at: updated_at
  version: revision
  by: updated_by
  asked_by: asked_by
  states:
    write: {{{{requested: waiting, approved: granted, rejected: refused, ended: dropped}}}}
  changes:
    path: /approvals
    query: {{{{updated_since: "{{{{since}}}}", page: "{{{{page}}}}"}}}}
    answer: approvals
    ticket: ticket
    paging: {{{{kind: page, size: 20, first: 1}}}}
  ask:
    path: /tickets/{{{{id}}}}/approvals
    body: {{{{approver: "{{{{email}}}}"}}}}
  mark:
    path: /approvals/{{{{approval}}}}
    body: {{{{state: "{{{{state}}}}", comment: "{{{{comment}}}}"}}}}
  withdraw:
    path: /approvals/{{{{approval}}}}
    body: {{{{state: "{{{{state}}}}"}}}}
attachments:
  list: {{{{path: "/tickets/{{{{id}}}}/files", answer: files}}}}
  name: name
  add:
    path: /tickets/{{{{id}}}}/files
    body: {{{{name: "{{{{file_name}}}}", content: "{{{{content}}}}"}}}}
errors:
  message: error.message
  field: error.field
"""


class Desk:
    """Tickets by id, with their comments. `now` says the time as the desk writes it: RFC 3339, UTC."""

    def __init__(self, faults: Faults, *, slug: str, now: Callable[[], str]) -> None:
        self.tickets: dict[str, dict[str, Any]] = {}
        self.files: dict[str, list[str]] = {}  # names, by ticket
        self.asked = Asked(self.tickets.__getitem__, now)
        self._by_key: dict[str, list[dict[str, Any]]] = {}
        self._now = now
        faulty = fault_middleware(slug, faults, throttled=_throttled, failed=lambda: _no("Boom.", 500))
        self.app = web.Application(middlewares=[faulty, _doorkeeper])
        self.app.router.add_get("/tickets", self._list)
        self.app.router.add_post("/tickets", self._create)
        self.app.router.add_get("/tickets/{id}", self._read)
        self.app.router.add_patch("/tickets/{id}", self._change)
        self.app.router.add_get("/tickets/{id}/comments", self._comments)
        self.app.router.add_post("/tickets/{id}/comments", self._comment)
        self.app.router.add_get("/tickets/{id}/files", self._files)
        self.app.router.add_post("/tickets/{id}/files", self._attach)
        self.asked.add_routes(self.app.router)

    def with_key(self, key: str) -> list[dict[str, Any]]:
        """Every ticket that carries the key."""
        return self._by_key.get(key, [])

    async def _list(self, request: web.Request) -> web.Response:
        if key := request.query.get("external_ref"):
            return web.json_response({"tickets": list(map(_shown, self.with_key(key)))})
        since, page = request.query.get("updated_since", ""), int(request.query.get("page", "1"))
        found = [each for each in self.tickets.values() if each["updated_at"] >= since]
        found.sort(key=lambda each: str(each["updated_at"]))
        return web.json_response({"tickets": list(map(_shown, found[(page - 1) * 20 : page * 20]))})

    async def _create(self, request: web.Request) -> web.Response:
        sent = await request.json()
        id_ = len(self.tickets) + 1
        ticket = {**sent, "id": id_, "number": f"T-{id_}", "status": "new", "created_at": self._now(), "comments": []}
        self.tickets[str(id_)] = ticket
        self._by_key.setdefault(sent["external_ref"], []).append(ticket)
        self._touch(ticket)
        return web.json_response({"ticket": _shown(ticket)}, status=HTTPStatus.CREATED)

    async def _read(self, request: web.Request) -> web.Response:
        ticket = self.tickets.get(request.match_info["id"])
        return _no("No such ticket.", HTTPStatus.NOT_FOUND) if ticket is None else _one(ticket)

    async def _change(self, request: web.Request) -> web.Response:
        ticket, sent = self.tickets[request.match_info["id"]], await request.json()
        here, wanted = ticket["status"], sent["status"]
        is_next = here in STATES and wanted in STATES and STATES.index(wanted) == STATES.index(here) + 1
        if here in ENDS or not (is_next or wanted in ENDS):
            return _no(f"From {here} one does not get to {wanted}.", HTTPStatus.CONFLICT)
        ticket.update(sent)
        self._touch(ticket)
        if ticket["status"] != REVIEW:
            self.asked.moved(str(ticket["id"]))
        return _one(ticket)

    async def _comments(self, request: web.Request) -> web.Response:
        return web.json_response({"comments": self.tickets[request.match_info["id"]]["comments"]})

    async def _comment(self, request: web.Request) -> web.Response:
        ticket, sent = self.tickets[request.match_info["id"]], await request.json()
        notes = ticket["comments"]
        notes.append(
            {"id": len(notes) + 1, "text": sent["text"], "by": "countersign", "at": self._now(), "internal": True}
        )
        self._touch(ticket)
        return web.json_response({}, status=HTTPStatus.CREATED)

    async def _files(self, request: web.Request) -> web.Response:
        held = self.files.get(request.match_info["id"], [])
        return web.json_response({"files": [{"name": name} for name in held]})

    async def _attach(self, request: web.Request) -> web.Response:
        self.files.setdefault(request.match_info["id"], []).append((await request.json())["name"])
        return web.json_response({}, status=HTTPStatus.CREATED)

    def _touch(self, ticket: dict[str, Any]) -> None:
        ticket.update(updated_at=self._now(), updated_by="countersign")


@web.middleware
async def _doorkeeper(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        return _no("No valid token.", HTTPStatus.UNAUTHORIZED)
    return await handler(request)


def _shown(ticket: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in ticket.items() if name != "comments"}


def _one(ticket: dict[str, Any]) -> web.Response:
    return web.json_response({"ticket": _shown(ticket)})


def _throttled(retry_after_s: float) -> web.Response:
    headers = {"Retry-After": str(max(1, round(retry_after_s)))}
    return web.json_response({"error": {"message": "Slow down."}}, status=429, headers=headers)


def _no(message: str, status: int) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=status)
