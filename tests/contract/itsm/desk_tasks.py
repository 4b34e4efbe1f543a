"""Tasks of the desk's tickets: what is over stays so, and whoever ends one says how it came out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.contract.itsm.desk_approvals import OURS, NotAllowedError

STATES = ("todo", "doing", "done", "failed", "dropped")
ENDS = frozenset(STATES[2:])


@dataclass
class DeskTasks:
    """Tasks by id. `ticket` finds a ticket."""

    ticket: Callable[[str], dict[str, Any]]
    now: Callable[[], str]
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: int = 0

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/tasks", self.listed)
        router.add_patch("/api/tasks/{task}", self.change)
        router.add_get("/api/tickets/{id}/tasks", self.of_ticket)
        router.add_post("/api/tickets/{id}/tasks", self.create)

    def on(self, id_: str) -> list[dict[str, Any]]:
        return [one for one in self.rows.values() if str(one["ticket"]) == id_]

    def put(self, row: dict[str, Any], state: str, result: str, *, by: str) -> None:
        """The task says this now."""
        if row["state"] in ENDS or state not in STATES:
            raise NotAllowedError(409, f"From {row['state']} a task does not get to {state}.", "state")
        if state in {"done", "failed"} and not result:
            raise NotAllowedError(422, "Say how it came out.", "result")
        self.touch(row, by, state=state, result=result)

    def touch(self, row: dict[str, Any], by: str, **values: Any) -> None:
        """The ticket is not touched by it."""
        row.update({**values, "revision": row["revision"] + 1, "last_by": by, "touched_at": self.now()})

    async def listed(self, request: web.Request) -> web.Response:
        since = datetime.fromisoformat(request.query["updated_since"])
        found = [one for one in self.rows.values() if datetime.fromisoformat(one["touched_at"]) >= since]
        found.sort(key=lambda one: (one["touched_at"], one["id"]))
        start = (int(request.query.get("page", "1")) - 1) * 20
        return web.json_response({"tasks": found[start : start + 20]})

    async def of_ticket(self, request: web.Request) -> web.Response:
        return web.json_response({"tasks": self.on(request.match_info["id"])})

    async def create(self, request: web.Request) -> web.Response:
        ticket, sent = self.ticket(request.match_info["id"]), await request.json()
        if ticket["status"] in {"closed", "cancelled", "rejected"}:
            return NotAllowedError(409, "Nothing is to be done of this ticket any more.").answer
        self.made += 1
        id_ = self.made
        row = {**sent, "id": id_, "number": f"{ticket['number']}.{id_}", "ticket": ticket["id"], "revision": 0}
        self.rows[str(id_)] = row
        self.touch(row, OURS, state="todo", result="")
        return web.json_response({"task": row}, status=201)

    async def change(self, request: web.Request) -> web.Response:
        row, sent = self.rows[request.match_info["task"]], await request.json()
        try:
            self.put(row, sent["state"], sent.get("result", ""), by=OURS)
        except NotAllowedError as refused:
            return refused.answer
        return web.json_response({"task": row})
