"""Faults on demand: the next calls to a simulated system fail in a chosen way.

A fault is queued with `Faults.add` and met by the first `count` matching calls; what was queued and what was met can be
listed, so that a check can prove that the product really lived through it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, assert_never

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

HANG_S = 120.0  # longest silence of `timeout` and `commit_then_timeout`; longer than any client here waits
SLOW_S = 2.0  # delay of `slow` when none was asked for
RETRY_AFTER_S = 1.0  # what `429` asks for when nothing was chosen
_GONE_POLL_S = 0.1  # how often a hanging call looks whether its client has left
_HTML = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>"


class Fault(StrEnum):
    """The ways in which a call to a simulated system can fail."""

    RATE_LIMITED = "429"
    SERVER_ERROR = "500"
    TIMEOUT = "timeout"
    COMMIT_THEN_TIMEOUT = "commit_then_timeout"
    DOWN = "down"
    SLOW = "slow"
    BAD_JSON = "bad_json"


@dataclass(frozen=True, slots=True)
class Injected:
    """One fault as met by one call. `retry_after_s` is seconds (for `slow`: the delay)."""

    fault: Fault
    retry_after_s: float | None


@dataclass(slots=True)
class _Queued:
    id: int
    system: str
    fault: Fault
    count: int
    retry_after_s: float | None
    match: str | None
    met: list[str] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.count - len(self.met)


class Faults:
    """The faults waiting for each simulated system, first come first met."""

    def __init__(self) -> None:
        self._queued: list[_Queued] = []
        self._ids = itertools.count(1)

    def add(
        self, system: str, fault: Fault, count: int, retry_after: float | None = None, match: str | None = None
    ) -> None:
        """The next `count` calls to `system` meet this fault: all, or those whose path contains `match`.

        A `match` that ends with `$` is the end of a path.
        """
        self._queued.append(_Queued(next(self._ids), system, fault, count, retry_after, match))

    def take(self, system: str, path: str) -> Injected | None:
        """The fault that this call meets, counted as met; None when the call shall succeed."""
        for queued in self._queued:
            if queued.system == system and queued.left > 0 and _concerns(queued.match, path):
                queued.met.append(path)
                return Injected(queued.fault, queued.retry_after_s)
        return None

    def clear(self, system: str | None = None) -> None:
        """Nothing waits any more (for this system, or for all); what was met stays listed."""
        for queued in self._queued:
            if system in {None, queued.system}:
                queued.count = len(queued.met)

    def listing(self) -> list[dict[str, Any]]:
        """Every fault ever queued: how many calls were asked for, how many met it and on which paths."""
        return [
            {
                "id": queued.id,
                "system": queued.system,
                "fault": queued.fault.value,
                "count": queued.count,
                "retry_after": queued.retry_after_s,
                "match": queued.match,
                "met": len(queued.met),
                "left": queued.left,
                "paths": list(queued.met),
            }
            for queued in self._queued
        ]


def fault_middleware(
    system: str,
    faults: Faults,
    *,
    throttled: Callable[[float], web.Response],
    failed: Callable[[], web.Response],
) -> Middleware:
    """A middleware that lets calls to `system` meet their faults.

    `throttled(retry_after_s)` and `failed()` are the system's own 429 and 500 answers.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        injected = faults.take(system, request.path)
        if injected is None:
            return await handler(request)
        match injected.fault:
            case Fault.RATE_LIMITED:
                return throttled(RETRY_AFTER_S if injected.retry_after_s is None else injected.retry_after_s)
            case Fault.SERVER_ERROR:
                return failed()
            case Fault.TIMEOUT:
                return await _hang(request)
            case Fault.COMMIT_THEN_TIMEOUT:
                # The body is read and the effect is kept: only the answer is lost.
                await handler(request)
                return await _hang(request)
            case Fault.DOWN:
                return _drop(request)
            case Fault.SLOW:
                await asyncio.sleep(SLOW_S if injected.retry_after_s is None else injected.retry_after_s)
                return await handler(request)
            case Fault.BAD_JSON:
                return web.Response(text=_HTML, content_type="text/html")
            case _:
                assert_never(injected.fault)

    return middleware


def _concerns(match: str | None, path: str) -> bool:
    if match is None:
        return True
    return path.endswith(match[:-1]) if match.endswith("$") else match in path


async def _hang(request: web.Request) -> web.Response:
    """No answer until the client leaves or `HANG_S` has passed; then the connection is cut."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + HANG_S
    while loop.time() < deadline:
        if request.transport is None or request.transport.is_closing():
            break
        await asyncio.sleep(_GONE_POLL_S)
    return _drop(request)


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=HTTPStatus.BAD_GATEWAY)  # never seen: the transport is gone
