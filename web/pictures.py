"""/pictures/{token}.png: pictures that a chat platform fetches, as it takes none from a bot.

Whoever has the address sees the picture; nobody signs in. An address that leads nowhere has one answer, whatever is
wrong with it, and what is no address at all costs no look into the database.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from aiohttp import web

from core.db import Database
from core.pictures import Picture, picture_of

PATH: Final = "/pictures/{token}.png"
FRESH_S: Final = 86_400  # for so long whoever has fetched a picture need not ask again
_NOWHERE: Final = "There is no such picture.\n"


def picture_routes(database: Database) -> list[web.RouteDef]:
    """The addresses of pictures, for GET and HEAD."""

    async def handle(request: web.Request) -> web.StreamResponse:
        found = await picture_of(database, request.match_info["token"])
        if found is None:
            return web.Response(status=HTTPStatus.NOT_FOUND, text=_NOWHERE)
        left_s = int((found.expires_at - database.clock.now()).total_seconds())
        return web.Response(body=found.png, content_type="image/png", headers=_headers(found, left_s))

    return [web.get(PATH, handle, allow_head=True)]


def _headers(picture: Picture, left_s: int) -> dict[str, str]:
    return {
        "Cache-Control": f"private, max-age={min(max(left_s, 0), FRESH_S)}",
        "Content-Disposition": f'inline; filename="{picture.name}"',
        "Cross-Origin-Resource-Policy": "cross-origin",  # a web client may show it itself
    }
