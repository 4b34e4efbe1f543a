"""The simulated Remedy, for the tests of every system."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import SecretStr

from connectors.itsm import remedy
from connectors.itsm.base import (
    Ticket,
    TicketKind,
    TicketState,
    TicketSystem,
)
from core.changes import TaskState, TaskStep
from sandbox.faults import Fault, Faults
from sandbox.remedy import create as create_remedy
from tests.contract.itsm.bench import WEBHOOK_SECRET, Bench, Record, Task, make_draft
from tests.contract.itsm.serving import serving


@dataclass
class RemedyBench(Bench):
    """The simulated Remedy."""

    system: Any
    faults: Faults
    url: str

    slug = "remedy"
    tells_why = frozenset({"rejected"})
    person = "Mary"
    look = "/entry/CHG:ChangeInterface$"
    creation = "/CHG:ChangeInterface_Create$"
    noting = "/CHG:WorkLog$"
    attaching = "/entry/CHG:WorkLog$"
    task_creation = "/entry/TMS:Task$"
    task_move = "/entry/TMS:Task/"
    task_steps: ClassVar = tuple(step for step in TaskStep if step not in {TaskStep.VALIDATION, TaskStep.REVIEW})
    writes = ("/CHG:WorkLog$", "/entry/CHG:ChangeInterface/", "/entry/AP:Detail-Signature/")
    life: ClassVar = {
        TicketState.IN_APPROVAL: (TicketState.IN_APPROVAL, "Request For Authorization"),
        TicketState.APPROVED: (TicketState.APPROVED, "Scheduled"),
        TicketState.IMPLEMENTING: (TicketState.IMPLEMENTING, "Implementation In Progress"),
        TicketState.IMPLEMENTED: (TicketState.IMPLEMENTED, "Completed"),
        TicketState.CLOSED: (TicketState.CLOSED, "Closed"),
    }
    walked = (
        "Draft", "Request For Authorization", "Planning In Progress", "Scheduled For Approval", "Scheduled",
        "Implementation In Progress", "Completed", "Closed",
    )  # fmt: skip
    incident: ClassVar = {
        TicketState.IN_APPROVAL: (TicketState.OPEN, "New"),
        TicketState.IMPLEMENTING: (TicketState.IMPLEMENTING, "In Progress"),
        TicketState.IMPLEMENTED: (TicketState.IMPLEMENTED, "Resolved"),
        TicketState.CLOSED: (TicketState.CLOSED, "Closed"),
    }
    rejected = "Rejected"
    cancelled = "Cancelled"
    field = "Reason For Change"
    other_field = "Description"
    new_fields: ClassVar = {"Change Environment": "Production", "ASCPY": "The desk"}
    new_values: ClassVar = {"Change Environment": "Production", "ASCPY": "The desk"}
    describes = "Detailed Description"
    reserved = "Status"
    mapping = """
    users: {people: {Dana.Reyes@example.com: Allen}}
    kinds:
      change:
        fields:
          Reason For Change: "{request.reference}: {request.justification}"
          Change Environment: {value: "{resource.environment}", values: {prod: Production, dev: Development}}
          ASCPY: {cel: 'requester.title + ", " + requester.email'}
        priorities: {high: {Risk Level: Risk Level 5, Impact: 1-Extensive/Widespread}}
      incident: {states: {out: {in_approval: Assigned}}}
    """
    mapped: ClassVar = {
        "Reason For Change": "REQ-1042: Reads invoices and books them.",
        "Change Environment": "Production",
        "ASCPY": "Developer, dana.reyes@example.com",
        "Risk Level": "Risk Level 5",
        "Impact": "1-Extensive/Widespread",
        "First Name": "Allen",
        "Last Name": "Allbrook",
    }
    mapped_state = (TicketKind.INCIDENT, TicketState.IN_APPROVAL, "Assigned")
    choice = ("Impact", "Enormous")
    read_only = "Change_Entry_ID"

    def fail(self, fault: Fault, count: int = 1, *, retry_after: float | None = None, match: str | None = None) -> None:
        for _ in range(count):
            if match in {self.creation, self.noting, self.task_creation}:
                # Asked for by the same path before it is written: the fault is meant for the write.
                self.faults.add(self.slug, Fault.SLOW, 1, 0.0, match)
            self.faults.add(self.slug, fault, 1, retry_after, match)

    def met(self) -> int:
        passed = {"fault": "slow", "retry_after": 0.0}
        return sum(one["met"] for one in self.faults.listing() if {name: one[name] for name in passed} != passed)

    def settings(self, **changes: Any) -> remedy.RemedySettings:
        known = self.system.describe()
        given: dict[str, Any] = {
            "url": self.url,
            "user": known["user"],
            "password": SecretStr(known["password"]),
            "company": known["company"],
            "first_name": known["person"]["first_name"],
            "last_name": known["person"]["last_name"],
            "assignment_group": "AI Platform",
            "connect_timeout_s": 2.0,
            "read_timeout_s": 5.0,
            "total_timeout_s": 15.0,
            "webhook_secret": SecretStr(WEBHOOK_SECRET),
        }
        return remedy.RemedySettings(**{**given, **changes})

    def connect(self, **changes: Any) -> TicketSystem:
        return remedy.connect(self.settings(**changes))

    def values(self, key: str) -> Mapping[str, Any]:
        (row,) = (one for one in self.system.records("change") if one["Vendor Ticket Number"] == f"countersign:{key}")
        return dict(row)

    def with_key(self, key: str, kind: TicketKind = TicketKind.CHANGE) -> list[Record]:
        type_ = "incident" if kind is TicketKind.INCIDENT else "change"
        rows = [one for one in self.system.records(type_) if one["Vendor Ticket Number"] == f"countersign:{key}"]
        return [self._record(row) for row in sorted(rows, key=lambda row: str(row["number"]))]

    def _record(self, row: Mapping[str, Any]) -> Record:
        field_ = "Status" if row["type"] == "HPD:Help Desk" else "Change Request Status"
        moves = [change["fields"][field_][1] for change in row["history"] if field_ in change["fields"]]
        own = self.system.describe()["user"]
        notes = tuple(one["text"] for one in row["worklog"] if one["by"] == own)
        return Record(row["number"], row["number"], row[field_], notes, tuple(moves))

    async def plant(self, key: str) -> None:
        connected = self.connect()
        ticket = await connected.create(make_draft(f"planted-{len(self.system.records('change'))}"))
        await connected.close()
        await self.system.edit("change", ticket.number, {"Vendor Ticket Number": f"countersign:{key}"})

    async def note(self, ticket: Ticket, text: str) -> None:
        type_ = "incident" if ticket.kind is TicketKind.INCIDENT else "change"
        await self.system.edit(type_, ticket.external_id, {"comment": text})

    async def approve(self, ticket: Ticket) -> None:
        await self.system.edit("change", ticket.external_id, {"approval": "approve", "by": self.person})
        window = {"Scheduled Start Date": 1_800_000_000, "Scheduled End Date": 1_800_003_600}
        await self.system.edit("change", ticket.external_id, {"status": "Scheduled For Approval", **window})
        await self.system.edit("change", ticket.external_id, {"approval": "approve", "by": self.person})

    @property
    def approver(self) -> str:
        return "Mary"

    async def decide(self, ticket: Ticket, account: str, decision: str, *, comment: str = "") -> None:
        word = {"approved": "approve", "rejected": "reject"}[decision]
        fields = {"approval": word, "by": account, **({"comment": comment} if comment else {})}
        await self.system.edit("change", ticket.external_id, fields)

    async def finish(self, ticket: Ticket) -> None:
        await self.system.edit("change", ticket.external_id, {"status": "Closed"})

    async def resolve(self, ticket: Ticket) -> None:
        resolving = {"status": "Resolved", "Status_Reason": "No Further Action Required", "Resolution": "Restarted."}
        await self.system.edit("incident", ticket.external_id, resolving)

    async def cancel(self, ticket: Ticket) -> None:
        reason = {"Status Reason": "No Longer Required"}
        await self.system.edit("change", ticket.external_id, {"status": "Cancelled", **reason})

    async def edit(self, ticket: Ticket, fields: Mapping[str, str]) -> None:
        type_ = "incident" if ticket.kind is TicketKind.INCIDENT else "change"
        await self.system.edit(type_, ticket.external_id, fields)

    def field_write(self, ticket: Ticket) -> str:
        return "/entry/CHG:ChangeInterface/"

    def attached(self, ticket: Ticket) -> list[tuple[str, int]]:
        (row,) = (one for one in self.system.records("change") if one["number"] == ticket.external_id)
        return [(one["name"], one["size"]) for log in row["worklog"] for one in log["files"]]

    def tasks(self, ticket: Ticket) -> list[Task]:
        ends = {"Success": TaskState.DONE, "Failed": TaskState.FAILED, "Canceled": TaskState.CANCELLED}
        states = {"Assigned": TaskState.OPEN, "Work In Progress": TaskState.WORKING}
        return [
            Task(one["id"], one["number"], one["TaskName"],
                 states.get(one["Status"]) or ends[one["StatusReasonSelection"]], one["Notes"])
            for one in self.system.records("task")
            if one["RootRequestID"] == ticket.number
        ]  # fmt: skip

    async def end_task(self, task: Task, state: TaskState, words: str = "") -> None:
        reasons = {TaskState.DONE: "Success", TaskState.FAILED: "Failed", TaskState.CANCELLED: "Canceled"}
        notes = {"Notes": f"{task.words}\n{words}"} if words else {}
        await self.system.edit("task", task.id, {"status": "Closed", "StatusReasonSelection": reasons[state], **notes})

    async def reset_task(self, task: Task) -> None:
        await self.system.edit("task", task.id, {"status": "Assigned"})

    async def delete_task(self, task: Task) -> None:
        await self.system.delete("task", task.id)

    async def rekey_task(self, id_: str, key: str) -> None:
        await self.system.edit("task", id_, {"ElectronicField1": f"countersign:{key}"})

    async def delete(self, ticket: Ticket) -> None:
        await self.system.delete("change", ticket.external_id)

    async def add_stranger(self) -> None:
        (other,) = self.system.records("change")
        await self.system.edit("change", other["number"], {"comment": "Nothing to do with us"})

    def send_webhooks(self, url: str, secret: str) -> None:
        self.system.configure({"webhook_url": url, "webhook_secret": secret})


@contextlib.asynccontextmanager
async def remedy_bench() -> AsyncIterator[RemedyBench]:
    async with serving("remedy", create_remedy) as (system, faults, url):
        yield RemedyBench(system, faults, url)
