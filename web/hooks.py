"""/hooks/{connector}/{tenant}: nudges and alerts of other systems, signed as each of them signs.

A system that can set no header of its own has its secret as the last part of the address, where it is taken for the
header that others set. It is never logged: routes are logged by their templates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, Protocol

from aiohttp import web

from core.errors import CountersignError
from web.body import read_body
from web.problems import items_of

PATH: Final = "/hooks/{connector}/{tenant}"
PATH_WITH_SECRET: Final = PATH + "/{secret}"
SHOWN_IN: Final = "X-Countersign-Secret"
BODY_MAX_BYTES: Final = 1_000_000
_MEDIA_TYPES: Final = ("application/json", "application/cloudevents+json")


class Hooks(Protocol):
    """Whoever knows the connected systems."""

    async def receive(
        self, connector: str, tenant: str, headers: Mapping[str, str], body: bytes, *, ip: str | None
    ) -> Sequence[CountersignError]:
        """The system is asked what is new; returned is what of a message of several things could not be taken.

        Raises NotFound, Unauthenticated for what does not prove its origin, or InvalidInput if nothing can be taken.
        """
        ...


def hook_routes(hooks: Hooks) -> list[web.RouteDef]:
    """The one address that other systems call."""

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await read_body(request, limit_bytes=BODY_MAX_BYTES, media_types=_MEDIA_TYPES)
        where = request.match_info
        headers = {**request.headers, SHOWN_IN: where["secret"]} if "secret" in where else request.headers
        refused = await hooks.receive(where["connector"], where["tenant"], headers, body, ip=request.remote)
        if not refused:
            return web.Response(status=HTTPStatus.ACCEPTED)
        return web.json_response({"not_taken": not_taken(refused)}, status=HTTPStatus.ACCEPTED)

    return [web.post(PATH, handle), web.post(PATH_WITH_SECRET, handle)]


def not_taken(refused: Sequence[CountersignError]) -> list[dict[str, Any]]:
    """What could not be taken, worded as in the answer to what is refused as a whole."""
    return [
        item.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        for each in refused
        for item in items_of(each)
    ]
