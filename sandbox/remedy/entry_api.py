"""/api/arsys/v1: entries, merges, files, and what the server says of its forms."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from aiohttp import web

from sandbox.remedy import errors
from sandbox.remedy.arserver import ArServer, Caller
from sandbox.remedy.errors import Refused
from sandbox.remedy.incoming import chosen, qualified, read_entry, select
from sandbox.remedy.schema import FORMS, Field, Form, Kind
from sandbox.remedy.store import Entry
from sandbox.remedy.values import entry_id, href, values_of

CALLER: Final = web.RequestKey("caller", Caller)
ID_MAX: Final = 15  # characters of a request id; a join's has one for each of its forms
MERGES: Final = ("DUP_ERROR", "DUP_NEW_ID", "DUP_OVERWRITE", "DUP_MERGE", "GEN_NEW_ID")
VERSIONS: Final = "{version:v1(?:\\.0)?}"


class EntryApi:
    """Serves entries. `base_url` has no trailing slash."""

    def __init__(self, server: ArServer, base_url: str) -> None:
        self._server = server
        self._base_url = base_url

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The vendor's paths."""
        base = f"/api/arsys/{VERSIONS}"
        router.add_get(f"{base}/entry/{{form}}", self.query)
        router.add_post(f"{base}/entry/{{form}}", self.create)
        router.add_options(f"{base}/entry/{{form}}", self.schema)
        router.add_get(f"{base}/entry/{{form}}/{{id}}", self.read)
        router.add_put(f"{base}/entry/{{form}}/{{id}}", self.update)
        router.add_delete(f"{base}/entry/{{form}}/{{id}}", self.delete)
        router.add_get(f"{base}/entry/{{form}}/{{id}}/attach/{{field}}", self.attachment)
        router.add_post(f"{base}/mergeEntry/{{form}}", self.merge)
        router.add_get(f"{base}/form", self.forms)
        router.add_get(f"{base}/fields/{{form}}", self.fields)

    async def query(self, request: web.Request) -> web.Response:
        """GET with q, fields, sort, limit and offset; the next page behind `_links`."""
        form = _form(request)
        names = chosen(request, form)
        found = select(self._server, form, request, user=request[CALLER].name)
        cap = self._server.options.max_entries_per_query or len(found)
        offset, limit = _count(request, "offset", 0), min(_count(request, "limit", cap) or cap, cap)
        page = found[offset : offset + limit]
        body: dict[str, Any] = {"entries": [self._shown(form, one, names) for one in page]}
        links = {}
        if offset + limit < len(found):
            links["next"] = [{"href": self._page(request, form, offset + limit, limit)}]
        if offset:
            links["prev"] = [{"href": self._page(request, form, max(0, offset - limit), limit)}]
        if links:
            body["_links"] = links
        return web.json_response(body)

    async def create(self, request: web.Request) -> web.Response:
        """POST: 201 with the place; a body only when fields were asked for. A join form makes no id: 204."""
        form = _form(request)
        names = chosen(request, form)
        body = await read_entry(request, form, most_bytes=self._server.options.attachment_max_bytes)
        entry = self._server.create(form, body["values"], by=request[CALLER])
        if form.joined:
            return web.Response(status=HTTPStatus.NO_CONTENT)
        return self._created(form, entry, names)

    async def read(self, request: web.Request) -> web.Response:
        """GET one."""
        form = _form(request)
        names = chosen(request, form)
        return web.json_response(self._shown(form, self._find(request, form), names))

    async def update(self, request: web.Request) -> web.Response:
        """PUT: 204; fields that were not sent keep their values."""
        form = _form(request)
        entry = self._find(request, form)
        body = await read_entry(request, form, most_bytes=self._server.options.attachment_max_bytes)
        self._server.update(form, entry, body["values"], by=request[CALLER])
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE: 204."""
        form = _form(request)
        self._server.delete(self._find(request, form), by=request[CALLER])
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def attachment(self, request: web.Request) -> web.Response:
        """GET the bytes; the server does not know their type."""
        form = _form(request)
        entry = self._find(request, form)
        field = form.find(request.match_info["field"])
        if field is None or field.kind is not Kind.ATTACHMENT:
            raise Refused(errors.NO_FIELD, f"{form.name} : <{request.match_info['field']}>")
        file = entry[field.name]
        if file is None:
            raise Refused(errors.NO_ENTRY, f"{form.name} : <{field.name}>")
        return web.Response(body=base64.b64decode(file["data"]), content_type="application/octet-stream")

    async def merge(self, request: web.Request) -> web.Response:
        """POST: an entry that may be there already. 201 with the place."""
        form = _form(request)
        body = await read_entry(request, form, most_bytes=self._server.options.attachment_max_bytes)
        options = body.get("mergeOptions") or {}
        kind = options.get("mergeType", "DUP_ERROR") if isinstance(options, dict) else None
        if kind not in MERGES:
            raise Refused(errors.OUT_OF_LIMITS, f"mergeType : {kind}")
        values = dict(body["values"])
        held = self._same(request, form, body, values.pop("Request ID", values.pop("1", None)))
        if held is None or kind in {"DUP_NEW_ID", "GEN_NEW_ID"}:
            return self._created(form, self._server.create(form, values, by=request[CALLER]), None)
        if kind == "DUP_ERROR":
            raise Refused(errors.DUPLICATE, f"{form.name} : {held.id}")
        if kind == "DUP_OVERWRITE":
            emptied = {one.name: one.default for one in form.fields.values() if not one.required}
            values = {**emptied, **values}
        self._server.update(form, held, values, by=request[CALLER])
        return self._created(form, held, None)

    async def schema(self, request: web.Request) -> web.Response:
        """OPTIONS: the fields by name."""
        form = _form(request)
        return web.json_response(
            {"name": form.name, "fields": {one.name: _described(one) for one in form.fields.values()}}
        )

    async def forms(self, request: web.Request) -> web.Response:
        """GET /form: the names."""
        del request
        return web.json_response(list(FORMS))

    async def fields(self, request: web.Request) -> web.Response:
        """GET /fields/{form}."""
        return web.json_response([_described(one) for one in _form(request).fields.values()])

    def _same(self, request: web.Request, form: Form, body: dict[str, Any], id_: Any) -> Entry | None:
        text = body.get("qualification")
        if text:
            entries = self._server.store.entries(form.base).values()
            found = qualified(self._server, form, entries, str(text), user=request[CALLER].name)
            first_will_do = (body.get("mergeOptions") or {}).get("multimatchOption") == 1
            if len(found) > 1 and not first_will_do:
                raise Refused(errors.DUPLICATE, f"{form.name} : {len(found)} entries match")
            return found[0] if found else None
        return self._server.store.entries(form.base).get(str(id_).partition("|")[0]) if id_ else None

    def _find(self, request: web.Request, form: Form) -> Entry:
        wanted = request.match_info["id"]
        parts = wanted.split("|")
        if any(len(one) > ID_MAX for one in parts):
            raise Refused(errors.ID_TOO_LONG, wanted)
        entry = self._server.store.entries(form.base).get(parts[0])
        is_of_form = len(parts) == (2 if form.joined else 1) and len(set(parts)) == 1
        if entry is None or not is_of_form or not self._server.is_visible(entry):
            raise Refused(errors.NO_ENTRY, f"{form.name} : {wanted}")
        return entry

    def _created(self, form: Form, entry: Entry, names: tuple[str, ...] | None) -> web.Response:
        headers = {"Location": href(form, entry, self._base_url)}
        if names is None:
            return web.Response(status=HTTPStatus.CREATED, headers=headers)
        return web.json_response(self._shown(form, entry, names), status=HTTPStatus.CREATED, headers=headers)

    def _shown(self, form: Form, entry: Entry, names: tuple[str, ...] | None) -> dict[str, Any]:
        values = values_of(form, entry, names, base_url=self._base_url)
        if names is None and form.joined:
            values["Entry ID"] = entry_id(form, entry).partition("|")[0]
        return {"values": values, "_links": {"self": [{"href": href(form, entry, self._base_url)}]}}

    def _page(self, request: web.Request, form: Form, offset: int, limit: int) -> str:
        kept = {name: value for name, value in request.query.items() if name not in {"offset", "limit"}}
        query = urlencode({**kept, "offset": offset, "limit": limit}, quote_via=quote)
        return f"{self._base_url}/api/arsys/v1/entry/{quote(form.name, safe='')}?{query}"


def _form(request: web.Request) -> Form:
    form = FORMS.get(request.match_info["form"])
    if form is None:
        raise Refused(errors.NO_FORM, request.match_info["form"])
    return form


def _count(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else default


def _described(field: Field) -> dict[str, Any]:
    mode = "READ_ONLY" if field.read_only else "DISPLAY" if field.on_display_only else "REGULAR"
    shown: dict[str, Any] = {
        "id": field.id,
        "name": field.name,
        "datatype": field.kind.value,
        "field_option": "REQUIRED" if field.required else "DISPLAY" if field.on_display_only else "OPTIONAL",
        "access": mode,
    }
    if field.kind is Kind.ENUM:
        shown["limit"] = {"enum_limits": [{"id": number, "label": label} for number, label in field.options.items()]}
    elif field.max_length:
        shown["limit"] = {"max_length": field.max_length}
    return shown
