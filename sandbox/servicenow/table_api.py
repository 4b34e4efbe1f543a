"""The Table API: /api/now[/v1|/v2]/table/{table}[/{sys_id}]."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from sandbox.servicenow import errors, incoming
from sandbox.servicenow.errors import AccessDenied, RuleRefused
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.keys import ACCOUNT
from sandbox.servicenow.render import DisplayMode, TableRenderer, truthy
from sandbox.servicenow.schema import TABLES
from sandbox.servicenow.settings import Options
from sandbox.servicenow.store import Row
from sandbox.servicenow.updates import update
from sandbox.servicenow.writing import ADMIN, Account


class TableApi:
    """Reads and writes any table of the instance."""

    def __init__(self, instance: Instance, options: Options, base_url: str) -> None:
        self._instance = instance
        self._options = options
        self._base_url = base_url

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Every path of this API, with and without a version."""
        for version in ("", "/v1", "/v2"):
            many, one = f"/api/now{version}/table/{{table}}", f"/api/now{version}/table/{{table}}/{{sys_id}}"
            router.add_get(many, self.select)
            router.add_post(many, self.insert)
            router.add_get(one, self.get)
            router.add_put(one, self.update)
            router.add_patch(one, self.update)
            router.add_delete(one, self.delete)

    async def select(self, request: web.Request) -> web.StreamResponse:
        """GET table: 200 and a list, also when nothing matches."""
        table = _table(request)
        parameters = request.query
        query = incoming.read_query(parameters, table, self._instance, self._options, request[ACCOUNT])
        found = [] if query is None else self._instance.store.select(table, query)
        offset = incoming.number(parameters, "sysparm_offset", 0)
        limit = incoming.number(parameters, "sysparm_limit", incoming.DEFAULT_LIMIT)
        # Hidden rows are cut after paging: they count, so a page may be short.
        page = [row for row in found[offset : offset + limit] if _may_see(row, request[ACCOUNT])]
        renderer = self._renderer(parameters)
        response = web.json_response({"result": [renderer.row(row) for row in page]})
        if not truthy(parameters, "sysparm_no_count"):
            response.headers["X-Total-Count"] = str(len(found))
        if not truthy(parameters, "sysparm_suppress_pagination_header") and limit:
            response.headers["Link"] = self._links(request, limit, offset, len(found))
        return response

    async def get(self, request: web.Request) -> web.StreamResponse:
        """GET one record: 200, or 404 when it is not there or hidden."""
        row = self._row(request)
        return web.json_response({"result": self._renderer(request.query).row(row)})

    async def insert(self, request: web.Request) -> web.StreamResponse:
        """POST: 201 with every field; unknown fields are ignored without a word."""
        table = _table(request)
        fields = await incoming.read_body(request)
        labels = truthy(request.query, "sysparm_input_display_value")
        try:
            row = self._instance.insert(table, fields, by=request[ACCOUNT], labels=labels)
        except AccessDenied as denied:
            return errors.access_denied(denied)
        except RuleRefused as refused:
            return errors.aborted(table, "insert", refused)
        response = self._written(request, row, HTTPStatus.CREATED)
        response.headers["Location"] = f"{self._base_url}/api/now/table/{table}/{row.sys_id}"
        return response

    async def update(self, request: web.Request) -> web.StreamResponse:
        """PUT and PATCH alike: 200; fields that were not sent stay as they are."""
        row = self._row(request)
        fields = await incoming.read_body(request)
        labels = truthy(request.query, "sysparm_input_display_value")
        try:
            update(self._instance, self._options, row, fields, by=request[ACCOUNT], labels=labels)
        except AccessDenied as denied:
            return errors.access_denied(denied)
        except RuleRefused as refused:
            return errors.aborted(row.table.name, "update", refused)
        return self._written(request, row, HTTPStatus.OK)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """DELETE: 204 without a body."""
        row = self._row(request)
        try:
            self._instance.delete(row, by=request[ACCOUNT])
        except AccessDenied as denied:
            return errors.access_denied(denied)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _row(self, request: web.Request) -> Row:
        row = self._instance.store.find(_table(request), request.match_info["sys_id"])
        if row is None or not _may_see(row, request[ACCOUNT]):
            raise incoming.BadRequest(errors.no_record())
        return row

    def _renderer(self, parameters: Mapping[str, str]) -> TableRenderer:
        wanted = parameters.get("sysparm_display_value", "").lower()
        mode = DisplayMode(wanted) if wanted in set(DisplayMode) else DisplayMode.VALUES
        fields = tuple(name for name in parameters.get("sysparm_fields", "").split(",") if name)
        links = not truthy(parameters, "sysparm_exclude_reference_link")
        hidden = frozenset(self._options.hidden_fields)
        return TableRenderer(self._instance, self._base_url, mode, links, fields, hidden)

    def _written(self, request: web.Request, row: Row, status: HTTPStatus) -> web.Response:
        if request.headers.get("X-no-response-body", "").lower() == "true":
            return web.Response(status=status)
        return web.json_response({"result": self._renderer(request.query).row(row)}, status=status)

    def _links(self, request: web.Request, limit: int, offset: int, total: int) -> str:
        last = max(0, (total - 1) // limit * limit)
        targets = {"first": 0}
        if offset > 0:
            targets["prev"] = max(0, offset - limit)
        if offset + limit < total:
            targets["next"] = offset + limit
        targets["last"] = last
        base = self._base_url + request.path[request.path.index("/api/now") :]
        query = request.rel_url
        return ",".join(
            f'<{base}?{query.update_query(sysparm_limit=limit, sysparm_offset=target).query_string}>;rel="{name}"'
            for name, target in targets.items()
        )


def _table(request: web.Request) -> str:
    name = request.match_info["table"]
    if name not in TABLES:
        raise incoming.BadRequest(errors.invalid_table(name))
    return name


def _may_see(row: Row, account: Account) -> bool:
    return row.values.get("u_restricted") != "true" or account.has(ADMIN)
