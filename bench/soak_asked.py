"""Who is asked on a ticket of the soak's desk: anybody, once at a time, while their ticket is in review.

What is still open when the ticket leaves the review is dropped by the desk; only what waits can be answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

REVIEW: Final = "review"
WAITING: Final = "waiting"
OURS: Final = "countersign"


class Asked:
    """Approvals by id. `ticket` finds a ticket; `now` says the time as the desk writes it."""

    def __init__(self, ticket: Callable[[str], Mapping[str, Any]], now: Callable[[], str]) -> None:
        self._ticket, self._now = ticket, now
        self._rows: dict[str, dict[str, Any]] = {}
        self._by_ticket: dict[str, list[dict[str, Any]]] = {}

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Asked about, asked for, answered."""
        router.add_get("/approvals", self._touched)
        router.add_patch("/approvals/{approval}", self._answer)
        router.add_get("/tickets/{id}/approvals", self._list)
        router.add_post("/tickets/{id}/approvals", self._ask)

    def on(self, ticket: str) -> tuple[tuple[str, str], ...]:
        """Each approval of the ticket: whose, and how it stands."""
        return tuple((str(each["email"]), str(each["state"])) for each in self._by_ticket.get(ticket, ()))

    def moved(self, ticket: str) -> None:
        """The ticket has left its review: nobody is asked any more."""
        for row in self._by_ticket.get(ticket, ()):
            if row["state"] == WAITING:
                self._touch(row, state="dropped")

    async def _touched(self, request: web.Request) -> web.Response:
        since, page = request.query.get("updated_since", ""), int(request.query.get("page", "1"))
        found = sorted((each for each in self._rows.values() if each["updated_at"] >= since), key=_order)
        return web.json_response({"approvals": found[(page - 1) * 20 : page * 20]})

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response({"approvals": self._by_ticket.get(request.match_info["id"], [])})

    async def _ask(self, request: web.Request) -> web.Response:
        id_, email = request.match_info["id"], str((await request.json())["approver"])
        if self._ticket(id_)["status"] != REVIEW or (email, WAITING) in self.on(id_):
            return _no("Nobody is asked outside the review, nor twice at a time.")
        row = {"id": len(self._rows) + 1, "ticket": id_, "email": email, "asked_by": OURS, "revision": 0, "comment": ""}
        self._touch(row, state=WAITING)
        self._rows[str(row["id"])] = row
        self._by_ticket.setdefault(id_, []).append(row)
        return web.json_response({}, status=HTTPStatus.CREATED)

    async def _answer(self, request: web.Request) -> web.Response:
        row = self._rows[request.match_info["approval"]]
        if row["state"] != WAITING:
            return _no("What was answered stays as it is.")
        sent = await request.json()
        self._touch(row, state=sent["state"], comment=sent.get("comment", ""))
        return web.json_response({})

    def _touch(self, row: dict[str, Any], **values: Any) -> None:
        row.update({**values, "revision": row["revision"] + 1, "updated_by": OURS, "updated_at": self._now()})


def _order(row: Mapping[str, Any]) -> tuple[str, int]:
    return str(row["updated_at"]), int(row["id"])


def _no(message: str) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=HTTPStatus.CONFLICT)
