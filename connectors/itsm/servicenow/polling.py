"""What was touched since last time. The truth that webhooks only hurry along.

Times are whole seconds and rows appear late, so each question overlaps the former by a minute; what was already told is
left out by (sys_id, sys_mod_count), and notes by their own sys_id.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.itsm.base import ChangePage, Refused, TicketChange, TicketKind, TicketNote
from connectors.itsm.cursor import Cursor, mark, read_cursor
from connectors.itsm.servicenow.approvals import Approvals, copy_on_change
from connectors.itsm.servicenow.client import PAGE_ROWS, Row, ServiceNowClient
from connectors.itsm.servicenow.lookups import Lookups
from connectors.itsm.servicenow.mapping import CHANGE_TABLE, DISPLAY, INCIDENT_TABLE
from connectors.itsm.servicenow.tasks import ChangeTasks
from connectors.itsm.servicenow.tickets import Tickets
from connectors.itsm.servicenow.walking import touched_rows
from connectors.itsm.servicenow.wire import FIELDS, TIME_FORMAT, TaskRecord, condition, instant, query, task, text
from core.tickets import ToldApproval, ToldTask

OVERLAP: Final = timedelta(minutes=1)
IDS_PER_QUESTION: Final = 50  # sys_ids in one address: 33 characters each
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)  # the cursor of an instance that has no ticket of ours yet
_OURS: Final = condition("correlation_display", "=", DISPLAY)
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    CHANGE_TABLE: (*FIELDS, "correlation_display", "type"),
    INCIDENT_TABLE: (*FIELDS, "correlation_display"),
}
_JOURNAL_FIELDS: Final = ("sys_id", "element", "element_id", "value", "sys_created_on", "sys_created_by")


@dataclass(frozen=True, slots=True)
class _Touched:
    kind: TicketKind
    record: TaskRecord
    at: datetime

    @property
    def identity(self) -> str:
        return f"{self.record.sys_id}:{self.record.version}"


class Polling:
    """Asks for changes of our tickets."""

    def __init__(
        self,
        client: ServiceNowClient,
        tickets: Tickets,
        lookups: Lookups,
        approvals: Approvals,
        tasks: ChangeTasks,
    ) -> None:
        self._client = client
        self._tasks = tasks
        self._approvals = approvals
        self._tickets = tickets
        self._lookups = lookups

    async def changes_since(self, text_: str | None) -> ChangePage:
        """What was touched since the cursor, oldest first. Raises Refused for a cursor that is none of ours."""
        if not text_:
            return ChangePage((), (await self._start()).text())
        cursor = read_cursor(text_)
        account = await self._lookups.own_name()
        touched = await self._touched(cursor.until - OVERLAP)
        fresh = [one for one in touched if not cursor.has_seen(one.at, one.identity)]
        written = await self._notes(fresh, cursor, account=account)
        # After the notes: whatever approval one of them copies stands there by now, told before or not.
        approvals = await self._approvals.since(cursor.until - OVERLAP, own=account)
        notes, decided = _told_apart(written, approvals), _unseen(cursor, approvals)
        tasks = await self._tasks.since(cursor.until - OVERLAP, own=account)
        known = {one.record.sys_id: one for one in touched}
        owners = [known.get(sys_id) or await self._owner(sys_id) for sys_id in decided]
        every = {one.record.sys_id: one for one in (*fresh, *owners) if one is not None}
        told = tuple(
            self._change(one, notes.get(sys_id, ()), account, decided.get(sys_id, ()))
            for sys_id, one in sorted(every.items(), key=lambda pair: (pair[1].at, pair[0]))
        )
        heard = tuple(one for at, one in tasks if not cursor.has_seen(at, _task_version(one)))
        return ChangePage(told, _advance(cursor, touched, notes, decided, tasks).text(), heard)

    async def _start(self) -> Cursor:
        """A cursor behind everything that has happened so far, by the instance's own clock."""
        latest = LONG_AGO
        for table in _FIELDS:
            newest = query(_OURS, "ORDERBYDESCsys_updated_on", "ORDERBYsys_id")
            page = await self._client.select(table, newest, fields=_FIELDS[table], limit=1)
            latest = max([latest, *(at for row in page.rows if (at := instant(row["sys_updated_on"])))])
        cursor = Cursor(latest, frozenset())
        touched = await self._touched(latest - OVERLAP)
        decided = _unseen(cursor, await self._approvals.since(latest - OVERLAP, own=""))
        tasks = await self._tasks.since(latest - OVERLAP, own="")
        return _advance(cursor, touched, await self._notes(touched, cursor, account=""), decided, tasks)

    async def _touched(self, since: datetime) -> list[_Touched]:
        found = [
            _Touched(_kind(table, row), record, record.updated_on)
            for table, fields in _FIELDS.items()
            for row in await touched_rows(self._client, table, _OURS, fields=fields, since=since)
            if (record := task(row)).updated_on is not None and text(row["correlation_display"]) == DISPLAY
        ]
        return sorted(found, key=lambda one: (one.at, one.record.sys_id))

    async def _owner(self, sys_id: str) -> _Touched | None:
        """The change of an approval, as it stands; None if it is gone or none of ours."""
        row = await self._client.get(CHANGE_TABLE, sys_id, fields=_FIELDS[CHANGE_TABLE])
        if row is None or text(row.get("correlation_display")) != DISPLAY:
            return None
        record = task(row)
        return _Touched(_kind(CHANGE_TABLE, row), record, record.updated_on or LONG_AGO)

    async def _all(self, table: str, asked: str, fields: Sequence[str]) -> list[Row]:
        rows: list[Row] = []
        for offset in itertools.count(0, PAGE_ROWS):
            page = await self._client.select(table, asked, fields=fields, limit=PAGE_ROWS, offset=offset)
            rows += page.rows
            # Not by the length: a page is short when some of its rows are hidden from us.
            if not page.has_more:
                break
        return rows

    async def _notes(
        self, touched: Sequence[_Touched], cursor: Cursor, *, account: str
    ) -> Mapping[str, tuple[TicketNote, ...]]:
        found: dict[str, tuple[TicketNote, ...]] = {}
        ids = [one.record.sys_id for one in touched]
        for start in range(0, len(ids), IDS_PER_QUESTION):
            among = condition("element_id", "IN", ",".join(ids[start : start + IDS_PER_QUESTION]))
            later = condition("sys_created_on", ">=", (cursor.until - OVERLAP).strftime(TIME_FORMAT))
            asked = query(among, later, "ORDERBYsys_created_on", "ORDERBYsys_id")
            for row in await self._journal(asked):
                at = instant(row["sys_created_on"])
                if at is None or row["element"] not in {"work_notes", "comments"}:
                    continue
                note, owner = _note(row, at), text(row["element_id"])
                if not cursor.has_seen(note.at, note.id) and note.author != account:
                    found[owner] = (*found.get(owner, ()), note)
        return found

    async def _journal(self, asked: str) -> list[Row]:
        try:
            return await self._all("sys_journal_field", asked, _JOURNAL_FIELDS)
        except Refused:
            return []  # an account without the right to read the journal syncs states alone; `check` says so

    def _change(
        self, one: _Touched, notes: tuple[TicketNote, ...], account: str, approvals: tuple[ToldApproval, ...]
    ) -> TicketChange:
        return TicketChange(
            key=one.record.key,
            ticket=self._tickets.value(one.kind, one.record),
            version=one.record.version,
            at=one.at,
            by=one.record.updated_by,
            ours=one.record.updated_by == account,
            notes=notes,
            approvals=approvals,
        )


def _kind(table: str, row: Mapping[str, Any]) -> TicketKind:
    if table == INCIDENT_TABLE:
        return TicketKind.INCIDENT
    return TicketKind.EMERGENCY_CHANGE if text(row.get("type")) == "emergency" else TicketKind.CHANGE


def _note(row: Mapping[str, Any], at: datetime) -> TicketNote:
    internal = row["element"] == "work_notes"
    author = text(row["sys_created_by"])
    return TicketNote(text(row["sys_id"]), author, text(row["value"]), at, internal, account=author)


def _unseen(cursor: Cursor, approvals: Sequence[tuple[str, ToldApproval]]) -> Mapping[str, tuple[ToldApproval, ...]]:
    """What was touched of our changes' approvals, by change. Answering one need not touch its change."""
    found: dict[str, tuple[ToldApproval, ...]] = {}
    for sys_id, one in approvals:
        if not cursor.has_seen(one.at, _row_version(one)):
            found[sys_id] = (*found.get(sys_id, ()), one)
    return found


def _told_apart(
    written: Mapping[str, tuple[TicketNote, ...]], approvals: Sequence[tuple[str, ToldApproval]]
) -> Mapping[str, tuple[TicketNote, ...]]:
    """The notes, those marked that a business rule of ServiceNow's has copied from a decided approval."""
    copies = {(sys_id, copied) for sys_id, one in approvals if (copied := copy_on_change(one))}
    return {
        sys_id: tuple(
            replace(note, is_of_approval=not note.internal and (sys_id, note.text.strip()) in copies) for note in notes
        )
        for sys_id, notes in written.items()
    }


def _row_version(one: ToldApproval) -> str:
    return f"{one.id}:{one.version}"


def _task_version(one: ToldTask) -> str:
    return f"{one.external_id}:{one.version}"


def _advance(
    cursor: Cursor,
    touched: Sequence[_Touched],
    notes: Mapping[str, tuple[TicketNote, ...]],
    decided: Mapping[str, tuple[ToldApproval, ...]],
    tasks: Sequence[tuple[datetime, ToldTask]],
) -> Cursor:
    rows = [one for many in decided.values() for one in many]
    told = [mark(one.at, one.identity) for one in touched]
    told += [mark(note.at, note.id) for many in notes.values() for note in many]
    told += [mark(one.at, _row_version(one)) for one in rows]
    told += [mark(at, _task_version(one)) for at, one in tasks]
    until = max([cursor.until, *(one.at for one in touched), *(one.at for one in rows), *(at for at, _one in tasks)])
    return cursor.advanced(until, told, overlap=OVERLAP)
