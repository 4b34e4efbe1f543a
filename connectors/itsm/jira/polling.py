"""What was touched since last time. The truth that webhooks only hurry along.

The search tells which issues were touched, late and by the minute; each is then read from the site's store, as it
stands. A question overlaps the former by some minutes, so that what the index shows late is not missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.itsm.base import ChangePage, Ticket, TicketChange, TicketKind, TicketNote
from connectors.itsm.cursor import Cursor, mark, read_cursor
from connectors.itsm.jira.approvals import Approvals
from connectors.itsm.jira.client import JiraClient
from connectors.itsm.jira.mapping import LABEL
from connectors.itsm.jira.notes import comments
from connectors.itsm.jira.people import People
from connectors.itsm.jira.settings import JiraSettings
from connectors.itsm.jira.tasks import TASK_KIND, SubTasks
from connectors.itsm.jira.tickets import Tickets
from connectors.itsm.jira.wire import LONG_AGO, CommentRecord, IssueRecord, Person, instant, mapping, text

OVERLAP: Final = timedelta(minutes=5)
CHANGES_MAX: Final = 200  # read for one question; the rest comes with the next
_KINDS: Final = frozenset(TicketKind)


class Polling:
    """Asks for changes of our issues."""

    def __init__(
        self,
        client: JiraClient,
        settings: JiraSettings,
        tickets: Tickets,
        people: People,
        approvals: Approvals,
        tasks: SubTasks,
    ) -> None:
        self._client = client
        self._tasks = tasks
        self._approvals = approvals
        self._tickets = tickets
        self._people = people
        self._ours = f'project = "{settings.project}" AND labels = "{LABEL}"'

    async def changes_since(self, text_: str | None) -> ChangePage:
        """What was touched since the cursor, oldest first. Raises Refused for a cursor that is none of ours."""
        if not text_:
            return ChangePage((), (await self._start()).text())
        cursor = read_cursor(text_)
        own = await self._people.myself()
        since = cursor.until - OVERLAP
        until, told, changes, tasks = cursor.until, [], [], []
        async for id_, at in _until_enough(self._touched(since), cursor):
            until = max(until, at)
            record = await self._client.issue(id_, with_history=True)
            if record is not None and record.key and record.kind == TASK_KIND:
                told += [mark(at, _version(id_, at)), mark(record.updated, _version(id_, record.updated))]
                tasks.append(await self._tasks.told(record))
                continue
            if record is None or not record.key or record.kind not in _KINDS:
                told.append(mark(at, _version(id_, at)))  # else two hundred of them would be all that is ever read
                continue
            notes = await self._notes(record, since, own, cursor)
            told += [mark(at, _version(id_, at)), mark(record.updated, _version(id_, record.updated))]
            told += [mark(note.at, note.id) for note in notes]
            changes.append(await self._change(record, own, notes))
        return ChangePage(tuple(changes), cursor.advanced(until, told, overlap=OVERLAP).text(), tuple(tasks))

    async def _start(self) -> Cursor:
        """A cursor behind everything that has happened so far, by the site's own clock."""
        page = await self._client.search(f"{self._ours} ORDER BY updated DESC", fields=("updated",), rows=1)
        latest = max([LONG_AGO, *(at for row in page.rows if (at := _updated(row)) is not None)])
        told = []
        async for id_, at in self._touched(latest - OVERLAP):
            told.append(mark(at, _version(id_, at)))
            told += [mark(one.created, one.id) async for one in comments(self._client, id_)]
        return Cursor(latest, frozenset()).advanced(latest, told, overlap=OVERLAP)

    async def _touched(self, since: datetime) -> Any:
        """Each issue and when it was touched, oldest first; again if it is touched while the others are read.

        Pages follow the time, minute by minute: what is touched meanwhile moves to the end, and with an offset alone
        what stood behind it would stand before where the next page begins.
        """
        minute, at, seen = await self._people.local_minute(since), None, set[str]()
        while True:
            jql = f'{self._ours} AND updated >= "{minute}" ORDER BY updated ASC, key ASC'
            page = await self._client.search(jql, fields=("updated",), at=at)
            touched = [(text(row.get("id")), when) for row in page.rows if (when := _updated(row)) is not None]
            for id_, updated in touched:
                if updated >= since and (version := _version(id_, updated)) not in seen:
                    seen.add(version)
                    yield id_, updated
            if page.next is None:
                return
            reached = await self._people.local_minute(touched[-1][1]) if touched else minute
            minute, at = (reached, None) if reached > minute else (minute, page.next)

    async def _notes(self, record: IssueRecord, since: datetime, own: Person, cursor: Cursor) -> tuple[TicketNote, ...]:
        found = list(record.comments)
        if record.comment_count > len(found):
            found = []
            async for one in comments(self._client, record.id):
                if one.created < since:
                    break
                found.insert(0, one)
        fresh = (one for one in found if one.created >= since and one.author.id != own.id and not one.key)
        return tuple(_note(one) for one in fresh if not cursor.has_seen(one.created, one.id))

    async def _change(self, record: IssueRecord, own: Person, notes: tuple[TicketNote, ...]) -> TicketChange:
        ticket: Ticket = await self._tickets.value(TicketKind(record.kind), record)
        hand = record.last_hand
        return TicketChange(
            key=record.key,
            ticket=ticket,
            version=record.version,
            at=record.updated,
            by=hand.shown,
            ours=hand.id == own.id,
            notes=notes,
            approvals=await self._approvals.on(record),
        )


async def _until_enough(touched: Any, cursor: Cursor) -> Any:
    """What was not told yet, up to what one question reads."""
    count = 0
    async for id_, at in touched:
        if not cursor.has_seen(at, _version(id_, at)):
            count += 1
            yield id_, at
        if count >= CHANGES_MAX:
            return


def _note(one: CommentRecord) -> TicketNote:
    return TicketNote(one.id, one.author.shown, one.text, one.created, one.internal, account=one.author.id)


def _updated(row: Mapping[str, Any]) -> datetime | None:
    return instant(mapping(row.get("fields")).get("updated"))


def _version(id_: str, at: datetime) -> str:
    return f"{id_}:{int(at.timestamp() * 1000)}"
