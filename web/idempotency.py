"""Idempotency-Key: the same call sent twice is done once and answered alike (draft-ietf-httpapi-idempotency-key).

Only a call that reached its use case takes a key: refused credentials and unreadable bodies leave it free. Answers that
invite a retry (5xx, 429) are not kept either.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, assert_never

import structlog
from aiohttp import web

from core.actor import Actor
from core.errors import CountersignError
from web.endpoint import Idempotency
from web.errors import AnswerWasLost, KeyInFlight, KeyMismatch, MalformedHeader
from web.json_text import Json, fingerprint_text
from web.ports import AnswerLost, Fresh, IdempotencyStore, InFlight, Mismatch, Replay

HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotent-Replayed"
KEY_PATTERN: Final = "^[!-~]{1,255}$"
_KEY: Final = re.compile(r"[!-~]{1,255}")
_RETRY_AFTER_S: Final = 1.0
_NOT_KEPT: Final = frozenset({"content-length", "date"})  # the transport writes them anew

log = structlog.get_logger(__name__)


def read_key(request: web.Request, rule: Idempotency) -> str | None:
    """The request's key, if it has one that counts here. Raises MalformedHeader."""
    if rule is Idempotency.IGNORED:
        return None
    lines = request.headers.getall(HEADER, [])
    if not lines:
        if rule is Idempotency.REQUIRED:
            raise MalformedHeader("This call needs an Idempotency-Key, such as a fresh UUID.", header=HEADER)
        return None
    if len(lines) > 1 or not _KEY.fullmatch(lines[0]):
        raise MalformedHeader("It must be one key of 1 to 255 visible ASCII characters.", header=HEADER)
    return lines[0]


def fingerprint(request: web.Request, body: Json) -> str:
    """What makes two calls the same: method, address with its query, and the value of the body (not its spelling)."""
    digest = hashlib.sha256()
    for part in (request.method.encode(), request.raw_path.encode("utf-8", "surrogateescape"), fingerprint_text(body)):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


async def answered_once(
    store: IdempotencyStore,
    actor: Actor,
    *,
    print_of_call: str,
    work: Callable[[], Awaitable[web.Response]],
) -> web.Response:
    """The answer of `work`, which runs unless this key was used before.

    Raises KeyInFlight, AnswerWasLost or KeyMismatch.
    """
    begun = await store.begin(actor, fingerprint=print_of_call)
    match begun:
        case Fresh():
            return await _first(store, actor, work=work)
        case Replay():
            headers = {**begun.headers, REPLAYED_HEADER: "true"}
            return web.Response(status=begun.status, headers=headers, body=begun.body)
        case InFlight():
            raise KeyInFlight(where=HEADER, retry_after_s=_RETRY_AFTER_S)
        case AnswerLost():
            raise AnswerWasLost(
                f"This call was carried out ({begun.what}), but its answer was lost when the server stopped.",
                where=HEADER,
                next_step=f"Do not send it again; look up {begun.subject or 'what it did'}.",
            )
        case Mismatch():
            raise KeyMismatch(where=HEADER, next_step="Send a new key for a new call.")
    assert_never(begun)


async def _first(store: IdempotencyStore, actor: Actor, *, work: Callable[[], Awaitable[web.Response]]) -> web.Response:
    try:
        response = await work()
    except Exception:  # whatever it was: the caller must be able to try again with the same key
        await _freed(store, actor)
        raise
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status == HTTPStatus.TOO_MANY_REQUESTS:
        await _freed(store, actor)
        return response
    headers = {name: value for name, value in response.headers.items() if name.lower() not in _NOT_KEPT}
    body = response.body if isinstance(response.body, bytes) else b""
    try:
        await store.complete(actor, answer=Replay(response.status, headers, body))
    except CountersignError:  # the work is done and must be answered as done; a repeat meets AnswerWasLost in time
        log.warning("idempotent_answer_lost", exc_info=True)
    return response


async def _freed(store: IdempotencyStore, actor: Actor) -> None:
    try:
        await store.abandon(actor)
    except CountersignError:  # the key frees itself after a while; the work's own failure matters more
        log.warning("idempotency_key_not_freed", exc_info=True)
