"""/hooks/{connector}/{tenant}: nudges and alerts of other systems, signed as each of them signs.

A system that can set no header of its own has its secret as the last part of the address, where it is taken for the
header that others set. It is never logged: routes are logged by their templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Protocol

from aiohttp import web

from web.body import read_body

PATH: Final = "/hooks/{connector}/{tenant}"
PATH_WITH_SECRET: Final = PATH + "/{secret}"
SHOWN_IN: Final = "X-Countersign-Secret"
BODY_MAX_BYTES: Final = 1_000_000
_MEDIA_TYPES: Final = ("application/json", "application/cloudevents+json")


class Hooks(Protocol):
    """Whoever knows the connected systems."""

    async def receive(
        self, connector: str, tenant: str, headers: Mapping[str, str], body: bytes, *, ip: str | None
    ) -> None:
        """The system is asked what is new. Raises NotFound, or Unauthenticated for what does not prove its origin."""
        ...


def hook_routes(hooks: Hooks) -> list[web.RouteDef]:
    """The one address that other systems call."""

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await read_body(request, limit_bytes=BODY_MAX_BYTES, media_types=_MEDIA_TYPES)
        where = request.match_info
        headers = {**request.headers, SHOWN_IN: where["secret"]} if "secret" in where else request.headers
        await hooks.receive(where["connector"], where["tenant"], headers, body, ip=request.remote)
        return web.Response(status=HTTPStatus.ACCEPTED)

    return [web.post(PATH, handle), web.post(PATH_WITH_SECRET, handle)]
