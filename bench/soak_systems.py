"""The four simulated ticket systems of the soak, and their tickets in words that are the same for all."""

from __future__ import annotations

import contextlib
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from bench.soak_desk import FILE, Desk
from core.clock import SystemClock
from sandbox.faults import Faults
from sandbox.jira import create as create_jira
from sandbox.remedy import create as create_remedy
from sandbox.servicenow import create as create_servicenow

HOST: Final = "127.0.0.1"
DESK: Final = "soak-desk"
READ_TIMEOUT_S: Final = 1.0  # what hangs shall be over soon
# Where a ticket ends up there, for what happened last to the request or bypass that it stands for.
_SERVICENOW: Final = {
    "request.opened": "Assess", "request.approved": "Scheduled", "request.rejected": "Canceled",
    "request.withdrawn": "Canceled", "request.used": "Implement", "request.outcome": "Closed",
    "bypass.granted": "Implement", "bypass.ended": "Review", "bypass.reviewed": "Closed",
}  # fmt: skip
_JIRA: Final = {
    "request.opened": "Waiting for Approval", "request.approved": "Approved",
    "request.rejected": "Rejected or Canceled",  # the latter before approval was asked for there
    "request.withdrawn": "Canceled", "request.used": "In Progress", "request.outcome": "Done",
    "bypass.granted": "In Progress", "bypass.ended": "In Progress", "bypass.reviewed": "Done",
}  # fmt: skip
_REMEDY: Final = {
    "request.opened": "Request For Authorization", "request.approved": "Scheduled",
    "request.rejected": "Rejected or Cancelled",  # the latter before an approval is open there
    "request.withdrawn": "Cancelled", "request.used": "Implementation In Progress", "request.outcome": "Closed",
    "bypass.granted": "Implementation In Progress", "bypass.ended": "Completed", "bypass.reviewed": "Closed",
}  # fmt: skip
_DESK: Final = {
    "request.opened": "review", "request.approved": "approved", "request.rejected": "rejected",
    "request.withdrawn": "cancelled", "request.used": "in_progress", "request.outcome": "closed",
    "bypass.granted": "in_progress", "bypass.ended": "done", "bypass.reviewed": "closed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """A ticket as its system keeps it. `notes` are ours, oldest first."""

    number: str
    summary: str
    description: str
    state: str
    notes: tuple[str, ...]
    files: tuple[str, ...] = ()  # by their names
    asked: tuple[tuple[str, str], ...] = ()  # who is asked there, and how that stands; of the desk alone


@dataclass(frozen=True, slots=True)
class SoakSystem:
    """One running system: whose tickets it keeps, how the product reaches it, what states are called there."""

    slug: str
    tenant: str
    settings: Mapping[str, Any]  # the section of the product's settings; of a declared system, its entry
    states: Mapping[str, str]
    tickets: Callable[[], Iterable[tuple[str, Kept]]]  # with the key that each carries

    def by_key(self) -> dict[str, list[Kept]]:
        """Every ticket that carries a key of ours."""
        found: dict[str, list[Kept]] = defaultdict(list)
        for key, kept in self.tickets():
            found[key].append(kept)
        return found


@contextlib.asynccontextmanager
async def systems(faults: Faults, folder: Path) -> AsyncIterator[tuple[SoakSystem, ...]]:
    """All four, answering on one port of this machine; the declared one has its file in `folder`."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        origin = f"http://{HOST}:{listener.getsockname()[1]}"
        root = web.Application()
        built = _built(faults, origin, folder, root)
        runner = web.AppRunner(root, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            yield built
        finally:
            await runner.cleanup()


def _built(faults: Faults, origin: str, folder: Path, root: web.Application) -> tuple[SoakSystem, ...]:
    simulated = {}
    for slug, create in (("servicenow", create_servicenow), ("jira", create_jira), ("remedy", create_remedy)):
        simulated[slug] = create(faults, base_url=f"{origin}/{slug}", snapshot=None)
        root.add_subapp(f"/{slug}", simulated[slug].app)
    desk = Desk(faults, slug=DESK, now=lambda: SystemClock().now().isoformat())
    root.add_subapp("/desk", desk.app)
    file = folder / "desk.yaml"
    file.write_text(FILE.format(url=f"{origin}/desk"))
    return (
        _servicenow(simulated["servicenow"], f"{origin}/servicenow"),
        _jira(simulated["jira"], f"{origin}/jira"),
        _remedy(simulated["remedy"], f"{origin}/remedy"),
        _desk(desk, file),
    )


def _section(known: Mapping[str, Any], url: str, tenant: str) -> dict[str, Any]:
    return {
        "url": url,
        "user": known["user"],
        "password": known["password"],
        "tenant": tenant,
        "read_timeout_s": READ_TIMEOUT_S,
    }


def _servicenow(system: Any, url: str) -> SoakSystem:
    def tickets() -> Iterable[tuple[str, Kept]]:
        files: dict[str, list[str]] = defaultdict(list)
        for row in system.records("sys_attachment"):
            files[row["table_sys_id"]].append(row["file_name"])
        for row in system.records("change_request"):
            notes = tuple(one["value"] for one in row["journal"] if one["element"] == "work_notes")
            state = row["display"]["state"]
            yield (
                row["correlation_id"],
                Kept(
                    row["number"],
                    row["short_description"],
                    row["description"],
                    state,
                    notes,
                    tuple(files[row["sys_id"]]),
                ),
            )

    section = {**_section(system.describe(), url, "alpha"), "assignment_group": "AI Platform"}
    return SoakSystem("servicenow", "alpha", section, _SERVICENOW, tickets)


def _jira(system: Any, url: str) -> SoakSystem:
    known = system.describe()

    def tickets() -> Iterable[tuple[str, Kept]]:
        for row in system.records("issue"):
            key = row["properties"].get("countersign", {}).get("key", "")
            notes = tuple(one["body"] for one in row["comments"] if one["by"] == row["creator"])
            files = tuple(one["filename"] for one in row["attachments"])
            yield key, Kept(row["key"], row["summary"], row["description"] or "", row["status"], notes, files)

    section = {**_section({**known, "password": known["api_token"]}, url, "beta"), "project": known["project"]}
    return SoakSystem("jira", "beta", section, _JIRA, tickets)


def _remedy(system: Any, url: str) -> SoakSystem:
    known = system.describe()

    def tickets() -> Iterable[tuple[str, Kept]]:
        for row in system.records("change"):
            key = str(row["Vendor Ticket Number"] or "").removeprefix("countersign:")
            ours = [one for one in row["worklog"] if one["by"] == known["user"]]
            notes = tuple(one["text"] for one in ours if not one["files"])
            files = tuple(each["name"] for one in ours for each in one["files"])
            state = row["Change Request Status"]
            yield key, Kept(row["number"], row["Description"], row["Detailed Description"] or "", state, notes, files)

    person = {"company": known["company"], **known["person"], "assignment_group": "AI Platform"}
    return SoakSystem("remedy", "gamma", {**_section(known, url, "gamma"), **person}, _REMEDY, tickets)


def _desk(desk: Desk, file: Path) -> SoakSystem:
    def tickets() -> Iterable[tuple[str, Kept]]:
        for row in desk.tickets.values():
            notes = tuple(one["text"] for one in row["comments"])
            id_ = str(row["id"])
            files = tuple(desk.files.get(id_, ()))
            kept = Kept(row["number"], row["title"], row["text"], row["status"], notes, files, desk.asked.on(id_))
            yield row["external_ref"], kept

    return SoakSystem(DESK, "delta", {"slug": DESK, "tenant": "delta", "file": str(file)}, _DESK, tickets)
