"""AR System's entries as coroutines: create, select, modify. No vendor client exists; this is plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from connectors.itsm.answers import UnexpectedAnswerError, uncertain
from connectors.itsm.base import ConnectorError, Refused, TicketFile
from connectors.itsm.http import Answer, Call, Caller, Limits
from connectors.itsm.remedy.failures import failure
from connectors.itsm.remedy.files import MULTIPART, multipart
from connectors.itsm.remedy.session import Sessions
from connectors.itsm.remedy.settings import RemedySettings
from connectors.itsm.remedy.wire import Values
from connectors.itsm.turns import Turns

PAGE_ROWS: Final = 200  # a longer query holds a licence and a thread of the server for too long
_OK: Final = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of one answer, and whether there are more."""

    rows: tuple[Values, ...]
    has_more: bool


class RemedyClient:
    """Calls one server. Every method raises exactly one of the four ConnectorErrors when it fails."""

    def __init__(self, settings: RemedySettings) -> None:
        limits = Limits(
            connect_s=settings.connect_timeout_s,
            read_s=settings.read_timeout_s,
            total_s=settings.total_timeout_s,
            concurrent=settings.max_concurrent_calls,
            per_second=settings.calls_per_second,
        )
        self._root = settings.url
        self._base = f"{settings.url}/api/arsys/v1/entry"
        self._caller = Caller("Remedy", limits)
        self._sessions = Sessions(settings, self._caller)

    async def select(
        self,
        form: str,
        qualification: str,
        *,
        fields: Sequence[str],
        sort: str = "",
        limit: int = PAGE_ROWS,
        offset: int = 0,
    ) -> Page:
        """One page of the entries that match. Raises Refused if the form does not have, or hides, one of the fields."""
        asked = {"q": qualification, "fields": _named(fields), "sort": sort, "limit": str(limit), "offset": str(offset)}
        answer = await self._send("GET", form, {name: value for name, value in asked.items() if value}, writes=False)
        document = _read(answer)
        entries = document.get("entries")
        if not isinstance(entries, list):
            raise uncertain("Remedy answered a query without entries.", writes=False)
        rows = tuple(_values(one) for one in entries)
        for row in rows:
            if missing := [name for name in fields if name not in row]:
                reason = f"Remedy has no field '{missing[0]}' in {form}, or hides it from us."
                raise Refused(reason, field=missing[0])
        links = document.get("_links")
        return Page(rows, has_more=bool(isinstance(links, dict) and links.get("next")))

    async def create(self, form: str, values: Mapping[str, Any]) -> None:
        """There is a new entry with these values; a form for creating hands it to its filters."""
        await self._send("POST", form, {}, body=values, writes=True)

    async def create_with_file(self, form: str, values: Mapping[str, Any], field: str, file: TicketFile) -> None:
        """The same with a file in this field; the value of the field is the file's name."""
        body = multipart(json.dumps({"values": dict(values)}).encode(), field, file)
        await self._send("POST", form, {}, raw=body, media_type=MULTIPART, writes=True)

    async def modify(self, form: str, entry_id: str, values: Mapping[str, Any]) -> None:
        """The entry has these values; those not named keep theirs."""
        await self._send("PUT", form, {}, entry_id=entry_id, body=values, writes=True)

    async def described(self, form: str) -> tuple[Mapping[str, Any], ...]:
        """What the server says of each field of the form. Raises Refused if it says nothing that can be read."""
        url = f"{self._root}/api/arsys/v1.0/fields/{quote(form, safe='')}"
        answer = await self._exchange("GET", url, await self._sessions.headers(), None, writes=False)
        if answer.status not in _OK:
            raise failure(answer, writes=False)
        try:
            rows = answer.json()
        except UnexpectedAnswerError as exc:
            raise _page_instead(writes=False) from exc
        if not isinstance(rows, list):
            raise Refused(f"Remedy does not describe the fields of {form}.")
        return tuple(row for row in rows if isinstance(row, dict))

    async def now_s(self) -> float | None:
        """Epoch seconds by the server's own clock; None if its answers do not tell."""
        if self._sessions.server_time is None:
            await self._sessions.headers()
        return self._sessions.server_time

    def share_pace(self, turns: Turns) -> None:
        """The pace of calls is kept together with everybody who takes these turns."""
        self._caller.share_pace(turns)

    async def close(self) -> None:
        """The licence is given back and no connection is left."""
        await self._sessions.close()
        await self._caller.close()

    async def _send(
        self,
        method: str,
        form: str,
        query: Mapping[str, str],
        *,
        entry_id: str = "",
        body: Mapping[str, Any] | None = None,
        raw: bytes | None = None,
        media_type: str = "application/json",
        writes: bool,
    ) -> Answer:
        url = f"{self._base}/{quote(form, safe='')}"
        if entry_id:
            url += f"/{quote(entry_id, safe='')}"
        if query:
            url += f"?{urlencode(query, quote_via=quote)}"
        if body is not None:
            raw = json.dumps({"values": dict(body)}).encode()
        headers = await self._sessions.headers()
        answer = await self._exchange(method, url, headers, raw, media_type=media_type, writes=writes)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            # Turned away at the door, so nothing was done: once more, with a new token.
            self._sessions.forget(headers)
            answer = await self._exchange(
                method, url, await self._sessions.headers(), raw, media_type=media_type, writes=writes
            )
        if answer.status not in _OK:
            raise failure(answer, writes=writes)
        if writes and answer.body.strip() and "json" not in answer.headers.get("content-type", ""):
            raise _page_instead(writes=True)  # done is 201 or 204 without a body, or what was asked for as JSON
        self._sessions.note_time(answer)
        return answer

    async def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        raw: bytes | None,
        *,
        media_type: str = "application/json",
        writes: bool,
    ) -> Answer:
        sent = {**headers, "Accept": "application/json"}
        if raw is not None:
            sent["Content-Type"] = media_type
        return await self._caller.send(Call(method, url, sent, raw, writes=writes))


def _named(fields: Sequence[str]) -> str:
    return f"values({','.join(fields)})"


def _read(answer: Answer) -> Mapping[str, Any]:
    try:
        document = answer.json()
    except UnexpectedAnswerError as exc:
        raise _page_instead(writes=False) from exc
    if not isinstance(document, dict):
        raise _page_instead(writes=False)
    return document


def _page_instead(*, writes: bool) -> ConnectorError:
    return uncertain("Remedy, or something before it, answered with a page instead of data.", writes=writes)


def _values(entry: Any) -> Values:
    values = entry.get("values") if isinstance(entry, dict) else None
    if not isinstance(values, dict):
        raise uncertain("Remedy answered with an entry that has no values.", writes=False)
    return values
