"""Reading requests: entries as JSON or as a multipart form with files, qualifications, lists of fields, orders."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aiohttp import BodyPartReader, web

from sandbox.remedy import answering, errors, qualification
from sandbox.remedy.answering import Asked
from sandbox.remedy.arserver import ArServer
from sandbox.remedy.errors import Refused
from sandbox.remedy.qualification import BadQualification
from sandbox.remedy.schema import Form, Kind
from sandbox.remedy.store import Entry
from sandbox.remedy.values import entry_id, epoch, selection

_VALUES: Final = re.compile(r"(?:^|,)\s*values\(([^()]*)\)")
BAD_BODY: Final = "The request body is not a valid entry"


@dataclass(frozen=True, slots=True)
class Sort:
    """One column of an order."""

    name: str
    descending: bool


async def read_entry(request: web.Request, form: Form, *, most_bytes: int) -> dict[str, Any]:
    """The body with its `values`; files of a multipart body stand in their fields. Raises Refused."""
    if request.content_type == "multipart/form-data":
        return await _multipart(request, form, most_bytes)
    if request.content_type != "application/json":
        raise Refused(errors.OUT_OF_LIMITS, text=BAD_BODY, status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return _entry(await request.read())


def chosen(request: web.Request, form: Form) -> tuple[str, ...] | None:
    """The fields of `fields=values(A,B)`; None when it was not sent. Raises Refused for an unknown one."""
    text = request.query.get("fields")
    if text is None:
        return None
    match = _VALUES.search(text)
    names = tuple(one.strip() for one in match[1].split(",") if one.strip()) if match else ()
    for name in names:
        if form.find(name) is None:
            raise Refused(errors.NO_FIELD, f"{form.name} : <{name}>")
    return names or None


def select(server: ArServer, form: Form, request: web.Request, *, user: str) -> list[Entry]:
    """The entries that `q` means, in the order of `sort`; by request id without one. Raises Refused."""
    found = [one for one in server.store.entries(form.base).values() if server.is_visible(one)]
    if text := request.query.get("q", "").strip():
        found = qualified(server, form, found, text, user=user)
    found.sort(key=lambda one: one.id)
    for sort in reversed(_order(request.query.get("sort", ""), form)):
        filled = [one for one in found if one[sort.name] is not None]
        filled.sort(key=lambda one, name=sort.name: one[name], reverse=sort.descending)  # type: ignore[misc]
        empty = [one for one in found if one[sort.name] is None]
        found = [*filled, *empty] if sort.descending else [*empty, *filled]
    return found


def qualified(server: ArServer, form: Form, entries: Iterable[Entry], text: str, *, user: str) -> list[Entry]:
    """The entries of which the qualification is true. Raises Refused."""
    try:
        node = qualification.parse(text)
    except BadQualification as bad:
        raise Refused(errors.BAD_QUALIFICATION, str(bad)) from bad
    for name in qualification.fields_of(node):
        field = form.find(name)
        if field is None or field.on_display_only:
            raise Refused(errors.NO_FIELD, f"{form.name} : <{name}>")
    keywords = {"$USER$": user, "$TIMESTAMP$": server.seconds(), "$NULL$": None}

    def compared(name: str, value: str | int) -> Any:
        field = form.find(name)
        assert field is not None  # looked at above
        match field.kind:
            case Kind.ENUM:
                return selection(field, value)
            case Kind.TIME:
                return epoch(value)
            case Kind.INTEGER:
                return int(value) if str(value).isdecimal() else None
            case _:
                return str(value)

    def value_of(entry: Entry, name: str) -> Any:
        field = form.find(name)
        assert field is not None  # looked at above
        return entry_id(form, entry) if field.id == 1 else entry[field.name]

    return [
        one
        for one in entries
        if answering.holds(node, Asked(lambda name, one=one: value_of(one, name), compared, keywords))  # type: ignore[misc]
    ]


def _order(text: str, form: Form) -> list[Sort]:
    found = []
    for part in (one.strip() for one in text.split(",") if one.strip()):
        name, _, direction = part.rpartition(".")
        if direction.lower() not in {"asc", "desc"}:
            name, direction = part, "asc"
        field = form.find(name)
        if field is None:
            raise Refused(errors.NO_FIELD, f"{form.name} : <{name}>")
        found.append(Sort(field.name, direction.lower() == "desc"))
    return found


def _entry(raw: bytes | str) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("values"), dict):
        raise Refused(errors.OUT_OF_LIMITS, text=BAD_BODY)
    return body


async def _multipart(request: web.Request, form: Form, most_bytes: int) -> dict[str, Any]:
    body: dict[str, Any] | None = None
    files: dict[str, dict[str, Any]] = {}
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            data = bytearray()
            while chunk := await part.read_chunk(65_536):
                data += chunk
                if len(data) > most_bytes:
                    raise Refused(errors.TOO_LONG, f"{form.name} : attachment larger than {most_bytes} bytes")
            name = part.name or ""
            if name == "entry":
                body = _entry(bytes(data))
            elif name.startswith("attach-"):
                files[name.removeprefix("attach-")] = {
                    "name": part.filename or "file",
                    "sizeBytes": len(data),
                    "data": base64.b64encode(data).decode(),
                }
    except ValueError as exc:
        raise Refused(errors.OUT_OF_LIMITS, text=BAD_BODY) from exc
    if body is None:
        raise Refused(errors.OUT_OF_LIMITS, text=BAD_BODY)
    for name, file in files.items():
        field = form.find(name)
        if field is None or field.kind is not Kind.ATTACHMENT:
            raise Refused(errors.NO_FIELD, f"{form.name} : <{name}>")
        body["values"][name] = file
    return body
