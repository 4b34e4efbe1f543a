"""What was touched since last time, by the declared request; each question overlaps the former."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.itsm.base import ChangePage, Refused, TicketChange, TicketKind, TicketNote
from connectors.itsm.custom.approvals import Approvals
from connectors.itsm.custom.client import CustomClient
from connectors.itsm.custom.failures import Absent, Gone
from connectors.itsm.custom.notes import MARK
from connectors.itsm.custom.paging import pages
from connectors.itsm.custom.paths import text_at
from connectors.itsm.custom.request_spec import Changes
from connectors.itsm.custom.spec import Spec
from connectors.itsm.custom.tasks import Tasks
from connectors.itsm.custom.tickets import LONG_AGO, Record, instant, record, value
from core.clock import Clock
from core.tickets import ToldApproval, ToldTask

SKEW_MAX: Final = timedelta(hours=1)  # between our clock and theirs, at the first look


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to when everything was seen, and what was seen within the overlap before, by time."""

    until: datetime
    seen: Mapping[str, int]  # mark -> epoch seconds

    def text(self) -> str:
        """The form that the engine keeps."""
        return json.dumps({"until": self.until.timestamp(), "seen": dict(sorted(self.seen.items()))})


@dataclass(frozen=True, slots=True)
class _Found:
    """What one question found: tickets of ours, and by their ids what was written on them and decided."""

    tickets: Mapping[str, Record]
    notes: Mapping[str, Sequence[TicketNote]]
    approvals: Mapping[str, Sequence[ToldApproval]]
    tasks: Sequence[tuple[datetime, ToldTask]]

    def marks(self) -> Iterator[tuple[str, datetime]]:
        """The mark of each thing, and the time for which it is kept."""
        for id_, one in self.tickets.items():
            touched = one.updated_at or LONG_AGO
            yield _mark(one), touched
            yield from ((_note_mark(note), note.at) for note in self.notes.get(id_, ()))
        for id_, many in self.approvals.items():
            owner = self.tickets.get(id_)  # an approval found with its ticket is found for as long as that is
            touched = owner.updated_at or LONG_AGO if owner is not None else LONG_AGO
            yield from ((_approval_mark(each), max(each.at, touched)) for each in many)
        yield from ((_task_mark(one), at) for at, one in self.tasks)


class Polling:
    """Asks for changes of our tickets."""

    def __init__(self, spec: Spec, client: CustomClient, approvals: Approvals, tasks: Tasks, clock: Clock) -> None:
        self._spec = spec
        self._tasks = tasks
        self._client = client
        self._approvals = approvals
        self._clock = clock
        asked = (spec.changes, self._touched_approvals, self._touched_tasks)
        overlaps = [each.overlap_s for each in asked if each is not None]
        self._overlap = timedelta(seconds=max(overlaps, default=0))

    async def changes_since(self, text: str | None) -> ChangePage:
        """What was touched since the cursor, oldest first; nothing ever, where no `changes` are declared."""
        declared = self._spec.changes
        if declared is None:
            return ChangePage((), text or "")
        if not text:
            cursor = Cursor(self._clock.now() - SKEW_MAX, {})
            return ChangePage((), self._advance(cursor, await self._found(declared, cursor, cursor.until)).text())
        cursor = _read(text)
        found = await self._found(declared, cursor, cursor.until - self._overlap)
        told: list[TicketChange] = []
        for id_, one in sorted(found.tickets.items(), key=lambda pair: (pair[1].updated_at or LONG_AGO, pair[0])):
            notes = tuple(note for note in found.notes.get(id_, ()) if _note_mark(note) not in cursor.seen)
            decided = tuple(each for each in found.approvals.get(id_, ()) if _approval_mark(each) not in cursor.seen)
            if notes or decided or _mark(one) not in cursor.seen:
                told.append(self._change(one, notes, decided))
        heard = tuple(one for _at, one in found.tasks if _task_mark(one) not in cursor.seen)
        return ChangePage(tuple(told), self._advance(cursor, found).text(), heard)

    @property
    def _touched_approvals(self) -> Changes | None:
        approvals = self._spec.approvals
        return approvals.changes.changes if approvals is not None and approvals.changes is not None else None

    @property
    def _touched_tasks(self) -> Changes | None:
        return self._spec.tasks.changes if self._spec.tasks is not None else None

    async def _found(self, declared: Changes, cursor: Cursor, since: datetime) -> _Found:
        tickets = await self._touched(declared, since)
        notes = {id_: await self._notes(one, since) for id_, one in tickets.items()}
        approvals: dict[str, Sequence[ToldApproval]] = {}
        if self._touched_approvals is None:
            approvals = {id_: await self._approvals.on(_names(one)) for id_, one in tickets.items()}
        else:
            for id_, approval in await self._approvals.since(since):
                approvals[id_] = (*approvals.get(id_, ()), approval)
        # Answering an approval need not touch its ticket.
        news = (id_ for id_, many in approvals.items() if any(_approval_mark(one) not in cursor.seen for one in many))
        owners = [await self._owner(id_) for id_ in news if id_ not in tickets]
        worked = await self._worked(tickets, since)
        return _Found({**tickets, **{one.id: one for one in owners if one is not None}}, notes, approvals, worked)

    async def _worked(self, tickets: Mapping[str, Record], since: datetime) -> list[tuple[datetime, ToldTask]]:
        """Tasks that were touched, or those of tickets that were, for as long as these are found."""
        if self._touched_tasks is not None:
            return [(at, one) for at, one in await self._tasks.since(since) if at is not None]
        return [
            (max(at or LONG_AGO, ticket.updated_at or LONG_AGO), one)
            for ticket in tickets.values()
            for at, one in await self._tasks.on(_names(ticket))
        ]

    async def _touched(self, declared: Changes, since: datetime) -> dict[str, Record]:
        """Tickets of ours that were touched since then, by id."""
        found: dict[str, Record] = {}
        async for rows in pages(self._spec, self._client, declared, since):
            records = [record(self._spec, row, kind=TicketKind.CHANGE) for row in rows]
            found.update({one.id: one for one in records if one.key and (one.updated_at or LONG_AGO) >= since})
            if declared.is_newest_first and any(one.updated_at and one.updated_at < since for one in records):
                break
        return found

    async def _owner(self, id_: str) -> Record | None:
        """The ticket of an approval, as it stands; None if it is gone or none of ours."""
        names = {"id": id_, "number": id_, "kind": str(TicketKind.CHANGE)}
        try:
            document, _answer = await self._client.ask(self._spec.get, names)
        except (Absent, Gone):
            return None
        found = record(self._spec, document, kind=TicketKind.CHANGE)
        return found if found.key else None

    async def _notes(self, one: Record, since: datetime) -> list[TicketNote]:
        """What people wrote on it since then."""
        declared = self._spec.comments
        if declared is None or not declared.at:
            return []
        rows = await self._client.ask_list(declared.request, _names(one))
        notes = []
        for row in rows:
            when, text = instant(self._spec, row, declared.at), text_at(row, declared.text)
            author = text_at(row, declared.author)
            is_ours = MARK.search(text) is not None or (self._spec.account and author == self._spec.account)
            if when is not None and when >= since and not is_ours:
                internal = text_at(row, declared.internal) in {"true", "1"} if declared.internal else True
                id_ = f"{one.id}/{text_at(row, declared.id)}"
                notes.append(TicketNote(id_, author, text, when, internal, account=author))
        return notes

    def _change(self, one: Record, notes: tuple[TicketNote, ...], decided: tuple[ToldApproval, ...]) -> TicketChange:
        when = one.updated_at or LONG_AGO
        newest = max(notes, key=lambda note: note.at, default=None)
        by = newest.author if newest is not None and newest.at >= when else one.updated_by
        return TicketChange(
            key=one.key,
            ticket=value(self._spec, one),
            version=int(when.timestamp()),
            at=when,
            by=by,
            ours=bool(self._spec.account) and by == self._spec.account,
            notes=notes,
            approvals=decided,
        )

    def _advance(self, cursor: Cursor, found: _Found) -> Cursor:
        touched = [one.updated_at for one in found.tickets.values() if one.updated_at]
        if self._touched_approvals is not None:  # what was found with its ticket tells no time beyond it
            touched += [each.at for many in found.approvals.values() for each in many]
        if self._touched_tasks is not None:
            touched += [at for at, _one in found.tasks]
        until = max([cursor.until, *touched])
        oldest = int((until - self._overlap).timestamp())
        marks = {mark: int(when.timestamp()) for mark, when in found.marks()}
        return Cursor(until, {mark: when for mark, when in {**cursor.seen, **marks}.items() if when >= oldest})


def _names(one: Record) -> dict[str, str]:
    return {"id": one.id, "number": one.number, "kind": str(one.kind)}


def _mark(one: Record) -> str:
    when = one.updated_at.isoformat() if one.updated_at else ""
    return _digest(f"{one.id} {when} {one.state} {one.updated_by}")


def _note_mark(note: TicketNote) -> str:
    return _digest(f"note {note.id}")


def _approval_mark(one: ToldApproval) -> str:
    return _digest(f"approval {one.id} {one.version} {one.decision} {one.account}")


def _task_mark(one: ToldTask) -> str:
    return _digest(f"task {one.external_id} {one.version} {one.state} {one.account}")


def _digest(what: str) -> str:
    return hashlib.sha256(what.encode()).hexdigest()[:16]


def _read(text: str) -> Cursor:
    try:
        document = json.loads(text)
        until = datetime.fromtimestamp(float(document["until"]), UTC)
        return Cursor(until, {str(mark): int(when) for mark, when in document["seen"].items()})
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError) as exc:
        raise Refused("This is no cursor of this connector.", field="cursor") from exc
