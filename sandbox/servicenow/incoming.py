"""Reading requests: bodies, media types, parameters, and encoded queries with what the vendor allows in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.servicenow.errors import error
from sandbox.servicenow.query import Query, Term, parse
from sandbox.servicenow.schema import TABLES
from sandbox.servicenow.settings import Options
from sandbox.servicenow.store import TIME_FORMAT, is_known
from sandbox.servicenow.writing import Account, Writer

DEFAULT_LIMIT: Final = 10_000
_AGO: Final = re.compile(r"gs\.(minutes|hours|days)Ago(?:Start)?\((\d{1,6})\)")
_DATE: Final = re.compile(r"gs\.dateGenerate\('([0-9-]{10})',\s*'([0-9:]{8}|start|end)'\)")
_SCRIPT: Final = "javascript:"


class BadRequest(Exception):
    """The request is answered with this response."""

    def __init__(self, response: web.Response) -> None:
        self.response = response
        super().__init__(response.status)


async def read_body(request: web.Request) -> dict[str, Any]:
    """The JSON object sent. Raises BadRequest for another media type or anything else than one object."""
    raw = await request.read()
    if raw and request.content_type not in {"application/json", "text/json"}:
        raise BadRequest(error(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type", "Use application/json"))
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        detail = "The payload is not valid JSON."
        raise BadRequest(error(HTTPStatus.BAD_REQUEST, "Exception while reading request", detail))
    return body


def check_accept(request: web.Request) -> None:
    """The caller takes JSON. Raises BadRequest (406) otherwise."""
    accept = request.headers.get("Accept", "*/*").lower()
    if not any(kind in accept for kind in ("*/*", "application/*", "json")):
        raise BadRequest(error(HTTPStatus.NOT_ACCEPTABLE, "Not Acceptable", "Use application/json"))


def number(parameters: Mapping[str, str], name: str, default: int) -> int:
    """A count from the parameters; the default when it is missing or no count."""
    text = parameters.get(name, "")
    return int(text) if text.isdecimal() else default


def read_query(
    parameters: Mapping[str, str], table: str, writer: Writer, options: Options, caller: Account
) -> Query | None:
    """The rows asked for: sysparm_query and plain `&field=value` pairs; None when an invalid field forbids any row."""
    text = expand_scripts(parameters.get("sysparm_query", ""), writer, caller)
    query = parse(text, is_known=lambda path: is_known(table, path) and path not in options.hidden_fields)
    pairs = tuple(
        (Term(name, "=", value),)
        for name, value in parameters.items()
        if not name.startswith("sysparm_") and name in TABLES[table].columns
    )
    if query.has_invalid and options.invalid_query_returns_no_rows:
        return None
    return Query(tuple((*groups, *pairs) for groups in query.alternatives), query.order, query.has_invalid)


def expand_scripts(text: str, writer: Writer, caller: Account) -> str:
    """`javascript:gs.…` values replaced by what the common functions return; others by nothing."""
    parts = text.split("^")
    return "^".join(_expand(part, writer, caller) if _SCRIPT in part else part for part in parts)


def _expand(part: str, writer: Writer, caller: Account) -> str:
    before, _, script = part.partition(_SCRIPT)
    return before + _value(script.strip().rstrip(";"), writer, caller)


def _value(script: str, writer: Writer, caller: Account) -> str:
    if script == "gs.getUserID()":
        person = writer.store.find_by("sys_user", "user_name", caller.user_name)
        return person.sys_id if person else ""
    if script in {"gs.getUserName()", "gs.nowDateTime()"}:
        return caller.user_name if "User" in script else writer.stamp()
    if ago := _AGO.fullmatch(script):
        return _past(writer.clock(), ago[1], int(ago[2]))
    if date := _DATE.fullmatch(script):
        return f"{date[1]} {({'start': '00:00:00', 'end': '23:59:59'}).get(date[2], date[2])}"
    return ""


def _past(now: datetime, unit: str, count: int) -> str:
    try:
        return (now - timedelta(**{unit: count})).strftime(TIME_FORMAT)
    except OverflowError:
        return ""
