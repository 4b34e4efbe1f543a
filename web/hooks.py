"""/hooks/{connector}/{tenant}: nudges of other systems, signed as each of them signs."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Protocol

from aiohttp import web

from web.body import read_body

PATH: Final = "/hooks/{connector}/{tenant}"
BODY_MAX_BYTES: Final = 1_000_000
_MEDIA_TYPES: Final = ("application/json",)


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
        await hooks.receive(where["connector"], where["tenant"], request.headers, body, ip=request.remote)
        return web.Response(status=HTTPStatus.ACCEPTED)

    return [web.post(PATH, handle)]
