"""Tasks of a change: entries of TMS:Task under its root request, each with our key in a field of its own.

A change is not completed while a task of it is open, so what comes after its completion here (its validation and its
review) has no task there. A task's notes hold what is asked for, and below a line what shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from connectors.itsm.base import Refused, Ticket
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.mapping import DESCRIPTION_MAX_CHARS, SUMMARY_MAX_CHARS
from connectors.itsm.remedy.people import People
from connectors.itsm.remedy.qualification import compare
from connectors.itsm.remedy.settings import RemedySettings
from connectors.itsm.remedy.wire import KEY_START, MODIFIED, MODIFIED_BY, REQUEST_ID, SUBMITTED, Values, instant, text
from core.changes import TASK_ENDS, TaskState, TaskStep
from core.tickets import ShownTask, ToldTask

FORM: Final = "TMS:Task"
ROOT_FORM: Final = "CHG:Infrastructure Change"
ROOT: Final = "RootRequestID"
STATUS: Final = "Status"
REASON: Final = "StatusReasonSelection"
NOTES: Final = "Notes"
LINE: Final = "---- Below this line: what shows it ----"
AFTERWARDS: Final = frozenset({TaskStep.VALIDATION, TaskStep.REVIEW})
CLOSED: Final = "Closed"
_STATUSES: Final[Mapping[TaskState, str]] = {
    TaskState.OPEN: "Assigned",
    TaskState.WORKING: "Work In Progress",
    TaskState.DONE: CLOSED,
    TaskState.FAILED: CLOSED,
    TaskState.CANCELLED: CLOSED,
}
_REASONS: Final[Mapping[TaskState, str]] = {
    TaskState.DONE: "Success",
    TaskState.FAILED: "Failed",
    TaskState.CANCELLED: "Canceled",
}
_READ: Final[Mapping[str, TaskState]] = {"Work In Progress": TaskState.WORKING, "Bypassed": TaskState.CANCELLED}
_ENDS: Final = {reason.casefold(): state for state, reason in _REASONS.items()} | {"cancelled": TaskState.CANCELLED}


class ChangeTasks:
    """Reads and writes the tasks of our changes."""

    def __init__(self, client: RemedyClient, people: People, settings: RemedySettings) -> None:
        self._client = client
        self._people = people
        self._settings = settings
        self._key = settings.task_key_field

    @property
    def fields(self) -> tuple[str, ...]:
        """What is asked of an entry."""
        return (REQUEST_ID, "Task ID", ROOT, STATUS, REASON, NOTES, self._key, SUBMITTED, MODIFIED, MODIFIED_BY)

    @property
    def key_field(self) -> str:
        """The field that carries our key."""
        return self._key

    async def show(self, ticket: Ticket, tasks: Sequence[ShownTask]) -> tuple[ToldTask, ...]:
        """Each of these that has a place there is a task once, with the status that it shall have; as they are then."""
        due = [task for task in tasks if task.step not in AFTERWARDS]
        if not due:
            return ()
        rows = await self._of(ticket.external_id)
        made = [task for task in due if task.key not in rows and task.is_wanted]
        for task in made:
            await self._client.create(FORM, self._values(ticket, task))
        if made:
            rows = await self._of(ticket.external_id)
        if missing := [task for task in made if task.key not in rows]:
            raise Refused(f"Remedy took a task and does not show it with our key in {self._key}.", field=missing[0].key)
        moved = [await self._move(rows[task.key], task) for task in due if task.key in rows]
        if any(moved):
            rows = await self._of(ticket.external_id)
        return tuple([await self.told(rows[task.key]) for task in due if task.key in rows])

    async def on(self, number: str, known: Mapping[str, TaskState]) -> tuple[ToldTask, ...]:
        """Our tasks of this change as they stand; whose hand ended one is looked up only where that is not known."""
        rows = await self._rows(number)
        news = [_state(row) in TASK_ENDS and known.get(text(row[REQUEST_ID])) is not _state(row) for row in rows]
        return tuple(
            [await self.told(row) if is_news else self._said(row) for row, is_news in zip(rows, news, strict=True)]
        )

    async def told(self, row: Values) -> ToldTask:
        """A task as it stands, with who touched it last."""
        by, said = text(row[MODIFIED_BY]), self._said(row)
        name, email = await self._people.by_login(by) if not said.is_ours else ("", "")
        return replace(said, by=name or by, email=email)

    def _said(self, row: Values) -> ToldTask:
        """The same by the login alone."""
        by, at, entry = text(row[MODIFIED_BY]), instant(row[MODIFIED]), text(row[REQUEST_ID])
        base = self._settings.page_url or self._settings.url
        reason = text(row[REASON])
        return ToldTask(
            key=text(row[self._key]).removeprefix(KEY_START),
            external_id=entry,
            number=text(row["Task ID"]) or entry,
            url=f"{base}/arsys/servlet/ViewFormServlet?form={quote(FORM)}&eid={quote(entry)}",
            state=_state(row),
            label=" · ".join(each for each in (text(row[STATUS]), reason) if each),
            words=text(row[NOTES]).partition(LINE)[2].strip(),
            by=by,
            account=by,
            is_ours=by == self._settings.user,
            version=int(at.timestamp()) if at else 0,
        )

    async def _of(self, number: str) -> Mapping[str, Values]:
        """Our tasks of this change by their keys; of several with one, the first: the others are cancelled."""
        found: dict[str, Values] = {}
        for row in await self._rows(number):
            first = found.setdefault(text(row[self._key]).removeprefix(KEY_START), row)
            if first is not row and _state(row) not in TASK_ENDS:
                said = f"Created twice by an interrupted call; {text(first['Task ID'])} is the one that counts."
                await self._end(row, TaskState.CANCELLED, said)
        return found

    async def _rows(self, number: str) -> list[Values]:
        """Our tasks of this change, the first made first."""
        # All of the change's, and not by our key: what stands in a field of the company's own is theirs to index.
        page = await self._client.select(FORM, compare(ROOT, "=", number), fields=self.fields, sort=f"{SUBMITTED}.asc")
        ours = [row for row in page.rows if text(row[ROOT]) == number and text(row[self._key]).startswith(KEY_START)]
        return sorted(ours, key=lambda row: text(row[REQUEST_ID]))

    def _values(self, ticket: Ticket, task: ShownTask) -> dict[str, str]:
        return {
            "TaskName": " ".join(task.title.split())[:SUMMARY_MAX_CHARS],
            "Summary": " ".join(task.title.split())[:SUMMARY_MAX_CHARS],
            NOTES: f"{task.description[:DESCRIPTION_MAX_CHARS]}\n\n{LINE}\n",
            "TaskType": "Manual",
            STATUS: _STATUSES[TaskState.OPEN],
            "RootRequestFormName": ROOT_FORM,
            ROOT: ticket.external_id,
            "RootRequestName": ticket.number,
            "Location Company": self._settings.company,
            self._key: KEY_START + task.key,
        }

    async def _move(self, row: Values, task: ShownTask) -> bool:
        """Whether the task was moved: one that is over, or beyond what is asked, stays as it is."""
        before = _state(row)
        is_back = before is TaskState.WORKING and task.state is TaskState.OPEN
        if before in TASK_ENDS or before is task.state or is_back:
            return False
        if task.state in TASK_ENDS:
            await self._end(row, task.state, task.said)
        else:
            await self._client.modify(FORM, text(row[REQUEST_ID]), {STATUS: _STATUSES[task.state]})
        return True

    async def _end(self, row: Values, state: TaskState, said: str) -> None:
        above, _line, below = text(row[NOTES]).partition(LINE)
        notes = f"{above.rstrip()}\n\n{LINE}\n" + "\n\n".join(each for each in (below.strip(), said) if each)
        values = {STATUS: _STATUSES[state], REASON: _REASONS[state], NOTES: notes[: 2 * DESCRIPTION_MAX_CHARS]}
        await self._client.modify(FORM, text(row[REQUEST_ID]), values)


def _state(row: Values) -> TaskState:
    status = text(row[STATUS])
    if status == CLOSED:
        return _ENDS.get(text(row[REASON]).casefold(), TaskState.DONE)
    return _READ.get(status, TaskState.OPEN)
