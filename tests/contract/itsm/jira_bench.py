"""The simulated Jira, for the tests of every system."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import aiohttp
from pydantic import SecretStr

from connectors.itsm import jira
from connectors.itsm.base import (
    Ticket,
    TicketKind,
    TicketState,
    TicketSystem,
)
from connectors.itsm.mapping import Mapping as TicketMapping
from core.changes import TaskState
from sandbox.faults import Faults
from sandbox.jira import create as create_jira
from tests.contract.itsm.bench import WEBHOOK_SECRET, Bench, Record, Task
from tests.contract.itsm.serving import serving


@dataclass
class JiraBench(Bench):
    """The simulated Jira, with its governance project. `deployment` is the product that answers."""

    system: Any
    faults: Faults
    url: str
    deployment: str
    project: str = "GOV"
    settings_: Mapping[str, Any] = field(default_factory=dict)

    slug = "jira"
    person = "mia.krystof@example.com"
    look = "/search"
    creation = "/issue$"
    noting = "/comment$"
    attaching = "/attachments$"
    writes = ("/comment$", "/transitions$")
    task_creation = "/issue$"
    task_move = "/transitions$"
    task_ends: ClassVar = {TaskState.FAILED: TaskState.DONE}  # this site has no resolution that says so
    life: ClassVar = {
        TicketState.IN_APPROVAL: (TicketState.IN_APPROVAL, "Waiting for Approval"),
        TicketState.APPROVED: (TicketState.APPROVED, "Approved"),
        TicketState.IMPLEMENTING: (TicketState.IMPLEMENTING, "In Progress"),
        TicketState.IMPLEMENTED: (TicketState.IMPLEMENTING, "In Progress"),  # this workflow has no review
        TicketState.CLOSED: (TicketState.CLOSED, "Done"),
    }
    walked = ("To Do", "Waiting for Approval", "Approved", "In Progress", "Done")
    incident: ClassVar = {
        TicketState.IN_APPROVAL: (TicketState.OPEN, "Open"),
        TicketState.IMPLEMENTING: (TicketState.IMPLEMENTING, "Work in progress"),
        TicketState.IMPLEMENTED: (TicketState.IMPLEMENTED, "Resolved"),
        TicketState.CLOSED: (TicketState.CLOSED, "Closed"),
    }
    rejected = "Rejected"
    mapping = """
    fields:
      customfield_10020: "{request.reference} of {requester.name}"
      Environments: {cel: '["Production", "Staging"]'}
      Estimated cost: {cel: 'risk.score * 100'}
      assignee: lena.fox
    priorities: {high: {priority: Highest, customfield_10021: Critical}}
    users: {people: {Dana.Reyes@example.com: emma.richards}}
    states: {out: {rejected: Canceled}}
    """
    mapped: ClassVar = {
        "customfield_10020": "REQ-1042 of Dana Reyes",
        "customfield_10028": ["Production", "Staging"],
        "customfield_10029": 700.0,
        "assignee": "lena.fox@example.com",
        "priority": "Highest",
        "customfield_10021": "Critical",
        "reporter": "emma.richards@example.com",
    }
    mapped_state = (TicketKind.CHANGE, TicketState.REJECTED, "Canceled")
    choice = ("customfield_10021", "Enormous")
    field = "customfield_10020"
    other_field = "summary"
    new_fields: ClassVar = {"Environments": "Production, Staging", "customfield_10020": "As the rule says."}
    new_values: ClassVar = {
        "customfield_10028": ["Production", "Staging"],
        "customfield_10020": "As the rule says.",
    }
    describes = "description"
    reserved = "Labels"

    @property
    def is_cloud(self) -> bool:
        return self.deployment == "cloud"

    @property
    def authorization(self) -> dict[str, str]:
        known = self.system.describe()
        if self.is_cloud:
            return {"Authorization": aiohttp.encode_basic_auth(known["user"], known["api_token"])}
        return {"Authorization": f"Bearer {known['access_token']}"}

    def settings(self, **changes: Any) -> jira.JiraSettings:
        known = self.system.describe()
        credential: dict[str, Any] = (
            {"user": known["user"], "password": SecretStr(known["api_token"])}
            if self.is_cloud
            else {"access_token": SecretStr(known["access_token"])}
        )
        given: dict[str, Any] = {
            "url": self.url,
            "project": self.project,
            "change_type": "Task",
            "connect_timeout_s": 2.0,
            "read_timeout_s": 5.0,
            "total_timeout_s": 15.0,
            "webhook_secret": SecretStr(WEBHOOK_SECRET),
            **credential,
        }
        return jira.JiraSettings(**{**given, **self.settings_, **changes})

    def connect(self, **changes: Any) -> TicketSystem:
        return jira.connect(self.settings(**changes))

    def map(self, text: str) -> TicketMapping:
        """People are named as this product names them: Cloud by account id."""
        for one in self.system.records("user") if self.is_cloud else ():
            text = text.replace(f" {one['name']}", f" {one['account_id']}")
        return super().map(text)

    def values(self, key: str) -> Mapping[str, Any]:
        return next(one for one in self.system.records("issue") if f"countersign-{key}" in one["labels"])

    def incidents(self) -> JiraBench:
        """The same site, seen from its service desk, where incidents live."""
        types = {"change_type": "[System] Change", "incident_type": "[System] Incident"}
        return JiraBench(self.system, self.faults, self.url, self.deployment, "ITSM", types)

    def with_key(self, key: str, kind: TicketKind = TicketKind.CHANGE) -> list[Record]:
        found = [
            one for one in self.system.records("issue") if one["properties"].get("countersign", {}).get("key") == key
        ]
        return [self._record(one) for one in found]

    def _record(self, issue: Mapping[str, Any]) -> Record:
        own = "countersign@example.com"
        notes = tuple(one["body"] for one in issue["comments"] if one["by"] == own)
        items = [item for entry in issue["history"] for item in entry["items"] if item["field"] == "status"]
        first = items[0]["fromString"] if items else issue["status"]
        walked = (first, *(item["toString"] for item in items))
        return Record(issue["id"], issue["key"], issue["status"], notes, walked)

    async def plant(self, key: str) -> None:
        fields = {"project": {"key": self.project}, "issuetype": {"name": "Task"}, "summary": "x",
                  "labels": ["countersign", f"countersign-{key}"]}  # fmt: skip
        properties = [{"key": "countersign", "value": {"key": key, "kind": "change"}}]
        await self.post("/rest/api/2/issue", {"fields": fields, "properties": properties})

    async def note(self, ticket: Ticket, text: str) -> None:
        # On a project without customers every comment is for colleagues; it is a service desk that tells them apart.
        await self.system.edit("issue", ticket.external_id, {"comment": text, "internal": True})

    async def approve(self, ticket: Ticket) -> None:
        await self.system.edit("issue", ticket.external_id, {"status": "Approved"})

    def deciding(self) -> JiraBench:
        """Approvals are a service desk's."""
        return self.incidents()

    @property
    def approver(self) -> str:
        (person,) = [one for one in self.system.records("user") if one["name"] == "noah.park"]
        return str(person["account_id"] if self.is_cloud else person["name"])

    async def decide(self, ticket: Ticket, account: str, decision: str, *, comment: str = "") -> None:
        del comment  # an answer there carries none that its interface would tell
        await self.system.edit("issue", ticket.external_id, {"approval": decision, "by": account})

    async def finish(self, ticket: Ticket) -> None:
        await self.system.edit("issue", ticket.external_id, {"status": "Done", "resolution": "Done"})

    async def resolve(self, ticket: Ticket) -> None:
        await self.system.edit("issue", ticket.external_id, {"status": "Resolved", "resolution": "Done"})

    async def cancel(self, ticket: Ticket) -> None:
        await self.system.edit("issue", ticket.external_id, {"status": "Canceled", "resolution": "Won't Do"})

    async def edit(self, ticket: Ticket, fields: Mapping[str, str]) -> None:
        await self.system.edit("issue", ticket.external_id, fields)

    def field_write(self, ticket: Ticket) -> str:
        return f"/issue/{ticket.external_id}$"

    def attached(self, ticket: Ticket) -> list[tuple[str, int]]:
        (issue,) = (one for one in self.system.records("issue") if one["id"] == ticket.external_id)
        return [(one["filename"], one["size"]) for one in issue["attachments"]]

    @property
    def worker(self) -> str:
        (person,) = [one for one in self.system.records("user") if one["name"] == "mia.krystof"]
        return str(person["account_id"] if self.is_cloud else person["name"])

    def tasks(self, ticket: Ticket) -> list[Task]:
        states = {
            "To Do": TaskState.OPEN,
            "In Progress": TaskState.WORKING,
            "Done": TaskState.DONE,
            "Canceled": TaskState.CANCELLED,
        }
        return [
            Task(one["id"], one["key"], one["summary"], states[one["status"]],
                 "\n".join(each["body"] for each in one["comments"]))
            for one in self.system.records("issue")
            if one["parent"] == ticket.number
        ]  # fmt: skip

    async def end_task(self, task: Task, state: TaskState, words: str = "") -> None:
        done = {"status": "Done", "resolution": "Done"}
        fields = {"status": "Canceled", "resolution": "Won't Do"} if state is TaskState.CANCELLED else done
        await self.system.edit("issue", task.id, {**fields, **({"comment": words} if words else {})})

    async def reset_task(self, task: Task) -> None:
        if task.state is TaskState.WORKING:  # this workflow has no shorter way back
            await self.system.edit("issue", task.id, {"status": "Done", "resolution": "Done"})
        await self.system.edit("issue", task.id, {"status": "To Do"})

    async def delete_task(self, task: Task) -> None:
        await self.system.delete("issue", task.id)

    async def rekey_task(self, id_: str, key: str) -> None:
        await self.system.edit("issue", id_, {"labels": ["countersign", f"countersign-{key}"]})
        ours = {"key": key, "kind": "task"}
        await self.post(f"/rest/api/2/issue/{id_}/properties/countersign", ours, method="PUT")

    async def delete(self, ticket: Ticket) -> None:
        await self.system.delete("issue", ticket.external_id)

    async def add_stranger(self) -> None:
        fields = {"project": {"key": "GOV"}, "issuetype": {"name": "Task"}, "summary": "Nothing to do with us"}
        await self.post("/rest/api/2/issue", {"fields": fields})

    def send_webhooks(self, url: str, secret: str) -> None:
        self.system.configure({"webhook_url": url, "webhook_secret": secret})

    async def post(self, path: str, body: Any, *, method: str = "POST") -> Any:
        async with (
            aiohttp.ClientSession(headers=self.authorization) as session,
            session.request(method, self.url + path, json=body) as answer,
        ):
            assert answer.status < 300, await answer.text()
            return await answer.json() if answer.content_length else None


@contextlib.asynccontextmanager
async def jira_bench(deployment: str) -> AsyncIterator[JiraBench]:
    async with serving("jira", create_jira, options={"deployment": deployment}) as (system, faults, url):
        yield JiraBench(system, faults, url, deployment)
