"""What was touched since last time. The truth that a scripted webhook only hurries along.

Times are whole seconds and entries appear late, so each question overlaps the former by a minute. A ticket has no
version: what was told is known by its number, time, status and last hand, so that a second change within one second is
told too. Work logs are asked for on their own form, as they need not touch their ticket.

After a long absence there may be more than one look should read: it stops where it has read enough of a form, and the
next one goes on where all forms were read up to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from connectors.itsm.base import ChangePage, NotSent, Refused, TicketChange, TicketNote
from connectors.itsm.remedy.approvals import FIELDS as SIGNATURE_FIELDS
from connectors.itsm.remedy.approvals import REQUEST, SIGNATURES, Approvals
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.failures import is_hidden
from connectors.itsm.remedy.qualification import begins_with, both, compare, either
from connectors.itsm.remedy.span import Rows, Span, rows_in
from connectors.itsm.remedy.tasks import FORM as TASKS
from connectors.itsm.remedy.tasks import ChangeTasks
from connectors.itsm.remedy.tickets import Tickets
from connectors.itsm.remedy.wire import (
    CHANGE,
    INCIDENT,
    KEY_START,
    MODIFIED,
    MODIFIED_BY,
    REQUEST_ID,
    SUBMITTED,
    SUBMITTER,
    Form,
    Record,
    Values,
    instant,
    text,
)
from connectors.itsm.remedy.worklog import ACCESS, DETAILS
from core.tickets import ToldApproval

OVERLAP: Final = timedelta(minutes=1)
SKEW_MAX: Final = timedelta(hours=1)  # between the web tier, which tells the time, and the server that stamps entries
NUMBERS_PER_QUESTION: Final = 25  # in one address: some 45 characters each
FORMS: Final = (CHANGE, INCIDENT)
_LOG_FIELDS: Final = (REQUEST_ID, DETAILS, ACCESS, SUBMITTER, SUBMITTED)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to when everything was seen, and what was seen within the last minute before, by time."""

    until: datetime
    seen: Mapping[str, int]  # mark -> epoch seconds

    def text(self) -> str:
        """The form that the engine keeps."""
        return json.dumps({"until": int(self.until.timestamp()), "seen": dict(sorted(self.seen.items()))})


logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Log:
    number: str
    note: TicketNote

    @property
    def mark(self) -> str:
        return _digest(f"log {self.note.id}")


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look has read. `until`: what came then and later was not read of every form; None: all was."""

    touched: Sequence[Record]
    logs: Sequence[_Log]
    signed: Sequence[Values]
    tasks: Sequence[Values]
    until: datetime | None

    def marks(self) -> Mapping[str, datetime]:
        """The mark of each thing that has a time, with that."""
        seen = {_mark(one): one.modified_at for one in self.touched if one.modified_at}
        seen |= {one.mark: one.note.at for one in self.logs}
        seen |= {_sign_mark(row): at for row in self.signed if (at := instant(row[MODIFIED])) is not None}
        seen |= {_task_mark(row): at for row in self.tasks if (at := instant(row[MODIFIED])) is not None}
        return seen


class Polling:
    """Asks for changes of our tickets."""

    def __init__(
        self, client: RemedyClient, tickets: Tickets, approvals: Approvals, tasks: ChangeTasks, *, account: str
    ) -> None:
        self._client = client
        self._tasks = tasks
        self._approvals = approvals
        self._tickets = tickets
        self._account = account

    async def changes_since(self, text_: str | None) -> ChangePage:
        """What was touched since the cursor, oldest first. Raises Refused for a cursor that is none of ours."""
        if not text_:
            return ChangePage((), (await self._start()).text())
        cursor = _read(text_)
        found = await self._found(Span(cursor.until - OVERLAP, cursor.until))
        fresh = {one.number: one for one in found.touched if _mark(one) not in cursor.seen}
        written: dict[str, tuple[TicketNote, ...]] = {}
        for log in found.logs:
            if log.mark not in cursor.seen:
                written[log.number] = (*written.get(log.number, ()), log.note)
        decided: dict[str, list[Values]] = {}
        for row in found.signed:
            if _sign_mark(row) not in cursor.seen:
                decided.setdefault(text(row[REQUEST]), []).append(row)
        owners = await self._owners({**written, **decided}, found.touched)
        known = {**{one.number: one for one in found.touched}, **owners}
        told = [
            self._change(known[number], written.get(number, ()), await self._approvals.told(decided.get(number, ())))
            for number in {**fresh, **written, **decided}
            if number in known
        ]
        changes = tuple(sorted(told, key=lambda one: (one.at, one.ticket.number)))
        heard = tuple([await self._tasks.told(row) for row in found.tasks if _task_mark(row) not in cursor.seen])
        return ChangePage(changes, _advance(cursor, found).text(), heard)

    async def _start(self) -> Cursor:
        """A cursor behind everything that has happened so far: what the last hour holds counts as told."""
        now = await self._client.now_s()
        if now is None:
            raise NotSent("Remedy's answers carry no Date, so it is not known from when on to look.")
        since = datetime.fromtimestamp(int(now), UTC) - SKEW_MAX
        return _advance(Cursor(since, {}), await self._found(Span(since)))

    async def _found(self, span: Span) -> _Found:
        touched: list[Record] = []
        logs: list[_Log] = []
        read = []
        for form in FORMS:
            ours = begins_with(self._tickets.key_field(form), KEY_START)
            entries = await rows_in(self._client, form.entry, ours, self._tickets.fields(form), by=MODIFIED, span=span)
            touched += [one for row in entries.rows if (one := self._tickets.record(form, row)).key and one.modified_at]
            others = compare(SUBMITTER, "!=", self._account)
            written = await rows_in(
                self._client, form.log, others, (*_LOG_FIELDS, form.number), by=SUBMITTED, span=span
            )
            logs += [log for row in written.rows if (log := _log(form, row)) is not None]
            read += [entries, written]
        signed, tasks = await self._signed(span), await self._worked(span)
        until = min((one.until for one in (*read, signed, tasks) if one.until is not None), default=None)
        return _Found(touched, logs, signed.rows, tasks.rows, until)

    async def _signed(self, span: Span) -> Rows:
        """Signatures that were answered since then, of any change."""
        answered = compare("Approval Status", "!=", "Pending")
        try:
            return await rows_in(self._client, SIGNATURES, answered, SIGNATURE_FIELDS, by=MODIFIED, span=span)
        except Refused as exc:
            if not is_hidden(exc):
                raise
            return Rows()  # an account without the right to read signatures syncs statuses alone

    async def _worked(self, span: Span) -> Rows:
        """Tasks of ours that were touched since then."""
        ours = begins_with(self._tasks.key_field, KEY_START)
        try:
            return await rows_in(self._client, TASKS, ours, self._tasks.fields, by=MODIFIED, span=span)
        except Refused as exc:
            # Without the right to read tasks, or a field for our key there, changes are synced alone.
            logger.warning("ticket_tasks_hidden", system="remedy", reason=exc.reason)
            return Rows()

    async def _owners(self, written: Mapping[str, object], touched: Sequence[Record]) -> dict[str, Record]:
        """The tickets of ours that these logs belong to, beyond those touched themselves."""
        missing = sorted(set(written) - {one.number for one in touched})
        found: dict[str, Record] = {}
        for form in FORMS:
            for start in range(0, len(missing), NUMBERS_PER_QUESTION):
                among = either(
                    *(compare(form.number, "=", one) for one in missing[start : start + NUMBERS_PER_QUESTION])
                )
                asked = both(among, begins_with(self._tickets.key_field(form), KEY_START))
                page = await self._client.select(form.entry, asked, fields=self._tickets.fields(form))
                records = [self._tickets.record(form, row) for row in page.rows]
                found |= {one.number: one for one in records if one.key}
        return found

    def _change(
        self, record: Record, notes: tuple[TicketNote, ...], approvals: tuple[ToldApproval, ...]
    ) -> TicketChange:
        touched = record.modified_at or datetime.fromtimestamp(0, UTC)
        newest = max(notes, key=lambda note: note.at, default=None)
        # Whose hand was last: a note written after the ticket was touched, or the one that touched it.
        is_note_last = newest is not None and newest.at >= touched
        at, by = (newest.at, newest.author) if newest is not None and is_note_last else (touched, record.modified_by)
        return TicketChange(
            key=record.key,
            ticket=self._tickets.value(record),
            version=int(touched.timestamp()),
            at=at,
            by=by,
            ours=by == self._account,
            notes=notes,
            approvals=approvals,
        )


def _log(form: Form, row: Values) -> _Log | None:
    at = instant(row[SUBMITTED])
    if at is None:
        return None
    internal = text(row[ACCESS]) != "Public"
    author = text(row[SUBMITTER])
    note = TicketNote(f"{form.log}/{text(row[REQUEST_ID])}", author, text(row[DETAILS]), at, internal, account=author)
    return _Log(text(row[form.number]), note)


def _mark(record: Record) -> str:
    at = record.modified_at.isoformat() if record.modified_at else ""
    return _digest(f"{record.number} {at} {record.status} {record.modified_by}")


def _sign_mark(row: Values) -> str:
    return _digest(f"signature {text(row[REQUEST_ID])} {text(row[MODIFIED])} {text(row['Approval Status'])}")


def _task_mark(row: Values) -> str:
    said = " ".join(text(row[name]) for name in (REQUEST_ID, MODIFIED, MODIFIED_BY, "Status", "StatusReasonSelection"))
    return _digest(f"task {said}")


def _digest(what: str) -> str:
    return hashlib.sha256(what.encode()).hexdigest()[:16]


def _advance(cursor: Cursor, found: _Found) -> Cursor:
    seen = found.marks()
    until = found.until or max([cursor.until, *seen.values()])
    oldest = int((until - OVERLAP).timestamp())
    every = {**cursor.seen, **{mark: int(at.timestamp()) for mark, at in seen.items()}}
    return Cursor(until, {mark: at for mark, at in every.items() if at >= oldest})


def _read(text_: str) -> Cursor:
    try:
        document = json.loads(text_)
        until = datetime.fromtimestamp(int(document["until"]), UTC)
        seen = {str(mark): int(at) for mark, at in document["seen"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError) as exc:
        raise Refused("This is no cursor of this connector.", field="cursor") from exc
    return Cursor(until, seen)
