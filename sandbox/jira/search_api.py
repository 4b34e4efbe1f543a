"""Search: pages with totals on Data Center, pages behind a token on Cloud."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.jira import jql
from sandbox.jira.calls import CALL, VERSIONS, Call, page
from sandbox.jira.errors import Refused
from sandbox.jira.jql import BadQuery
from sandbox.jira.searching import Search
from sandbox.jira.settings import Options
from sandbox.jira.site import Site
from sandbox.jira.store import Issue, stamp

PAGE: Final = 50
MOST: Final = 1000  # Data Center's default ceiling
MOST_IDS: Final = 5000  # Cloud, when nothing but ids is asked for
MOST_FIELDS: Final = 100  # Cloud, when fields are asked for
UNBOUNDED: Final = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
GONE: Final = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
RECONCILED_MAX: Final = 50


class SearchApi:
    """Serves searches."""

    def __init__(self, site: Site, options: Options) -> None:
        self._site = site
        self._options = options

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The vendor's paths."""
        base = f"/rest/api/{VERSIONS}/search"
        for path, handler in ((base, self.search), (f"{base}/jql", self.search_jql)):
            router.add_get(path, handler)
            router.add_post(path, handler)
        router.add_post(f"{base}/approximate-count", self.count)

    async def search(self, request: web.Request) -> web.Response:
        """/search: Data Center's. Cloud has removed it."""
        call = request[CALL]
        if call.dialect.cloud:
            raise Refused(GONE, status=HTTPStatus.GONE)
        asked = await _asked(call)
        is_strict = str(asked.get("validateQuery", True)).lower() not in {"false", "warn"}
        search, found = self._run(call, str(asked.get("jql") or ""), is_strict=is_strict)
        start, most = _count(asked, "startAt", 0), min(_count(asked, "maxResults", PAGE), MOST)
        shown, _ = page(found, start=start, most=most)
        body: dict[str, Any] = {"expand": "schema,names", "startAt": start, "maxResults": most, "total": len(found)}
        if search.warnings:
            body["warningMessages"] = search.warnings
        return web.json_response({**body, "issues": [self._shown(call, one, asked, ("*navigable",)) for one in shown]})

    async def search_jql(self, request: web.Request) -> web.Response:
        """/search/jql: Cloud's. No total and no random page."""
        call = request[CALL]
        if not call.dialect.cloud:
            raise Refused("null for uri", status=HTTPStatus.NOT_FOUND)
        asked = await _asked(call)
        text = str(asked.get("jql") or "")
        _, found = self._run(call, text, reconciled=_reconciled(asked))
        if jql.parse(text).where is None:
            raise Refused(UNBOUNDED)
        fields = tuple(_texts(asked.get("fields"))) or ("id",)
        ceiling = MOST_IDS if fields == ("id",) else MOST_FIELDS
        most = max(1, min(_count(asked, "maxResults", PAGE), ceiling))
        start = _start(asked.get("nextPageToken"), text)
        shown, is_last = page(found, start=start, most=most)
        body: dict[str, Any] = {"issues": [self._shown(call, one, asked, ("id",)) for one in shown], "isLast": is_last}
        if not is_last:
            body["nextPageToken"] = _token(text, start + most)
        return web.json_response(body)

    async def count(self, request: web.Request) -> web.Response:
        """/search/approximate-count: Cloud's."""
        call = request[CALL]
        if not call.dialect.cloud:
            raise Refused("null for uri", status=HTTPStatus.NOT_FOUND)
        text = str((await call.body()).get("jql") or "")
        _, found = self._run(call, text)
        if jql.parse(text).where is None:
            raise Refused(UNBOUNDED)
        return web.json_response({"count": len(found)})

    def _run(
        self, call: Call, text: str, *, is_strict: bool = True, reconciled: frozenset[str] = frozenset()
    ) -> tuple[Search, list[Issue]]:
        search = Search(self._site, call.person, frozenset(self._options.indexed_properties), is_strict=is_strict)
        known = [] if call.is_anonymous else list(self._site.store.issues.values())
        if call.dialect.cloud and self._options.search_lag_s:
            indexed = stamp(self._site.clock() - timedelta(seconds=self._options.search_lag_s))
            known = [one for one in known if one.created <= indexed or one.id in reconciled]
        try:
            return search, search.run(jql.parse(text), known)
        except BadQuery as bad:
            raise Refused(str(bad)) from bad

    def _shown(self, call: Call, issue: Issue, asked: dict[str, Any], default: tuple[str, ...]) -> dict[str, Any]:
        fields = tuple(_texts(asked.get("fields"))) or default
        shown = call.view.issue(
            issue, fields=fields, expand=_texts(asked.get("expand")), properties=_texts(asked.get("properties"))
        )
        if fields == ("id",):
            return {"id": shown["id"]}
        return shown


async def _asked(call: Call) -> dict[str, Any]:
    if call.request.method == "POST":
        return await call.body()
    query = call.request.query
    return {name: query.getall(name) if len(query.getall(name)) > 1 else query[name] for name in query}


def _texts(value: Any) -> list[str]:
    given = value if isinstance(value, list) else [value] if value is not None else []
    return [part.strip() for one in given for part in str(one).split(",") if part.strip()]


def _count(asked: dict[str, Any], name: str, default: int) -> int:
    text = str(asked.get(name, default))
    return int(text) if text.isdecimal() and len(text) < 10 else default


def _reconciled(asked: dict[str, Any]) -> frozenset[str]:
    given = _texts(asked.get("reconcileIssues"))
    if len(given) > RECONCILED_MAX:
        raise Refused(f"At most {RECONCILED_MAX} issues can be reconciled.")
    return frozenset(given)


def _token(text: str, start: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([text, start]).encode()).decode()


def _start(token: Any, text: str) -> int:
    if not token:
        return 0
    try:
        query, start = json.loads(base64.urlsafe_b64decode(str(token)))
    except (binascii.Error, ValueError, TypeError) as exc:
        raise Refused("The provided next page token is invalid or expired.") from exc
    if query != text or not isinstance(start, int):
        raise Refused("The provided next page token is invalid or expired.")
    return start
