"""The simulated systems that every ticket connector is held against: one entry each in `SYSTEMS`.

What each must be able to do stands in bench.py.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from connectors.itsm import jira, remedy, servicenow
from connectors.itsm.base import (
    Ticket,
    TicketKind,
    TicketState,
    TicketSystem,
)
from connectors.itsm.mapping import Mapping as TicketMapping
from core.tickets import Decision
from sandbox.faults import Fault, Faults
from sandbox.jira import create as create_jira
from sandbox.remedy import create as create_remedy
from sandbox.servicenow import ServiceNow as ServiceNowSimulator
from sandbox.servicenow import create as create_servicenow
from tests.contract.itsm.bench import WEBHOOK_SECRET, Asked, Bench, Record, make_draft
from tests.contract.itsm.desk_bench import desk_bench


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
        await self.system.edit("change_request", ticket.external_id, {"work_notes": text})

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

    async def cancel(self, ticket: Ticket) -> None:
        await self.system.edit("change_request", ticket.external_id, {"state": "Canceled"})

    async def edit(self, ticket: Ticket, fields: Mapping[str, str]) -> None:
        await self.system.edit("change_request", ticket.external_id, fields)

    def field_write(self, ticket: Ticket) -> str:
        return f"/table/change_request/{ticket.external_id}$"

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
    writes = ("/comment$", "/transitions$")
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

    async def cancel(self, ticket: Ticket) -> None:
        await self.system.edit("issue", ticket.external_id, {"status": "Canceled", "resolution": "Won't Do"})

    async def edit(self, ticket: Ticket, fields: Mapping[str, str]) -> None:
        await self.system.edit("issue", ticket.external_id, fields)

    def field_write(self, ticket: Ticket) -> str:
        return f"/issue/{ticket.external_id}$"

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
async def serving(
    slug: str, create: Callable[..., Any], *, options: Mapping[str, Any] | None = None
) -> AsyncIterator[tuple[Any, Faults, str]]:
    """A simulated system on a free port: itself, its faults, its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/{slug}"
        faults = Faults()
        system = create(faults, base_url=url, snapshot=None)
        system.configure(dict(options or {}))
        root = web.Application()
        root.add_subapp(f"/{slug}", system.app)
        runner = web.AppRunner(root, shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield system, faults, url
        await runner.cleanup()


@contextlib.asynccontextmanager
async def servicenow_bench() -> AsyncIterator[ServiceNowBench]:
    async with serving("servicenow", create_servicenow) as (system, faults, url):
        yield ServiceNowBench(system, faults, url)


@contextlib.asynccontextmanager
async def jira_bench(deployment: str) -> AsyncIterator[JiraBench]:
    async with serving("jira", create_jira, options={"deployment": deployment}) as (system, faults, url):
        yield JiraBench(system, faults, url, deployment)


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
    holds_its_turn = False
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
            if match in {self.creation, self.noting}:
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
        await self.system.edit("change", ticket.external_id, {"comment": text})

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

    async def cancel(self, ticket: Ticket) -> None:
        reason = {"Status Reason": "No Longer Required"}
        await self.system.edit("change", ticket.external_id, {"status": "Cancelled", **reason})

    async def edit(self, ticket: Ticket, fields: Mapping[str, str]) -> None:
        await self.system.edit("change", ticket.external_id, fields)

    def field_write(self, ticket: Ticket) -> str:
        return "/entry/CHG:ChangeInterface/"

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


MAPPED: Final[Mapping[str, Callable[[], AbstractAsyncContextManager[Bench]]]] = {
    "servicenow": servicenow_bench,
    "jira-cloud": lambda: jira_bench("cloud"),
    "jira-datacenter": lambda: jira_bench("datacenter"),
    "remedy": remedy_bench,
}
"""Those whose tickets a mapping file fills; a declared system's own file says already what stands where."""

SYSTEMS: Final[Mapping[str, Callable[[], AbstractAsyncContextManager[Bench]]]] = {**MAPPED, "custom": desk_bench}

ASKING: Final = ("servicenow", "custom")
"""Those where people can be asked through the interface."""
