"""ServiceNow's two interfaces as coroutines: pysnow in a few threads of our own.

Each call has its own Client, Resource and session, and drops them: a Resource shared between threads hands out other
threads' records, and one used twice sends the former call's query again. pysnow's own `update` is a query and a PUT by
what it found; changes are PATCHes by sys_id here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar

import pysnow
import requests

from connectors.itsm.answers import UnexpectedAnswerError
from connectors.itsm.base import ConnectorError, NotSent, Refused, TicketFile
from connectors.itsm.pace import Pace
from connectors.itsm.rehearsal import present
from connectors.itsm.servicenow.failures import TITLE, VENDOR_ERRORS, classify
from connectors.itsm.servicenow.session import CallSession, Credentials
from connectors.itsm.servicenow.settings import ServiceNowSettings
from connectors.itsm.servicenow.wire import identity
from connectors.itsm.threads import CallThreads, Flight
from connectors.itsm.transport import RedirectedError
from connectors.itsm.turns import Turns

TABLE_BASE: Final = "/api/now"
CHANGE_BASE: Final = "/api/sn_chg_rest"
PAGE_ROWS: Final = 200

Row = Mapping[str, Any]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one answer, how many match in all (also those we may not see), and whether there are more."""

    rows: tuple[Row, ...]
    total: int
    has_more: bool


class ServiceNowClient:
    """Calls one instance. Every method raises exactly one of the four ConnectorErrors when it fails."""

    def __init__(self, settings: ServiceNowSettings) -> None:
        self._settings = settings
        self._credentials = Credentials(settings)
        self._threads = CallThreads(TITLE, size=settings.max_concurrent_calls, total_timeout_s=settings.total_timeout_s)
        self._pace = Pace(TITLE, per_second=settings.calls_per_second)

    async def select(
        self, table: str, query: str, *, fields: Sequence[str], limit: int = PAGE_ROWS, offset: int = 0
    ) -> Page:
        """One page of the rows that match, with these fields. Raises Refused if a row lacks one of them.

        ServiceNow drops conditions on fields that it does not know, and would answer with every row: rows without a
        field that was asked for show it.
        """

        def work(client: Any) -> Page:
            resource = client.resource(api_path=f"/table/{table}", base_path=TABLE_BASE)
            answer = resource.get(
                query=query, fields=list(fields), limit=limit, offset=offset, exclude_reference_link=True
            )
            rows = tuple(_row(row) for row in answer.all())
            total = answer.headers.get("X-Total-Count", "")
            has_more = 'rel="next"' in answer.headers.get("Link", "")
            return Page(rows, int(total) if total.isdecimal() else len(rows), has_more)

        page = await self._call(work, writes=False)
        for row in page.rows:
            if missing := [name for name in fields if name not in row]:
                reason = f"ServiceNow has no field {missing[0]} in {table}, or hides it from us."
                raise Refused(reason, field=missing[0])
        return page

    async def get(self, table: str, sys_id: str, *, fields: Sequence[str] = ()) -> Row | None:
        """One record by its sys_id; None if it is not there."""
        path = f"/{identity(sys_id)}"
        query = {"sysparm_fields": ",".join(fields), "sysparm_exclude_reference_link": "true"}

        def work(client: Any) -> Row | None:
            resource = client.resource(api_path=f"/table/{table}", base_path=TABLE_BASE)
            resource.parameters.add_custom(query)
            return _one_or_none(lambda: resource.request("GET", path_append=path))

        return await self._call(work, writes=False)

    async def shown(self, table: str, sys_id: str, field: str) -> str:
        """One field as people see it; a journal field as all its entries in one text. Empty if it is not there."""
        path, parameters = f"/{identity(sys_id)}", {"sysparm_fields": field, "sysparm_display_value": "true"}

        def work(client: Any) -> Row | None:
            resource = client.resource(api_path=f"/table/{table}", base_path=TABLE_BASE)
            resource.parameters.add_custom(parameters)
            return _one_or_none(lambda: resource.request("GET", path_append=path))

        row = await self._call(work, writes=False)
        return str(row.get(field, "")) if row else ""

    async def insert(self, table: str, fields: Mapping[str, str]) -> Row:
        """The new record."""
        return await self._call(lambda client: _send(client, TABLE_BASE, f"/table/{table}", "", fields), writes=True)

    async def patch(self, table: str, sys_id: str, fields: Mapping[str, str]) -> Row:
        """The record with these fields changed, as the instance left it."""
        path = f"/{identity(sys_id)}"
        return await self._call(lambda client: _send(client, TABLE_BASE, f"/table/{table}", path, fields), writes=True)

    async def attachments(self, query: str) -> tuple[Row, ...]:
        """What is known of the files that match."""

        def work(client: Any) -> tuple[Row, ...]:
            resource = client.resource(api_path="/attachment", base_path=TABLE_BASE)
            return tuple(_row(row) for row in resource.get(query=query, limit=PAGE_ROWS).all())

        return await self._call(work, writes=False)

    async def attach(self, table: str, sys_id: str, file: TicketFile) -> Row:
        """The new attachment of this record."""

        def work(client: Any) -> Row:
            resource = client.resource(api_path="/attachment", base_path=TABLE_BASE)
            resource.parameters.add_custom({"table_name": table, "table_sys_id": sys_id, "file_name": file.name})
            headers = {"Content-Type": file.media_type}
            return _row(resource.request("POST", path_append="/file", headers=headers, data=file.content).one())

        return await self._call(work, writes=True)

    async def create_change(self, kind: str, fields: Mapping[str, str]) -> Row:
        """The new change of this type: normal, emergency, or standard/ and the sys_id of its template."""
        return await self._call(lambda client: _send(client, CHANGE_BASE, f"/change/{kind}", "", fields), writes=True)

    async def standard_template(self, sys_id: str) -> Row | None:
        """A template of standard changes; None if there is none."""
        return await self._call(
            lambda client: _read_change(client, f"/standard/template/{identity(sys_id)}"), writes=False
        )

    async def patch_change(self, sys_id: str, fields: Mapping[str, str]) -> Row:
        """The change with these fields changed, as the instance left it."""
        path = f"/{identity(sys_id)}"
        return await self._call(lambda client: _send(client, CHANGE_BASE, "/change", path, fields), writes=True)

    async def change(self, sys_id: str) -> Row | None:
        """One change, through the change API; None if it is not there."""
        path = f"/{identity(sys_id)}"
        return await self._call(lambda client: _read_change(client, path), writes=False)

    async def next_states(self, sys_id: str) -> Row | None:
        """What the instance says about where this change may go; None if its release does not say."""
        path = f"/{identity(sys_id)}/nextstates"
        return await self._call(lambda client: _read_change(client, path), writes=False)

    def share_pace(self, turns: Turns) -> None:
        """The pace of calls is kept together with everybody who takes these turns."""
        self._pace.share(turns)

    async def close(self) -> None:
        """No thread is left, once the calls under way have ended; those that wait are dropped."""
        await self._threads.close()

    async def _call(self, work: Callable[[Any], _T], *, writes: bool) -> _T:
        await self._pace.turn()
        return await self._threads.run(lambda flight: self._in_thread(work, flight, writes=writes), writes=writes)

    def _in_thread(self, work: Callable[[Any], _T], flight: Flight, *, writes: bool) -> _T:
        try:
            auth = self._credentials.auth(flight)
        except (*VENDOR_ERRORS, RedirectedError, UnexpectedAnswerError) as exc:
            # Asking for a token changes nothing there.
            raise classify(exc, writes=False) from exc
        try:
            rehearsal = present() if writes else None
            with CallSession(self._settings, auth, may_send=flight.begin, rehearsal=rehearsal) as session:
                client = pysnow.Client(host=self._settings.host, use_ssl=self._settings.uses_tls, session=session)
                return work(client)
        except (*VENDOR_ERRORS, RedirectedError, UnexpectedAnswerError) as exc:
            raise self._failure(exc, writes=writes) from exc

    def _failure(self, exc: Exception, *, writes: bool) -> ConnectorError:
        refused = isinstance(exc, requests.HTTPError) and exc.response is not None
        if refused and _status(exc) == HTTPStatus.UNAUTHORIZED and self._credentials.may_be_renewed:
            self._credentials.forget()
            return NotSent("ServiceNow no longer accepts our token; the next call asks for a new one.")
        return classify(exc, writes=writes)


def _send(client: Any, base: str, api_path: str, path: str, fields: Mapping[str, str]) -> Row:
    resource = client.resource(api_path=api_path, base_path=base)
    if not path:
        return _row(resource.create(dict(fields)).one())
    return _row(resource.request("PATCH", path_append=path, data=json.dumps(dict(fields))).one())


def _read_change(client: Any, path: str) -> Row | None:
    resource = client.resource(api_path="/change", base_path=CHANGE_BASE)
    return _one_or_none(lambda: resource.request("GET", path_append=path))


def _one_or_none(ask: Callable[[], Any]) -> Row | None:
    try:
        return _row(ask().one())
    except requests.HTTPError as exc:
        if _status(exc) == HTTPStatus.NOT_FOUND:
            return None
        raise


def _status(exc: Exception) -> int | None:
    response = getattr(exc, "response", None)
    return None if response is None else int(response.status_code)


def _row(value: Any) -> Row:
    if not isinstance(value, dict):
        raise UnexpectedAnswerError("a record that is no object")
    return value
