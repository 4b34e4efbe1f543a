"""The clock that the demo may move (CONTRACT, `/control/clock`): the whole product's, on every replica.

Served only when `demo` is set, which binds to this machine alone, and only to who knows the sandbox's signing secret.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from app.container import Service
from core.durations import EXAMPLES, parse_duration
from core.errors import Forbidden, InvalidInput

CHANNEL = "countersign_clock"


async def follow_demo_clock(service: Service) -> None:
    """This process's clock stands where the demo has moved it, now and after every later move."""

    async def follow(_payload: str = "") -> None:
        service.clock.offset = await asyncio.to_thread(_load, service)
        await service.database.cache.forget()  # what is remembered for ten seconds is hours old now
        if service.deadlines:
            await service.deadlines.run_due()
        if service.dispatcher:
            await service.dispatcher.wake()

    service.clock.offset = await asyncio.to_thread(_load, service)
    service.listener.on(CHANNEL, follow)


def clock_routes(service: Service) -> list[web.RouteDef]:
    """`POST /demo/clock {"advance": "25h"}`."""

    async def move(request: web.Request) -> web.Response:
        secret = service.settings.slack.signing_secret
        offered = request.headers.get("X-Demo-Key", "")
        if secret is None or not hmac.compare_digest(
            offered.encode("utf-8", "surrogateescape"), secret.get_secret_value().encode()
        ):
            raise Forbidden("This needs the demo's key.")
        try:
            body = await request.json()
        except ValueError:
            raise InvalidInput("The body is not JSON.") from None
        advance = parse_duration(body.get("advance")) if isinstance(body, dict) else None
        if advance is None:
            raise InvalidInput("Say how far to move the clock.", where="advance", accepted=EXAMPLES)
        offset = service.clock.offset + advance
        await asyncio.to_thread(_save, service, offset)
        service.clock.offset = offset
        await service.database.cache.forget()
        await service.database.notify(CHANNEL)
        if service.deadlines:
            await service.deadlines.run_due()  # whoever moves the clock sees at once what fell due
        return web.json_response({"now": service.clock.now().isoformat(), "offset_s": offset.total_seconds()})

    return [web.post("/demo/clock", move)]


def _file(service: Service) -> Path:
    return Path(service.settings.data_dir) / "demo-clock.json"


def _load(service: Service) -> timedelta:
    try:
        return timedelta(seconds=float(json.loads(_file(service).read_text())["offset_s"]))
    except (OSError, ValueError, KeyError):
        return timedelta()


def _save(service: Service, offset: timedelta) -> None:
    _file(service).parent.mkdir(parents=True, exist_ok=True)
    _file(service).write_text(json.dumps({"offset_s": offset.total_seconds()}))
