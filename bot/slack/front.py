"""/slack/events over HTTP.

What Bolt answers with a 500, some of it before it has looked at the signature, is refused here first: headers that it
cannot compare, bodies that are not what they say, interactions and events that lack what every listener reads.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from prometheus_client import Counter, Histogram
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot.refused import Refusals, caller_of
from core.actor import Door
from core.db import Database
from core.ids import TenantId

log = structlog.get_logger()

PATH: Final = "/slack/events"
REFUSED = Counter("countersign_slack_refused_total", "Requests that were not proven to come from Slack")
BODY_MAX_BYTES: Final = 1_000_000
_STAMP_DIGITS_MAX: Final = 15  # more seconds than there will be
ACK_SECONDS = Histogram(
    "countersign_slack_ack_seconds",
    "Time until Slack has its acknowledgement",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)


def slack_route(app: AsyncApp, refusals: Refusals) -> web.RouteDef:
    """The one address that Slack calls."""

    async def handle(request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        problem = await _problem(request)
        if problem:
            return web.json_response({"error": problem}, status=400)
        response = await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))
        if response.status == HTTPStatus.UNAUTHORIZED:  # Bolt's answer to what is not signed by Slack, or too old
            await _refused(request, refusals)
        ACK_SECONDS.observe(time.perf_counter() - started)
        return response

    return web.post(PATH, handle)


def refusals_of(database: Database, tenant: TenantId) -> Refusals:
    """Where refusals at this door are recorded."""
    return Refusals(database, tenant, Door.SLACK, action="slack.request", resource=PATH)


async def _refused(request: web.Request, refusals: Refusals) -> None:
    caller = caller_of(request)
    reason = "bad_signature" if request.headers.get("X-Slack-Signature") else "no_signature"
    REFUSED.inc()
    log.warning("slack_request_refused", reason=reason, ip=caller.ip_address)
    await refusals.record(caller, reason)


async def _problem(request: web.Request) -> str | None:
    stamp = request.headers.get("X-Slack-Request-Timestamp", "0")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > _STAMP_DIGITS_MAX:
        return "X-Slack-Request-Timestamp is not a number"
    if not request.headers.get("X-Slack-Signature", "").isascii():
        return "X-Slack-Signature is not a signature"
    raw = await request.read()
    if len(raw) > BODY_MAX_BYTES:
        return "the body is too large"
    try:
        document = _document(raw.decode(), request.content_type)
    except (ValueError, RecursionError):
        return "the body is not what it says it is"
    if not isinstance(document, dict):
        return "the body holds no object"
    lacks = _lacks(document)
    return f"the {document['type']} lacks its {lacks}" if lacks else None


def _document(text: str, content_type: str) -> Any:
    """What Bolt will read out of the body, by its own rules. Raises ValueError or RecursionError."""
    if content_type == "application/json" or text.startswith("{"):
        return json.loads(text or "{}")
    payload = dict(parse_qsl(text)).get("payload")
    return {} if payload is None else json.loads(payload)


def _lacks(document: Mapping[str, Any]) -> str | None:
    """The first part of an interaction or event that is not there; None if all are, or if nobody reads them."""
    kind = document.get("type")
    parts = _PARTS.get(kind, {}) if isinstance(kind, str) else {}
    return next((name for name, is_there in parts.items() if not is_there(document.get(name))), None)


def _has(*names: str) -> Callable[[Any], bool]:
    """Whether something is an object with text under each of the names."""
    return lambda found: isinstance(found, dict) and all(isinstance(found.get(name), str) for name in names)


def _are_actions(found: Any) -> bool:
    return isinstance(found, list) and bool(found) and all(map(_has("type", "action_id"), found))


_VIEW: Final = {"user": _has("id"), "view": _has("id", "type", "callback_id")}
_PARTS: Final[Mapping[str, Mapping[str, Callable[[Any], bool]]]] = {
    "block_actions": {"user": _has("id"), "actions": _are_actions},
    "view_submission": _VIEW,
    "view_closed": _VIEW,
    "event_callback": {"event": _has("type")},
}
