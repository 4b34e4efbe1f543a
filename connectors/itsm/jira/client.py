"""Jira's interfaces as coroutines: the library `jira` in a few threads of our own.

Each call has its own client and session, and drops them. Which product answers is asked once and remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from connectors.itsm.answers import UnexpectedAnswerError
from connectors.itsm.base import Refused, TicketFile
from connectors.itsm.jira.failures import TITLE, VENDOR_ERRORS, QuotaSpent, classify, status_of
from connectors.itsm.jira.session import SERVICE_DESK_URL, CallClient
from connectors.itsm.jira.settings import JiraSettings
from connectors.itsm.jira.wire import FIELDS, PROPERTY, IssueRecord, issue, issue_path, items, mapping, text, whole
from connectors.itsm.pace import Pace
from connectors.itsm.rehearsal import present
from connectors.itsm.threads import CallThreads, Flight
from connectors.itsm.turns import Turns

PAGE_ROWS: Final = 100  # Cloud gives no more when fields are asked for
SCREEN_ROWS: Final = 200

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Site:
    """Which product answers, and under which address people see it."""

    is_cloud: bool
    url: str

    @property
    def title(self) -> str:
        """The product as its vendor calls it."""
        return "Jira Cloud" if self.is_cloud else "Jira Data Center"


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Issues of one answer, as they came, and how to ask for the next; None if there is none."""

    rows: tuple[Mapping[str, Any], ...]
    next: str | None


class JiraClient:
    """Calls one site. Every method raises exactly one of the four ConnectorErrors when it fails."""

    def __init__(self, settings: JiraSettings) -> None:
        self._settings = settings
        self._threads = CallThreads(TITLE, size=settings.max_concurrent_calls, total_timeout_s=settings.total_timeout_s)
        self._pace = Pace(TITLE, per_second=settings.calls_per_second)
        self._site: Site | None = None

    async def site(self) -> Site:
        """What the site says of itself. Which product it is decides the dialect of every other call."""
        if self._site is None:
            info = mapping(await self._call(lambda client: client.ask("serverInfo"), is_cloud=False))
            if not text(info.get("deploymentType")):
                raise Refused("This address answers, but not as Jira.", field="url")
            shown = text(info.get("baseUrl"))
            address = shown if urlsplit(shown).scheme in {"http", "https"} else self._settings.url
            self._site = Site(text(info["deploymentType"]) == "Cloud", address.rstrip("/"))
        return self._site

    async def read(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """What GET answers."""
        return await self._ask(lambda client: client.ask(path, query))

    async def issue(self, id_or_key: str, *, with_history: bool = False) -> IssueRecord | None:
        """One issue, read from the site's store and never from its index; None if it is not there for us."""
        row = await self.row(id_or_key, with_history=with_history)
        return None if row is None else issue(row)

    async def row(
        self, id_or_key: str, *, fields: Sequence[str] = (), with_history: bool = False
    ) -> Mapping[str, Any] | None:
        """The same as it travels, with further fields."""
        query = {"fields": ",".join(dict.fromkeys((*FIELDS, *fields))), "properties": PROPERTY}
        if with_history:
            query["expand"] = "changelog"

        def read(answer: Any) -> Mapping[str, Any]:
            found = mapping(answer)
            issue(found)
            return found

        path = issue_path(id_or_key)
        return await self._ask(lambda client: _one_or_none(client, path, query, read))

    async def shown(self, number: str, fields: Sequence[str]) -> tuple[IssueRecord, Mapping[str, Any]] | None:
        """One issue with further fields, as they came; None if it is not there for us."""
        query = {"fields": ",".join(dict.fromkeys((*FIELDS, *fields))), "properties": PROPERTY}

        def read(answer: Any) -> tuple[IssueRecord, Mapping[str, Any]]:
            return issue(answer), mapping(mapping(answer).get("fields"))

        path = issue_path(number)
        return await self._ask(lambda client: _one_or_none(client, path, query, read))

    async def search(
        self,
        jql: str,
        *,
        fields: Sequence[str],
        rows: int = PAGE_ROWS,
        at: str | None = None,
        with_history: bool = False,
        current: Sequence[str] = (),
    ) -> SearchPage:
        """One page of the issues that match, as the site's index has them: on Cloud seconds late.

        Cloud alone tells our property too, and shows the issues with the ids `current` (50 at most) as they are now.
        """
        site = await self.site()
        body: dict[str, Any] = {"jql": jql, "fields": list(fields), "maxResults": rows}
        if not site.is_cloud:
            start, more = int(at or 0), {"expand": ["changelog"]} if with_history else {}
            asked = {**body, **more, "startAt": start}
            answer = mapping(await self._ask(lambda client: client.search("search", asked)))
            found = tuple(map(mapping, items(answer.get("issues"))))
            is_more = bool(found) and start + len(found) < whole(answer.get("total"), 0)
            return SearchPage(found, str(start + len(found)) if is_more else None)
        body |= {"properties": [PROPERTY], "expand": "changelog"} if with_history else {}
        body |= {"reconcileIssues": [int(each) for each in current]} if current else {}
        asked = {**body, "nextPageToken": at} if at else body
        answer = mapping(await self._ask(lambda client: client.search("search/jql", asked)))
        found = tuple(map(mapping, items(answer.get("issues"))))
        return SearchPage(found, text(answer.get("nextPageToken")) or None)

    async def create(self, body: Mapping[str, Any]) -> str:
        """The id of the new issue."""

        def work(client: CallClient) -> str:
            id_ = text(mapping(client.tell("issue", body)).get("id"))
            if not id_:
                raise UnexpectedAnswerError("no id of the created issue")
            return id_

        return await self._tell(work)

    async def write(self, path: str, body: Mapping[str, Any]) -> Any:
        """What POST answers; the write may have happened if this raises OutcomeUnknown."""
        return await self._tell(lambda client: client.tell(path, body))

    async def edit(self, path: str, body: Mapping[str, Any]) -> None:
        """PUT has taken this; it may have if this raises OutcomeUnknown."""
        await self._tell(lambda client: client.put(path, body))

    async def attach(self, path: str, file: TicketFile) -> Any:
        """What POST of a file answers; it may hang there if this raises OutcomeUnknown."""
        return await self._tell(lambda client: client.attach(path, file))

    async def read_desk(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """What GET answers on Jira Service Management's interface."""
        return await self._ask(lambda client: client.ask(path, query, base=SERVICE_DESK_URL))

    async def write_desk(self, path: str, body: Mapping[str, Any]) -> Any:
        """What POST answers on Jira Service Management's interface."""
        return await self._tell(lambda client: client.tell(path, body, base=SERVICE_DESK_URL))

    def share_pace(self, turns: Turns) -> None:
        """The pace of calls is kept together with everybody who takes these turns."""
        self._pace.share(turns)

    async def close(self) -> None:
        """No thread is left, once the calls under way have ended; those that wait are dropped."""
        await self._threads.close()

    async def _ask(self, work: Callable[[CallClient], _T]) -> _T:
        return await self._call(work, is_cloud=(await self.site()).is_cloud)

    async def _tell(self, work: Callable[[CallClient], _T]) -> _T:
        return await self._call(work, is_cloud=(await self.site()).is_cloud, writes=True)

    async def _call(self, work: Callable[[CallClient], _T], *, is_cloud: bool, writes: bool = False) -> _T:
        def in_thread(flight: Flight) -> _T:
            rehearsal = present() if writes else None
            client = CallClient(self._settings, is_cloud=is_cloud, may_send=flight.begin, rehearsal=rehearsal)
            try:
                return work(client)
            except VENDOR_ERRORS as exc:
                raise classify(exc, writes=writes) from exc
            finally:
                client.leave()

        await self._pace.turn()
        try:
            return await self._threads.run(in_thread, writes=writes)
        except QuotaSpent as exc:
            self._pace.hush(exc.retry_after_s)
            raise


def _one_or_none(client: CallClient, path: str, query: Mapping[str, Any], read: Callable[[Any], _T]) -> _T | None:
    try:
        return read(client.ask(path, query))
    except VENDOR_ERRORS as exc:
        if status_of(exc) == HTTPStatus.NOT_FOUND:
            return None
        raise
