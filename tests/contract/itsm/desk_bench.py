"""The simulated desk, which a file alone declares, as a system that every ticket connector is held against."""

from __future__ import annotations

import base64
import contextlib
import itertools
import re
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Final

from pydantic import SecretStr

from connectors.itsm.base import Capabilities, Ticket, TicketKind, TicketState, TicketSystem
from connectors.itsm.custom import Custom, Spec, declared, load
from core.changes import TaskState
from core.tickets import Decision
from sandbox.faults import Fault, Faults
from tests.contract.itsm.bench import WEBHOOK_SECRET, Asked, Bench, Record, Task
from tests.contract.itsm.desk_approvals import OURS, WORKFLOW
from tests.contract.itsm.desks import SECRETS, Desk, example, listening

_LIMITS: Final = {"connect_timeout_s": "connect_s", "read_timeout_s": "read_s", "total_timeout_s": "total_s"}
_WORDS: Final = {
    "waiting": Decision.REQUESTED, "granted": Decision.APPROVED, "refused": Decision.REJECTED,
    "dropped": Decision.ENDED,
}  # fmt: skip
_TASKS: Final = {
    "todo": TaskState.OPEN, "doing": TaskState.WORKING, "done": TaskState.DONE, "failed": TaskState.FAILED,
    "dropped": TaskState.CANCELLED,
}  # fmt: skip
_ANSWERS: Final = {"approved": "granted", "rejected": "refused"}


@dataclass
class DeskBench(Bench):
    """The desk of the documentation, by the documentation's file."""

    system: Desk
    folder: Path
    files: Any = field(default_factory=itertools.count)

    slug = "desk"
    asks = "approvals"
    person = "mary"
    # Looked for by the same path before it is written; what is the end of one is the end of the other.
    look = "/tickets$"
    creation = "/api/tickets$"
    noting = "/comments$"
    attaching = "/files$"
    task_creation = "/tasks$"
    task_move = "/tasks/"
    writes = ("/comments$", "/tickets/")
    life: ClassVar = {
        TicketState.IN_APPROVAL: (TicketState.IN_APPROVAL, "review"),
        TicketState.APPROVED: (TicketState.APPROVED, "approved"),
        TicketState.IMPLEMENTING: (TicketState.IMPLEMENTING, "in_progress"),
        TicketState.IMPLEMENTED: (TicketState.IMPLEMENTED, "done"),
        TicketState.CLOSED: (TicketState.CLOSED, "closed"),
    }
    incident = life
    walked = ("new", "review", "approved", "in_progress", "done", "closed")
    rejected = "rejected"
    cancelled = "cancelled"
    field = "reason"
    other_field = "cost_centre"
    credentials = ("auth", "Check url, auth and 'find' of the file")
    tells_why = frozenset({"approved", "rejected"})
    approver = "ken.ito"

    @property
    def url(self) -> str:  # type: ignore[override]
        return self.system.url

    @property
    def faults(self) -> Faults:  # type: ignore[override]
        return self.system.faults

    @property
    def capabilities(self) -> Capabilities:
        return declared(self._file(), slug=self.slug).capabilities

    @property
    def secret(self) -> str:
        return SECRETS["DESK_TOKEN"]

    def fail(self, fault: Fault, count: int = 1, *, retry_after: float | None = None, match: str | None = None) -> None:
        for _ in range(count):
            if match in {self.creation, self.noting, self.attaching, self.task_creation}:
                self.faults.add(self.slug, Fault.SLOW, 1, 0.0, match)  # the question before the write
            self.faults.add(self.slug, fault, 1, retry_after, match)

    def met(self) -> int:
        passed = {"fault": "slow", "retry_after": 0.0}
        return sum(one["met"] for one in self.faults.listing() if {name: one[name] for name in passed} != passed)

    def settings(self, **changes: Any) -> Spec:
        """The file, read; `changes` are its address, its webhook's secret, and limits of calls."""
        secret = changes.get("webhook_secret", SecretStr(WEBHOOK_SECRET))
        spec = load(self._file(changes.get("url", self.url), secret, changes.get("token", self.secret)))
        limits = {ours: changes[name] for name, ours in _LIMITS.items() if name in changes}
        return replace(spec, limits=replace(spec.limits, **limits))

    def connect(self, **changes: Any) -> TicketSystem:
        return Custom(self.settings(**changes))

    def wrong(self) -> TicketSystem:
        return self.connect(token="wrong")

    def _file(self, url: str = "", webhook_secret: SecretStr | None = None, token: str = SECRETS["DESK_TOKEN"]) -> Path:
        """The documented file with this address and these secrets; it signs its messages by Standard Webhooks."""
        number = next(self.files)
        text = example("desk.yaml").replace("{env: DESK_TOKEN}", f"{{file: token-{number}}}")
        text = re.sub(r"^url: .*$", f"url: {url or self.url}", text, flags=re.MULTILINE)
        text = text.replace("https://desk.example.com/tickets/", f"{url or self.url}/tickets/")
        text = text[: text.index("webhook:\n")]
        (self.folder / f"token-{number}").write_text(token)
        if webhook_secret is not None:
            (self.folder / f"webhook-{number}").write_text(webhook_secret.get_secret_value())
            text += f"webhook: {{kind: standard, secret: {{file: webhook-{number}}}, id: ticket.id, number: ticket.number, by: actor}}\n"
        file = self.folder / f"desk-{number}.yaml"
        file.write_text(text)
        return file

    def values(self, key: str) -> Mapping[str, Any]:
        (ticket,) = self.system.with_key(key)
        return ticket

    def with_key(self, key: str, kind: TicketKind = TicketKind.CHANGE) -> list[Record]:
        type_ = "incident" if kind is TicketKind.INCIDENT else "rfc"
        found = [one for one in self.system.with_key(key) if one.get("type", type_) == type_]
        return [self._record(one) for one in sorted(found, key=lambda one: int(one["id"]))]

    def _record(self, ticket: Mapping[str, Any]) -> Record:
        id_ = str(ticket["id"])
        notes = tuple(one["text"] for one in self.system.comments.get(id_, ()) if one["by"] == OURS)
        return Record(id_, ticket["number"], ticket["status"], notes, tuple(ticket["walked"]))

    async def plant(self, key: str) -> None:
        self.system.add(self.person, {"title": "x", "type": "rfc", "external_ref": key})

    async def note(self, ticket: Ticket, text: str) -> None:
        self.system.note(ticket.external_id, text, self.person)

    async def approve(self, ticket: Ticket) -> None:
        for row in self.system.approvals.on(ticket.external_id):
            if row["state"] == "waiting":
                self.system.approvals.put(row, "granted", "", by=row["approver"]["login"])

    def asked(self, ticket: Ticket, account: str) -> list[Asked]:
        return [Asked(str(row["id"]), _WORDS[row["state"]]) for row in self._rows(ticket, account)]

    def workflow(self, ticket: Ticket) -> list[dict[str, Any]]:
        """What the desk's own workflow asks."""
        return [dict(row) for row in self.system.approvals.on(ticket.external_id) if row["asked_by"] == WORKFLOW]

    async def decide(self, ticket: Ticket, account: str, decision: str, *, comment: str = "") -> None:
        (row,) = [one for one in self._rows(ticket, account) if one["state"] == "waiting"]
        self.system.approvals.put(row, _ANSWERS[decision], comment, by=account)

    async def overwrite(self, ticket: Ticket, approval: str) -> None:
        row = self.system.approvals.rows[approval]
        self.system.approvals.touch(row, self.person, state="granted")

    async def finish(self, ticket: Ticket) -> None:
        self.system.move(self._ticket(ticket), "closed", self.person)

    async def resolve(self, ticket: Ticket) -> None:
        self.system.move(self._ticket(ticket), self.incident[TicketState.IMPLEMENTED][1], self.person)

    async def cancel(self, ticket: Ticket) -> None:
        self.system.move(self._ticket(ticket), "cancelled", self.person)
        await self.system.tell(self._ticket(ticket), self.person)

    async def edit(self, ticket: Ticket, fields: Mapping[str, str]) -> None:
        self.system.touch(self._ticket(ticket), self.person, **fields)

    def field_write(self, ticket: Ticket) -> str:
        return f"/tickets/{ticket.external_id}$"

    def attached(self, ticket: Ticket) -> list[tuple[str, int]]:
        held = self.system.files.get(ticket.external_id, [])
        return [(one["name"], len(base64.b64decode(one["content"]))) for one in held]

    def tasks(self, ticket: Ticket) -> list[Task]:
        rows = self.system.tasks.on(ticket.external_id)
        return [Task(str(one["id"]), one["number"], one["title"], _TASKS[one["state"]], one["result"]) for one in rows]

    async def end_task(self, task: Task, state: TaskState, words: str = "") -> None:
        theirs = next(name for name, ours in _TASKS.items() if ours is state)
        self.system.tasks.put(self.system.tasks.rows[task.id], theirs, words, by=self.person)

    async def reset_task(self, task: Task) -> None:
        self.system.tasks.put(self.system.tasks.rows[task.id], "todo", "", by=self.person)

    async def delete_task(self, task: Task) -> None:
        del self.system.tasks.rows[task.id]

    async def rekey_task(self, id_: str, key: str) -> None:
        row = self.system.tasks.rows[id_]
        (name,) = [name for name, value in row.items() if str(value).endswith("planted-0001:testing")]
        row[name] = str(row[name]).replace("planted-0001:testing", key)

    async def delete(self, ticket: Ticket) -> None:
        del self.system.tickets[ticket.external_id]

    async def add_stranger(self) -> None:
        self.system.add(self.person, {"title": "Nothing to do with us", "type": "incident", "external_ref": None})

    def send_webhooks(self, url: str, secret: str) -> None:
        self.system.hook = (url, secret)

    def _ticket(self, ticket: Ticket) -> dict[str, Any]:
        return self.system.tickets[ticket.external_id]

    def _rows(self, ticket: Ticket, account: str) -> list[dict[str, Any]]:
        rows = self.system.approvals.on(ticket.external_id)
        return [row for row in rows if row["approver"]["login"] == account]


@contextlib.asynccontextmanager
async def desk_bench() -> AsyncIterator[DeskBench]:
    desk = Desk()
    with tempfile.TemporaryDirectory() as folder:
        async with listening(desk):
            yield DeskBench(desk, Path(folder))
