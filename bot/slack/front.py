"""/slack/events over HTTP.

Two things that Bolt answers with a 500 are refused here first: a timestamp that is not a number, and an interaction
whose payload is not JSON.
"""

from __future__ import annotations

import json
import time
from typing import Final
from urllib.parse import parse_qs

from aiohttp import web
from prometheus_client import Histogram
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

BODY_MAX_BYTES: Final = 1_000_000
ACK_SECONDS = Histogram(
    "countersign_slack_ack_seconds",
    "Time until Slack has its acknowledgement",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)


def slack_route(app: AsyncApp) -> web.RouteDef:
    """The one address that Slack calls."""

    async def handle(request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        problem = await _problem(request)
        if problem:
            return web.json_response({"error": problem}, status=400)
        response = await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))
        ACK_SECONDS.observe(time.perf_counter() - started)
        return response

    return web.post("/slack/events", handle)


async def _problem(request: web.Request) -> str | None:
    stamp = request.headers.get("X-Slack-Request-Timestamp", "0")
    if not stamp.isascii() or not stamp.isdigit():
        return "X-Slack-Request-Timestamp is not a number"
    raw = await request.read()
    if len(raw) > BODY_MAX_BYTES:
        return "the body is too large"
    try:
        text = raw.decode()
        if request.content_type == "application/json":
            json.loads(text or "{}")
        elif "payload" in text:
            for payload in parse_qs(text).get("payload", ["{}"]):
                if not isinstance(json.loads(payload), dict):
                    return "payload is not an object"
    except ValueError:
        return "the body is not what it says it is"
    return None
