"""What every page of the sandbox has: its files, and a stream that says when to look again."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Final

from aiohttp import web

from sandbox.changes import Changes

_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_KEEPALIVE_S: Final = 15.0
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def page_file(path: Path) -> web.Response:
    """A file of a page. Raises HTTPNotFound."""
    if not path.is_file():
        raise web.HTTPNotFound
    return web.Response(body=path.read_bytes(), content_type=_TYPES[path.suffix], charset="utf-8", headers=HEADERS)


class ChangeStream:
    """Server-sent events: the number of the latest change, whenever there is a new one."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._closing = False

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One reader's stream, until it leaves or `stop`."""
        stream = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await stream.prepare(request)
        seq = -1
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while not self._closing and request.transport is not None:
                if self._changes.seq > seq:
                    seq = self._changes.seq
                    await stream.write(b"data: %d\n\n" % seq)
                elif not await self._changes.wait(seq, _KEEPALIVE_S):
                    await stream.write(b": still here\n\n")
        return stream

    def stop(self) -> None:
        """Streams end at their next change, which comes now."""
        self._closing = True
        self._changes.wake()
