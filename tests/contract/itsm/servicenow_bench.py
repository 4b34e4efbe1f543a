"""The simulated ServiceNow, for the tests of every system."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import aiohttp
from pydantic import SecretStr

from connectors.itsm import servicenow
from connectors.itsm.base import (
    Ticket,
    TicketKind,
    TicketState,
    TicketSystem,
)
from core.changes import TaskState
from core.tickets import Decision
from sandbox.faults import Faults
from sandbox.servicenow import ServiceNow as ServiceNowSimulator
from sandbox.servicenow import create as create_servicenow
from tests.contract.itsm.bench import WEBHOOK_SECRET, Asked, Bench, Record, Task
from tests.contract.itsm.serving import serving


@dataclass
class ServiceNowBench(Bench):
    """The simulated ServiceNow."""

    system: ServiceNowSimulator
    faults: Faults
    url: str

    slug = "servicenow"
    asks = "sysapproval_approver"
    tells_why = frozenset({"approved", "rejected"})
    person = "beth.anglin"
    look = "/table/change_request$"
    creation = "/change/normal$"
    noting = "/table/change_request/"
    attaching = "attachment/file$"
    task_creation = "/table/change_task$"
    task_move = "/table/change_task/"
    writes = ("/table/change_request/", "/sn_chg_rest/change/", "/table/sysapproval_approver/")
    life: ClassVar = {
        TicketState.IN_APPROVAL: (TicketState.IN_APPROVAL, "Assess"),
        TicketState.APPROVED: (TicketState.APPROVED, "Scheduled"),
        TicketState.IMPLEMENTING: (TicketState.IMPLEMENTING, "Implement"),
        TicketState.IMPLEMENTED: (TicketState.IMPLEMENTED, "Review"),
        TicketState.CLOSED: (TicketState.CLOSED, "Closed"),
    }
    walked = ("-5", "-4", "-3", "-2", "-1", "0", "3")
    incident: ClassVar = {
        TicketState.IN_APPROVAL: (TicketState.OPEN, "New"),
        TicketState.IMPLEMENTING: (TicketState.IMPLEMENTING, "In Progress"),
        TicketState.IMPLEMENTED: (TicketState.IMPLEMENTED, "Resolved"),
        TicketState.CLOSED: (TicketState.CLOSED, "Closed"),
    }
    rejected = "Canceled"
    mapping = """
    users: {people: {Dana.Reyes@example.com: fred.luddy}}
    kinds:
      change:
        fields:
          justification: "{request.reference}: {request.justification}"
          implementation_plan: {cel: 'resource.name + ", " + stages.map(s, s.title)[0]'}
          cab_required: {cel: 'risk.score > 5'}
          start_date: "{request.created_at}"
        priorities: {high: {risk: 1, impact: 1}}
      incident: {states: {out: {closed: 6}}}
    """
    mapped: ClassVar = {
        "justification": "REQ-1042: Reads invoices and books them.",
        "implementation_plan": "invoice-reader, Security review",
        "cab_required": "true",
        "start_date": "2026-03-02 09:00:00",
        "risk": "1",
        "impact": "1",
        "requested_by": "Fred Luddy",
    }
    mapped_state = (TicketKind.INCIDENT, TicketState.CLOSED, "Resolved")
    choice = ("risk", "9")
    read_only = "std_change_producer_version"
    field = "justification"
    other_field = "backout_plan"
    new_fields: ClassVar = {"backout_plan": "Undo it all."}
    new_values: ClassVar = {"backout_plan": "Undo it all."}
    describes = "description"
    reserved = "work_notes"
    _labels: ClassVar = {
        "-5": "New", "-4": "Assess", "-3": "Authorize", "-2": "Scheduled", "-1": "Implement", "0": "Review",
        "3": "Closed", "4": "Canceled",
    }  # fmt: skip

    @property
    def authorization(self) -> dict[str, str]:
        known = self.system.describe()
        return {"Authorization": aiohttp.encode_basic_auth(str(known["user"]), str(known["password"]))}

    def settings(self, **changes: Any) -> servicenow.ServiceNowSettings:
        known = self.system.describe()
        given: dict[str, Any] = {
            "url": self.url,
            "user": str(known["user"]),
            "password": SecretStr(str(known["password"])),
            "assignment_group": "AI Platform",
            "connect_timeout_s": 2.0,
            "read_timeout_s": 5.0,
            "total_timeout_s": 15.0,
            "webhook_secret": SecretStr(WEBHOOK_SECRET),
        }
        return servicenow.ServiceNowSettings(**{**given, **changes})

    def connect(self, **changes: Any) -> TicketSystem:
        return servicenow.connect(self.settings(**changes))

    def values(self, key: str) -> Mapping[str, Any]:
        (row,) = (row for row in self.system.records("change_request") if row["correlation_id"] == key)
        return {**row, "requested_by": row["display"].get("requested_by")}

    def with_key(self, key: str, kind: TicketKind = TicketKind.CHANGE) -> list[Record]:
        table = "incident" if kind is TicketKind.INCIDENT else "change_request"
        rows = [row for row in self.system.records(table) if row["correlation_id"] == key]
        return [self._record(row) for row in sorted(rows, key=lambda row: str(row["number"]))]

    def _record(self, row: Mapping[str, Any]) -> Record:
        moves = [change["fields"]["state"][1] for change in row["history"] if "state" in change["fields"]]
        own = str(self.system.describe()["user"])
        written = (entry for entry in row["journal"] if entry["element"] == "work_notes")
        notes = tuple(entry["value"] for entry in written if entry.get("sys_created_by", own) == own)
        label = self._labels.get(str(row["state"]), str(row["state"]))
        return Record(str(row["sys_id"]), str(row["number"]), label, notes, tuple(one for one in moves if one))

    async def plant(self, key: str) -> None:
        body = {"short_description": "x", "correlation_id": key, "assignment_group": "AI Platform"}
        await self._post("/api/sn_chg_rest/change/normal", body, expected=200)

    async def note(self, ticket: Ticket, text: str) -> None:
        table = "incident" if ticket.kind is TicketKind.INCIDENT else "change_request"
        await self.system.edit(table, ticket.external_id, {"work_notes": text})

    async def approve(self, ticket: Ticket) -> None:
        while asked := [one for one in self.system.records("sysapproval_approver") if one["state"] == "requested"]:
            decision = {"state": "approved", "sys_updated_by": self.person}
            await self.system.edit("sysapproval_approver", asked[0]["sys_id"], decision)

    @property
    def approver(self) -> str:
        return "fred.luddy"

    def approvals(self, ticket: Ticket, account: str) -> list[dict[str, Any]]:
        """The person's rows on the ticket."""
        (who,) = [one["sys_id"] for one in self.system.records("sys_user") if one["user_name"] == account]
        rows = self.system.records("sysapproval_approver")
        return [one for one in rows if (one["sysapproval"], one["approver"]) == (ticket.external_id, who)]

    def workflow(self, ticket: Ticket) -> list[dict[str, Any]]:
        return [one for one in self.system.records("sysapproval_approver") if one["group"]]

    async def overwrite(self, ticket: Ticket, approval: str) -> None:
        fields = {"state": "approved", "sys_updated_by": self.person}
        await self.system.edit("sysapproval_approver", approval, fields)

    def asked(self, ticket: Ticket, account: str) -> list[Asked]:
        decisions = {str(one): one for one in Decision}
        rows = self.approvals(ticket, account)
        return [Asked(one["sys_id"], decisions.get(one["state"], Decision.ENDED)) for one in rows]

    async def decide(self, ticket: Ticket, account: str, decision: str, *, comment: str = "") -> None:
        (row,) = [one for one in self.approvals(ticket, account) if one["state"] == "requested"]
        fields = {"state": decision, "sys_updated_by": account, **({"comments": comment} if comment else {})}
        await self.system.edit("sysapproval_approver", row["sys_id"], fields)

    async def finish(self, ticket: Ticket) -> None:
        closing = {"state": "Closed", "close_code": "successful", "close_notes": "Done by hand."}
        await self.system.edit("change_request", ticket.external_id, closing)

    async def resolve(self, ticket: Ticket) -> None:
        resolving = {"state": "Resolved", "close_code": "Solved (Permanently)", "close_notes": "Restarted."}
        await self.system.edit("incident", ticket.external_id, resolving)

    async def cancel(self, ticket: Ticket) -> None:
        await self.system.edit("change_request", ticket.external_id, {"state": "Canceled"})

    async def edit(self, ticket: Ticket, fields: Mapping[str, str]) -> None:
        table = "incident" if ticket.kind is TicketKind.INCIDENT else "change_request"
        await self.system.edit(table, ticket.external_id, fields)

    def field_write(self, ticket: Ticket) -> str:
        return f"/table/change_request/{ticket.external_id}$"

    def attached(self, ticket: Ticket) -> list[tuple[str, int]]:
        held = self.system.records("sys_attachment")
        return [(one["file_name"], int(one["size_bytes"])) for one in held if one["table_sys_id"] == ticket.external_id]

    def tasks(self, ticket: Ticket) -> list[Task]:
        rows = [one for one in self.system.records("change_task") if one["change_request"] == ticket.external_id]
        return [_task(row) for row in sorted(rows, key=lambda row: str(row["number"]))]

    async def end_task(self, task: Task, state: TaskState, words: str = "") -> None:
        fields = {"state": "Canceled", "close_notes": words}
        if state is not TaskState.CANCELLED:
            code = "unsuccessful" if state is TaskState.FAILED else "successful"
            fields = {"state": "Closed", "close_code": code, "close_notes": words or "."}
        await self.system.edit("change_task", task.id, {**fields, "sys_updated_by": self.person})

    async def reset_task(self, task: Task) -> None:
        await self.system.edit("change_task", task.id, {"state": "Open", "sys_updated_by": self.person})

    async def delete_task(self, task: Task) -> None:
        await self.system.delete("change_task", task.id)

    async def rekey_task(self, id_: str, key: str) -> None:
        await self.system.edit("change_task", id_, {"correlation_id": key})

    async def delete(self, ticket: Ticket) -> None:
        await self.system.delete("change_request", ticket.external_id)

    async def add_stranger(self) -> None:
        await self._post("/api/now/table/incident", {"correlation_display": "Datadog"}, expected=201)

    def send_webhooks(self, url: str, secret: str) -> None:
        self.system.configure({"webhook_url": url, "webhook_secret": secret})

    async def _post(self, path: str, body: Mapping[str, Any], *, expected: int) -> None:
        async with (
            aiohttp.ClientSession(headers=self.authorization) as session,
            session.post(self.url + path, json=body) as answer,
        ):
            assert answer.status == expected


def _task(row: Mapping[str, Any]) -> Task:
    states = {"1": TaskState.OPEN, "2": TaskState.WORKING, "3": TaskState.DONE, "4": TaskState.CANCELLED}
    state = TaskState.FAILED if row["close_code"] == "unsuccessful" else states[str(row["state"])]
    return Task(str(row["sys_id"]), str(row["number"]), row["short_description"], state, row["close_notes"])


@contextlib.asynccontextmanager
async def servicenow_bench() -> AsyncIterator[ServiceNowBench]:
    async with serving("servicenow", create_servicenow) as (system, faults, url):
        yield ServiceNowBench(system, faults, url)
