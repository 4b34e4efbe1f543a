"""Tasks of a change: sub-tasks of its issue, where the project has an issue type for such.

Which type that is, is discovered; a project without one shows no tasks. A sub-task of ours holds its key in an entity
property, as an issue of ours does, and is found among its parent's, which the site's store knows at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from connectors.itsm.base import OutcomeUnknown, Refused, Ticket, TicketKind, TicketPatch, TicketState
from connectors.itsm.jira.client import SCREEN_ROWS, JiraClient
from connectors.itsm.jira.mapping import LABEL, SUMMARY_MAX_CHARS, key_label
from connectors.itsm.jira.moves import Moves
from connectors.itsm.jira.notes import write_once
from connectors.itsm.jira.people import People
from connectors.itsm.jira.settings import JiraSettings
from connectors.itsm.jira.text import shortened, written
from connectors.itsm.jira.wire import FIELDS, PROPERTY, IssueRecord, Person, issue, items, mapping, text
from connectors.itsm.tickets import CloseCode
from core.changes import TASK_ENDS, TaskState
from core.tickets import ShownTask, ToldTask

TASK_KIND: Final = "task"  # in the property of a sub-task of ours, where a ticket's says which kind of ticket it is
_WALKED: Final = TicketKind.EMERGENCY_CHANGE  # sub-tasks take the shortest way, as an emergency change does
_TARGETS: Final[Mapping[TaskState, TicketState]] = {
    TaskState.OPEN: TicketState.OPEN,
    TaskState.WORKING: TicketState.IMPLEMENTING,
    TaskState.DONE: TicketState.CLOSED,
    TaskState.FAILED: TicketState.CLOSED,
    TaskState.CANCELLED: TicketState.CANCELLED,
}
_READ: Final[Mapping[TicketState, TaskState]] = {
    TicketState.OPEN: TaskState.OPEN,
    TicketState.IN_APPROVAL: TaskState.OPEN,
    TicketState.APPROVED: TaskState.OPEN,
    TicketState.IMPLEMENTING: TaskState.WORKING,
    TicketState.IMPLEMENTED: TaskState.WORKING,
    TicketState.CLOSED: TaskState.DONE,
    TicketState.REJECTED: TaskState.CANCELLED,
    TicketState.CANCELLED: TaskState.CANCELLED,
}
_FAILED: Final = frozenset({"failed", "unsuccessful", "rolled back"})  # of statuses and resolutions


class SubTasks:
    """Reads and writes the sub-tasks of our issues."""

    def __init__(self, client: JiraClient, settings: JiraSettings, moves: Moves, people: People) -> None:
        self._client = client
        self._settings = settings
        self._moves = moves
        self._people = people
        self._found: Mapping[str, Any] | None = None

    async def show(self, ticket: Ticket, tasks: Sequence[ShownTask]) -> tuple[ToldTask, ...]:
        """Each of these is a sub-task once, where it shall be; as they stand then. None where there is no type."""
        type_id = text((await self._type()).get("id"))
        if not type_id:
            return ()
        known = await self._known(ticket, tasks)
        told = []
        for task in tasks:
            id_ = known.get(task.key)
            if id_ is None and not task.is_wanted:
                continue
            if id_ is None:
                id_ = await self._make(ticket, task, type_id)
            told.append(await self._moved(id_, task))
        return tuple(told)

    async def on(self, issue_id: str, known: Mapping[str, TaskState]) -> tuple[ToldTask, ...]:
        """The issue's sub-tasks of ours as the search tells of them, the first made first."""
        jql, current = f"parent = {issue_id} ORDER BY created ASC", sorted(id_ for id_ in known if id_.isdecimal())
        at: str | None = None
        rows: list[Mapping[str, Any]] = []
        while True:
            page = await self._client.search(jql, fields=FIELDS, at=at, with_history=True, current=current)
            rows += page.rows
            at = page.next
            if at is None:  # a hundred sub-tasks are one page
                break
        found = [each for row in rows if (each := await self._ours(row, known)) is not None]
        return tuple([await self.told(one) for one in sorted(found, key=lambda one: int(one.id))])

    async def _ours(self, row: Mapping[str, Any], known: Collection[str]) -> IssueRecord | None:
        """The sub-task in this row of a search, if it is one of ours."""
        record = issue(row)
        if (await self._client.site()).is_cloud:
            return record if record.kind == TASK_KIND else None
        # Data Center's search tells no properties. Our label says the same, but people copy labels.
        prefix, labels = key_label(""), map(text, items(mapping(row.get("fields")).get("labels")))
        key = next((one.removeprefix(prefix) for one in labels if one.startswith(prefix)), "")
        if record.id in known:
            return replace(record, key=key)
        read = await self._client.issue(record.id, with_history=True) if key else None
        return read if read is not None and read.kind == TASK_KIND else None

    async def told(self, record: IssueRecord) -> ToldTask:
        """A sub-task that was read with its history, as it stands."""
        site, own, state = await self._client.site(), await self._people.myself(), self._state(record)
        # Whoever closed it answers for that, whoever has touched or discussed it since.
        hand = record.last_mover if state in TASK_ENDS else record.last_hand
        return ToldTask(
            key=record.key,
            external_id=record.id,
            number=record.number,
            url=f"{site.url}/browse/{record.number}",
            state=state,
            label=record.status.name,
            words=_words(record, hand),
            by=hand.shown,
            account=hand.id,
            email=hand.email,
            is_ours=hand.id == own.id,
            version=record.version,
        )

    async def type_name(self) -> str:
        """The project's type of sub-tasks, as people see it; empty if there is none."""
        return text((await self._type()).get("name"))

    async def _type(self) -> Mapping[str, Any]:
        """The first type of sub-tasks that our account may create in the project; empty if there is none."""
        if self._found is None:
            path = f"issue/createmeta/{self._settings.project}/issuetypes"
            answer = mapping(await self._client.read(path, {"maxResults": SCREEN_ROWS}))
            rows = items(answer.get("issueTypes")) or items(answer.get("values"))
            self._found = next((one for one in map(mapping, rows) if one.get("subtask") is True), {})
        return self._found

    async def _known(self, ticket: Ticket, tasks: Sequence[ShownTask]) -> Mapping[str, str]:
        """The sub-tasks with these keys, the oldest of several."""
        row = await self._client.row(ticket.external_id, fields=("subtasks",))
        if row is None:
            raise Refused("The ticket no longer exists in Jira, or is hidden from us.", field="issue")
        listed = [text(mapping(one).get("id")) for one in items(mapping(row.get("fields")).get("subtasks"))]
        found = {task.key: task.external_id for task in tasks if task.external_id in listed}
        if len(found) == len(tasks):
            return found
        for id_ in listed:
            record = await self._client.issue(id_) if id_ not in found.values() else None
            if record is not None and record.kind == TASK_KIND:
                found.setdefault(record.key, id_)
        return found

    async def _make(self, ticket: Ticket, task: ShownTask, type_id: str) -> str:
        site = await self._client.site()
        fields = {
            "project": {"key": self._settings.project},
            "parent": {"id": ticket.external_id},
            "issuetype": {"id": type_id},
            "summary": shortened(" ".join(task.title.split()), SUMMARY_MAX_CHARS),
            "description": written(task.description, is_cloud=site.is_cloud),
            "labels": [LABEL, key_label(task.key)],
        }
        value = {"key": task.key, "kind": TASK_KIND}
        try:
            id_ = await self._client.create({"fields": fields, "properties": [{"key": PROPERTY, "value": value}]})
        except Refused:
            self._found = None  # an administrator may be changing the types
            raise
        record = await self._read(id_)
        if record.key != task.key:
            raise Refused(f"Jira created {record.number} but did not keep our key.", field="properties")
        return id_

    async def _moved(self, id_: str, task: ShownTask) -> ToldTask:
        """The sub-task where it shall be, unless it is over or beyond that; with what shows it as a comment."""
        record = await self._read(id_)
        before = self._state(record)
        is_back = before is TaskState.WORKING and task.state is TaskState.OPEN
        if before not in TASK_ENDS and before is not task.state and not is_back:
            if task.state in TASK_ENDS:
                await write_once(self._client, id_, task.said, key=f"{task.key}/{task.state}")
            code = CloseCode.UNSUCCESSFUL if task.state is TaskState.FAILED else CloseCode.SUCCESSFUL
            patch = TicketPatch(key=f"{task.key}/{task.state}", target=_TARGETS[task.state], close_code=code)
            await self._moves.move(_WALKED, id_, patch)
            record = await self._read(id_)
        return await self.told(record)

    async def _read(self, id_: str) -> IssueRecord:
        record = await self._client.issue(id_, with_history=True)
        if record is None:
            raise OutcomeUnknown("Jira does not show a sub-task that it has just told of.")
        return record

    def _state(self, record: IssueRecord) -> TaskState:
        state = _READ[self._moves.state(_WALKED, record)]
        is_bad = {record.status.name.casefold(), record.resolution.casefold()} & _FAILED
        return TaskState.FAILED if state is TaskState.DONE and is_bad else state


def _words(record: IssueRecord, hand: Person) -> str:
    """The last that this person has written there."""
    written_by = [one for one in record.comments if one.author.id == hand.id and not one.key]
    return max(written_by, key=lambda one: one.created).text if written_by else ""
