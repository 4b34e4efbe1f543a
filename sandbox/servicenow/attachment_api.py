"""The Attachment API: /api/now[/v1]/attachment. A file hangs on any record; its bytes lie in sys_attachment_doc."""

from __future__ import annotations

import base64
import hashlib
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.servicenow import errors, incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.keys import ACCOUNT
from sandbox.servicenow.render import TableRenderer
from sandbox.servicenow.schema import TABLES
from sandbox.servicenow.settings import Options
from sandbox.servicenow.store import Row

TABLE: Final = "sys_attachment"
DOCS: Final = "sys_attachment_doc"
NAMED: Final = ("table_name", "table_sys_id", "file_name")


class AttachmentApi:
    """Lists, takes and hands out files."""

    def __init__(self, instance: Instance, options: Options, base_url: str) -> None:
        self._instance = instance
        self._options = options
        self._base_url = base_url

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Every path of this API, with and without a version."""
        for version in ("", "/v1"):
            base = f"/api/now{version}/attachment"
            router.add_get(base, self.select)
            router.add_post(f"{base}/file", self.attach)
            router.add_get(f"{base}/{{sys_id}}", self.get)
            router.add_get(f"{base}/{{sys_id}}/file", self.content)
            router.add_delete(f"{base}/{{sys_id}}", self.delete)

    async def select(self, request: web.Request) -> web.Response:
        """GET: 200 and a list, also when nothing matches."""
        query = incoming.read_query(request.query, TABLE, self._instance, self._options, request[ACCOUNT])
        found = [] if query is None else self._instance.store.select(TABLE, query)
        limit = incoming.number(request.query, "sysparm_limit", incoming.DEFAULT_LIMIT)
        offset = incoming.number(request.query, "sysparm_offset", 0)
        return web.json_response({"result": [self._shown(row) for row in found[offset : offset + limit]]})

    async def get(self, request: web.Request) -> web.Response:
        """GET /{sys_id}: what is known of one."""
        return web.json_response({"result": self._shown(self._row(request))})

    async def content(self, request: web.Request) -> web.Response:
        """GET /{sys_id}/file: the bytes."""
        row = self._row(request)
        (doc,) = self._instance.store.where(DOCS, sys_attachment=row.sys_id)
        return web.Response(body=base64.b64decode(doc["data"]), content_type=row["content_type"])

    async def attach(self, request: web.Request) -> web.Response:
        """POST /file?table_name&table_sys_id&file_name, the bytes as the body: 201. Every call appends."""
        named = {name: request.query.get(name, "") for name in NAMED}
        if missing := [name for name, text in named.items() if not text]:
            return errors.error(HTTPStatus.BAD_REQUEST, "Missing required parameter", missing[0])
        if named["table_name"] not in TABLES:
            return errors.invalid_table(named["table_name"])
        if self._instance.store.find(named["table_name"], named["table_sys_id"]) is None:
            return errors.no_record()
        data = await request.read()
        if len(data) > self._options.attachment_max_bytes:
            return errors.error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Maximum file size exceeded")
        kind = {"content_type": request.content_type, "size_bytes": str(len(data)), "hash": _hash(data)}
        row = self._instance.insert(TABLE, {**named, **kind}, by=request[ACCOUNT])
        doc = {"sys_attachment": row.sys_id, "data": base64.b64encode(data).decode()}
        self._instance.add(DOCS, doc, by=request[ACCOUNT])
        return web.json_response({"result": self._shown(row)}, status=HTTPStatus.CREATED)

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /{sys_id}: 204."""
        self._instance.store.remove(self._row(request))
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _row(self, request: web.Request) -> Row:
        row = self._instance.store.find(TABLE, request.match_info["sys_id"])
        if row is None:
            raise incoming.BadRequest(errors.no_record())
        return row

    def _shown(self, row: Row) -> dict[str, Any]:
        link = f"{self._base_url}/api/now/attachment/{row.sys_id}/file"
        return {**TableRenderer(self._instance, self._base_url).row(row), "download_link": link}


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
