"""/api/messages over HTTP: the one address that Teams calls.

The token is checked before a byte of the body is read. What is no activity is refused with a sentence; nothing that
somebody sends ends in an error of ours.
"""

from __future__ import annotations

import asyncio
import json
import time
from http import HTTPStatus
from typing import Any, Final

import structlog
from aiohttp import web
from prometheus_client import Histogram

from bot.conversation.chat import WENT_WRONG, DeliveredTwice
from bot.refused import Caller, caller_of
from bot.teams import wire
from bot.teams.acts import on_activity
from bot.teams.context import Desk, problem
from bot.teams.installs import keep_place
from bot.teams.keys import NoKeys
from bot.teams.tokens import Flaw, Untrusted
from bot.teams.wire import Activity, Malformed, read_activity

log = structlog.get_logger()

PATH: Final = "/api/messages"
BODY_MAX_BYTES: Final = 256 * 1024  # Teams' own messages end at about 100 KB
ANSWER_WITHIN_S: Final = 10.0  # for what nobody waits for; Teams gives up after 15
# It is Microsoft's Bot Framework, but not our Teams.
_FORBIDDEN: Final = frozenset({Flaw.SERVICE_URL, Flaw.CHANNEL, Flaw.ENDORSEMENT, Flaw.TENANT})
ANSWER_SECONDS = Histogram(
    "countersign_teams_answer_seconds",
    "Time until Teams has its answer",
    ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10),
)


def teams_route(desk: Desk) -> web.RouteDef:
    """The one address that Teams calls."""

    async def handle(request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        sender = ""
        try:
            proof = await desk.door.prove(request.headers.get("Authorization", ""))
            activity = await _activity(request)
            sender = activity.sender.directory_id
            desk.door.check(proof, activity)
        except Untrusted as exc:
            await desk.door.refused(exc.flaw, caller_of(request), sender=sender)
            return _refusal(HTTPStatus.FORBIDDEN if exc.flaw in _FORBIDDEN else HTTPStatus.UNAUTHORIZED, exc.flaw.value)
        except NoKeys as exc:
            return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, exc.message)
        except Malformed as exc:
            return _refusal(HTTPStatus.BAD_REQUEST, f"this is no activity: {exc}")
        response = await _answered(desk, activity, caller_of(request))
        kind = "invoke" if activity.type == wire.INVOKE else "event"
        ANSWER_SECONDS.labels(kind).observe(time.perf_counter() - started)
        return response

    return web.post(PATH, handle)


async def _answered(desk: Desk, activity: Activity, caller: Caller) -> web.StreamResponse:
    """Teams' answer. What is not an invoke goes on after it, should it take long."""
    work = asyncio.ensure_future(_done(desk, activity, caller))
    if activity.type == wire.INVOKE:
        return web.json_response(await asyncio.shield(work))
    done, _late = await asyncio.wait({work}, timeout=ANSWER_WITHIN_S)
    if not done:
        desk.later(_end(work))
        return web.Response(status=HTTPStatus.ACCEPTED)
    return web.Response(status=HTTPStatus.OK)


async def _done(desk: Desk, activity: Activity, caller: Caller) -> dict[str, Any]:
    try:
        await keep_place(desk, activity)
        return await on_activity(desk, activity) or {}
    except DeliveredTwice as exc:  # Teams sends again what it thinks is lost; so does whoever has captured it
        await desk.door.refused(Flaw.REPLAYED, caller, sender=activity.sender.directory_id)
        return problem(exc.code, exc.message)
    except Exception:
        log.exception("teams_activity_failed", type=activity.type, name=activity.name)
        return problem("ServiceError", WENT_WRONG)


async def _end(work: asyncio.Future[dict[str, Any]]) -> None:
    await work


async def _activity(request: web.Request) -> Activity:
    """The activity in the body. Raises Malformed."""
    if (request.content_length or 0) > BODY_MAX_BYTES:
        raise Malformed("the body is too large")
    raw = bytearray()
    async for chunk in request.content.iter_any():
        raw += chunk
        if len(raw) > BODY_MAX_BYTES:
            raise Malformed("the body is too large")
    try:
        return read_activity(json.loads(raw.decode()))
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON") from None


def _refusal(status: HTTPStatus, words: str) -> web.Response:
    return web.json_response({"error": {"code": status.phrase, "message": words}}, status=status)
