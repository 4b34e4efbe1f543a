"""Approvals of the two small ticket systems, each by rules of its own.

The desk's workflow asks its change manager when a ticket comes to review, and that answer moves the ticket. Others may
be asked beside it: by name, once at a time, while the ticket is in review. GLPI lets only the approver answer, wants a
reason for a refusal, and keeps what was answered.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

OURS = "countersign"
PEOPLE = {"ken.ito": "Ken Ito", "olga.ruiz": "Olga Ruiz", "mary": "Mary Poe", OURS: "Countersign"}
MANAGER = "olga.ruiz"  # whom the desk's own workflow asks
WORKFLOW = "workflow"
ANSWERS = {"granted": "approved", "refused": "rejected"}  # and where the workflow's own take the ticket


class NotAllowedError(Exception):
    """The desk's rules are against it: a status, a sentence, and the field that is wrong."""

    def __init__(self, status: int, said: str, field_: str | None = None) -> None:
        super().__init__(said)
        self.status, self.said, self.field = status, said, field_

    @property
    def answer(self) -> web.Response:
        return web.json_response({"error": {"message": self.said, "field": self.field}}, status=self.status)


@dataclass
class DeskApprovals:
    """Approvals by id. `ticket` finds a ticket, `move` is the desk's way to put one into a state in somebody's name."""

    ticket: Callable[[str], dict[str, Any]]
    move: Callable[[dict[str, Any], str, str], None]
    now: Callable[[], str]
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/approvals", self.listed)
        router.add_patch("/api/approvals/{approval}", self.change)
        router.add_get("/api/tickets/{id}/approvals", self.of_ticket)
        router.add_post("/api/tickets/{id}/approvals", self.create)

    def on(self, id_: str) -> list[dict[str, Any]]:
        return [one for one in self.rows.values() if str(one["ticket"]) == id_]

    def moved(self, ticket: dict[str, Any], by: str) -> None:
        """The ticket has come to another state: its manager is asked, or nobody is asked any more."""
        if ticket["status"] == "review":
            self.ask(ticket, MANAGER, by=WORKFLOW)
            return
        for one in self.on(str(ticket["id"])):
            if one["state"] == "waiting" and (ticket["status"] != "approved" or one["asked_by"] == WORKFLOW):
                self.touch(one, by, state="dropped")

    def ask(self, ticket: dict[str, Any], login: str, *, by: str) -> dict[str, Any]:
        if login not in PEOPLE:
            raise NotAllowedError(422, "There is no such person.", "approver")
        if ticket["status"] != "review":
            raise NotAllowedError(409, "Nobody is asked before a ticket is in review, nor after.")
        asked = (one for one in self.on(str(ticket["id"])) if one["approver"]["login"] == login)
        if any(one["state"] == "waiting" for one in asked):
            raise NotAllowedError(409, f"{login} is asked already.", "approver")
        row = {
            "id": len(self.rows) + 1,
            "ticket": ticket["id"],
            "approver": {"login": login, "name": PEOPLE[login], "email": f"{login}@example.com"},
            "comment": "",
            "revision": 0,
            "asked_by": by,
        }
        self.rows[str(row["id"])] = row
        self.touch(row, by, state="waiting")
        return row

    def put(self, row: dict[str, Any], state: str, comment: str, *, by: str) -> None:
        """The approval says this now. An answer is its approver's to give, and ours to take down for them."""
        here = row["state"]
        if by not in {row["approver"]["login"], OURS}:
            raise NotAllowedError(403, "This is somebody else's approval.")
        if state in ANSWERS and here == "waiting":
            if state == "refused" and not comment:
                raise NotAllowedError(422, "A refusal has a reason.", "comment")
        elif state == "waiting" and here in ANSWERS:
            if self.ticket(str(row["ticket"]))["status"] != "review" or row["asked_by"] == WORKFLOW:
                raise NotAllowedError(409, "What was answered has had its effect.", "state")
        elif not (state == "dropped" and here == "waiting" and by == row["asked_by"]):
            raise NotAllowedError(409, f"From {here} an approval does not get to {state}.", "state")
        self.touch(row, by, state=state, comment=comment)
        if row["asked_by"] == WORKFLOW and state in ANSWERS:
            self.move(self.ticket(str(row["ticket"])), ANSWERS[state], by)

    def touch(self, row: dict[str, Any], by: str, **values: Any) -> None:
        """The ticket is not touched by it."""
        row.update({**values, "revision": row["revision"] + 1, "updated_by": by, "updated_at": self.now()})

    async def listed(self, request: web.Request) -> web.Response:
        since = datetime.fromisoformat(request.query["updated_since"])
        found = [one for one in self.rows.values() if datetime.fromisoformat(one["updated_at"]) >= since]
        found.sort(key=lambda one: (one["updated_at"], one["id"]))
        start = (int(request.query.get("page", "1")) - 1) * 20
        return web.json_response({"approvals": found[start : start + 20]})

    async def of_ticket(self, request: web.Request) -> web.Response:
        return web.json_response({"approvals": self.on(request.match_info["id"])})

    async def create(self, request: web.Request) -> web.Response:
        sent = await request.json()
        try:
            row = self.ask(self.ticket(request.match_info["id"]), sent.get("approver", ""), by=OURS)
        except NotAllowedError as refused:
            return refused.answer
        return web.json_response({"approval": row}, status=201)

    async def change(self, request: web.Request) -> web.Response:
        row, sent = self.rows[request.match_info["approval"]], await request.json()
        try:
            self.put(row, sent["state"], sent.get("comment", ""), by=OURS)
        except NotAllowedError as refused:
            return refused.answer
        return web.json_response({"approval": row})


@dataclass
class Validations:
    """GLPI's items of itemtype TicketValidation. `now` is its local time; user 7 is us."""

    now: Callable[[], str]
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    ids: Any = field(default_factory=lambda: itertools.count(31))
    users = (2, 3, 4, 7)
    waiting, accepted, refused = 2, 3, 4

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/apirest.php/TicketValidation", self.listed)
        router.add_post("/apirest.php/TicketValidation", self.create)
        router.add_delete("/apirest.php/TicketValidation/{approval:[0-9]+}", self.purge)
        router.add_get("/apirest.php/Ticket/{id:[0-9]+}/TicketValidation", self.of_ticket)

    def on(self, id_: int) -> list[dict[str, Any]]:
        return [one for one in self.rows.values() if one["tickets_id"] == id_]

    def answer(self, id_: int, status: int, comment: str = "") -> None:
        """The approver answers at the page."""
        assert status != self.refused or comment, "if approval is denied, specify a reason"
        self.rows[id_].update(status=status, comment_validation=comment, validation_date=self.now())

    async def listed(self, request: web.Request) -> web.Response:
        # An empty time comes last, as MySQL sorts it.
        found = sorted(self.rows.values(), key=lambda one: one["validation_date"] or "", reverse=True)
        first, _, last = request.query["range"].partition("-")
        if int(first) and int(first) >= len(found):
            return web.json_response(["ERROR_RANGE_EXCEED_TOTAL", "Provided range exceed total count"], status=400)
        return web.json_response(found[int(first) : int(last) + 1])

    async def of_ticket(self, request: web.Request) -> web.Response:
        return web.json_response(self.on(int(request.match_info["id"])))

    async def create(self, request: web.Request) -> web.Response:
        sent = (await request.json())["input"]
        if int(sent["users_id_validate"]) not in self.users:
            return web.json_response(["ERROR_GLPI_ADD", "utilisateur introuvable"], status=400)
        row = {
            "id": next(self.ids),
            "tickets_id": int(sent["tickets_id"]),
            "users_id": 7,
            "users_id_validate": int(sent["users_id_validate"]),
            "comment_submission": sent["comment_submission"],
            "comment_validation": None,
            "status": self.waiting,
            "submission_date": self.now(),
            "validation_date": None,
        }
        self.rows[row["id"]] = row
        return web.json_response({"id": row["id"], "message": ""}, status=201)

    async def purge(self, request: web.Request) -> web.Response:
        id_ = int(request.match_info["approval"])
        if id_ not in self.rows or self.rows[id_]["users_id"] != 7:
            return web.json_response(["ERROR_ITEM_NOT_FOUND", "Élément introuvable"], status=404)
        del self.rows[id_]
        return web.json_response([{str(id_): True, "message": ""}])
