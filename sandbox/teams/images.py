"""Images of cards as Teams shows them: its own service fetches them, without anybody's cookies, and hands them on.

Only what stands in a card here is fetched. Limits: Teams, "Format your bot messages" and "Cards reference": PNG, JPEG
or GIF, 1 MB, from an address that needs no sign-in.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

import aiohttp
from aiohttp import web

from sandbox.live_page import HEADERS
from sandbox.teams.walk import card_of, parts
from sandbox.teams.world import Json, Tenant

BYTES_MAX: Final = 1024 * 1024
TIMEOUT_S: Final = 5.0
_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/gif"})


class ImageFetcher:
    """Fetches the images of a tenant's cards."""

    def __init__(self, world: Tenant) -> None:
        self._world = world

    async def serve(self, request: web.Request) -> web.Response:
        """`?url=` → the image; 404 for what no card shows, 502 for what cannot be fetched or is no image."""
        url = request.query.get("url", "")
        if url not in set(self._shown()):
            raise web.HTTPNotFound
        found = await _fetched(url)
        if found is None:
            raise web.HTTPBadGateway
        return web.Response(body=found[0], content_type=found[1], headers={**HEADERS, "Cache-Control": "max-age=3600"})

    def _shown(self) -> Iterator[str]:
        """The address of every image in every card."""
        for card in self._cards():
            for part in parts(card):
                if part.get("type") == "Image":
                    yield str(part.get("url", ""))

    def _cards(self) -> Iterator[Json]:
        for conversation in self._world.conversations.values():
            yield from (card for each in conversation.messages if (card := card_of(each.activity)) is not None)
        yield from (view.card for view in self._world.views.values())


async def _fetched(url: str) -> tuple[bytes, str] | None:
    """The image and its media type; None if there is none to be had."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session,
            session.get(url, allow_redirects=False, headers={"User-Agent": "SkypeUriPreview (sandbox)"}) as answer,
        ):
            if answer.status != HTTPStatus.OK or answer.content_type not in _TYPES:
                return None
            body = bytearray()
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > BYTES_MAX:
                    return None
            return bytes(body), answer.content_type
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None
