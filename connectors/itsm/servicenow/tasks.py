"""Tasks of a change: rows of change_task that are ours, known by their correlation id.

An instance's own workflow makes tasks too; those are left as they are. A task that is closed or canceled takes no more
changes of its state, so none of ours is ever opened again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog

from connectors.itsm.base import Refused, Ticket
from connectors.itsm.servicenow.client import Row, ServiceNowClient
from connectors.itsm.servicenow.lookups import Lookups
from connectors.itsm.servicenow.mapping import (
    CHANGE_CLOSE_CODES,
    DESCRIPTION_MAX_CHARS,
    DISPLAY,
    SUMMARY_MAX_CHARS,
    shortened,
)
from connectors.itsm.servicenow.settings import ServiceNowSettings
from connectors.itsm.servicenow.walking import touched_rows
from connectors.itsm.servicenow.wire import code, condition, instant, query, text
from connectors.itsm.tickets import CloseCode
from core.changes import TASK_ENDS, TaskState
from core.tickets import ShownTask, ToldTask

TABLE: Final = "change_task"
CANCELED: Final = "4"
CLOSE_NOTES_MAX_CHARS: Final = 4000  # task.close_notes
FIELDS: Final = (
    "sys_id", "number", "state", "close_code", "close_notes", "change_request", "correlation_id", "correlation_display",
    "closed_by.user_name", "sys_created_on", "sys_updated_on", "sys_updated_by", "sys_mod_count",
)  # fmt: skip
STATES: Final[Mapping[TaskState, str]] = {
    TaskState.OPEN: "1",
    TaskState.WORKING: "2",
    TaskState.DONE: "3",
    TaskState.FAILED: "3",  # with a close code that says so
    TaskState.CANCELLED: CANCELED,
}
_LABELS: Final[Mapping[str, str]] = {"-5": "Pending", "1": "Open", "2": "In Progress", "3": "Closed", "4": "Canceled"}
_READ: Final[Mapping[str, TaskState]] = {
    "-5": TaskState.OPEN,
    "1": TaskState.OPEN,
    "2": TaskState.WORKING,
    "3": TaskState.DONE,
    "4": TaskState.CANCELLED,
}
_CLOSE: Final[Mapping[TaskState, CloseCode]] = {
    TaskState.DONE: CloseCode.SUCCESSFUL,
    TaskState.FAILED: CloseCode.UNSUCCESSFUL,
}


_log = structlog.get_logger()


class ChangeTasks:
    """Reads and writes the rows of our changes."""

    def __init__(self, client: ServiceNowClient, lookups: Lookups, settings: ServiceNowSettings) -> None:
        self._client = client
        self._lookups = lookups
        self._settings = settings

    async def show(self, ticket: Ticket, tasks: Sequence[ShownTask]) -> tuple[ToldTask, ...]:
        """Each of these is a row of the change once, in the state that it shall have; as the rows stand then."""
        rows = await self._of(ticket.external_id)
        own = await self._lookups.own_name()
        told = []
        for task in tasks:
            row = rows.get(task.key)
            if row is None and not task.is_wanted:
                continue
            if row is None:
                row = await self._make(ticket, task)
            told.append(self._told(await self._move(row, task), own))
        return tuple(told)

    async def on(self, sys_id: str) -> tuple[ToldTask, ...]:
        """Our rows of this change as they stand, oldest first. Raises Refused if they are hidden from us."""
        own = await self._lookups.own_name()
        return tuple(self._told(row, own) for row in await self._rows(sys_id))

    async def since(self, since: datetime, *, own: str) -> list[tuple[datetime, ToldTask]]:
        """Rows of ours that were touched since then, each with when that was, oldest first."""
        ours = condition("correlation_display", "=", DISPLAY)
        try:
            rows = await touched_rows(self._client, TABLE, ours, fields=FIELDS, since=since)
        except Refused as exc:
            # An account without the right to read tasks syncs changes alone; `check` says so.
            _log.warning("ticket_tasks_hidden", system="servicenow", reason=exc.reason)
            return []
        return [
            (at, self._told(row, own))
            for row in rows
            if (at := instant(row["sys_updated_on"])) is not None and text(row["correlation_display"]) == DISPLAY
        ]

    async def _of(self, sys_id: str) -> Mapping[str, Row]:
        """Our rows of this change by their keys: of several with one, the oldest; the others are canceled."""
        found: dict[str, Row] = {}
        for row in await self._rows(sys_id):
            first = found.setdefault(text(row["correlation_id"]), row)
            if first is not row and _READ.get(code(row["state"])) not in TASK_ENDS:
                said = f"Created twice by an interrupted call; {text(first['number'])} is the one that counts."
                await self._client.patch(TABLE, text(row["sys_id"]), {"state": CANCELED, "close_notes": said})
        return found

    async def _rows(self, sys_id: str) -> list[Row]:
        """Our rows of this change, oldest first."""
        asked = query(
            condition("change_request", "=", sys_id),
            condition("correlation_display", "=", DISPLAY),
            "ORDERBYsys_created_on",
            "ORDERBYnumber",
        )
        page = await self._client.select(TABLE, asked, fields=FIELDS)
        if page.total > 0 and not page.rows:
            raise Refused("The tasks of this change are hidden from our account.", field=TABLE)
        return [
            row
            for row in page.rows
            if text(row["change_request"]) == sys_id and text(row["correlation_display"]) == DISPLAY
        ]

    async def _make(self, ticket: Ticket, task: ShownTask) -> Row:
        fields = {
            "change_request": ticket.external_id,
            "change_task_type": task.step.kind.value,
            "short_description": shortened(" ".join(task.title.split()), SUMMARY_MAX_CHARS),
            "description": shortened(task.description, DESCRIPTION_MAX_CHARS),
            "state": STATES[TaskState.OPEN],
            "correlation_id": task.key,
            "correlation_display": DISPLAY,
        }
        row = await self._client.insert(TABLE, fields)
        if text(row.get("correlation_id")) != task.key or text(row.get("change_request")) != ticket.external_id:
            number = text(row.get("number"))
            reason = f"ServiceNow created {number} but did not keep what it is a task of: let our account write"
            raise Refused(f"{reason} 'correlation_id' and 'change_request'.", field="correlation_id")
        return row

    async def _move(self, row: Row, task: ShownTask) -> Row:
        """The row in the state that the task shall have, unless it is over or beyond that."""
        before = _state(row)
        is_back = before is TaskState.WORKING and task.state is TaskState.OPEN
        if before in TASK_ENDS or before is task.state or is_back:
            return row
        fields = {"state": STATES[task.state]}
        if task.state in _CLOSE:
            fields["close_code"] = CHANGE_CLOSE_CODES[_CLOSE[task.state]]
        if task.state in TASK_ENDS:
            fields["close_notes"] = shortened(task.said or "Ended by Countersign.", CLOSE_NOTES_MAX_CHARS)
        after = await self._client.patch(TABLE, text(row["sys_id"]), fields)
        if _state(after) is not task.state:
            label = _LABELS.get(code(after.get("state")), "another state")
            raise Refused(f"ServiceNow left {text(row['number'])} in {label}.", field="state")
        return after

    def _told(self, row: Row, own: str) -> ToldTask:
        sys_id, state = text(row["sys_id"]), _state(row)
        # Whoever closed it answers for that, whoever has touched the row since.
        closer = text(row.get("closed_by.user_name")) if state in TASK_ENDS else ""
        by = closer or text(row.get("sys_updated_by"))
        return ToldTask(
            key=text(row.get("correlation_id")),
            external_id=sys_id,
            number=text(row.get("number")),
            url=f"{self._settings.url}/nav_to.do?uri={TABLE}.do?sys_id={sys_id}",
            state=state,
            label=_LABELS.get(code(row.get("state")), f"State {code(row.get('state'))}"),
            words=text(row.get("close_notes")),
            by=by,
            account=by,
            is_ours=by == own,
            version=int(code(row.get("sys_mod_count")) or 0),
        )


def _state(row: Row) -> TaskState:
    state = _READ.get(code(row.get("state")), TaskState.OPEN)
    is_bad = text(row.get("close_code")) == CHANGE_CLOSE_CODES[CloseCode.UNSUCCESSFUL]
    return TaskState.FAILED if state is TaskState.DONE and is_bad else state
