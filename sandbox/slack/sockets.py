"""Socket Mode: the product dials in and receives everything over its own WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import secrets
import time
import uuid
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.slack.world import Json

TICKET_S = 30.0  # an address from apps.connections.open must be used this soon
SOCKETS_MAX = 10  # per app
RECONNECT_S = 2.0  # how long an envelope waits for the connection that was asked for
CONNECTION_S = 18_060  # what `hello` announces


class SocketLostError(Exception):
    """The socket went away before it acknowledged."""


class Sockets:
    """The app's open sockets; envelopes go round robin."""

    def __init__(self, base_url: str, app_id: str) -> None:
        self._url = base_url.replace("http", "ws", 1) + "/socket"
        self._app_id = app_id
        self._tickets: dict[str, float] = {}
        self._open: list[web.WebSocketResponse] = []
        self._leaving: set[web.WebSocketResponse] = set()  # asked to reconnect: nothing more is sent to them
        self._news = asyncio.Event()  # a socket has come or gone; replaced each time
        self._turn = itertools.count()
        self._waiting: dict[str, tuple[web.WebSocketResponse, asyncio.Future[Any]]] = {}

    @property
    def connected(self) -> int:
        """How many sockets are open."""
        return len(self._open)

    def new_url(self) -> str:
        """An address that one socket may dial within `TICKET_S`."""
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = time.monotonic()
        return f"{self._url}?ticket={ticket}&app_id={self._app_id}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One socket, from hello until it closes."""
        made = self._tickets.pop(request.query.get("ticket", ""), None)
        if made is None or time.monotonic() - made > TICKET_S or len(self._open) >= SOCKETS_MAX:
            return web.json_response({"ok": False, "error": "invalid_auth"}, status=401)
        socket = web.WebSocketResponse(heartbeat=15)
        await socket.prepare(request)
        self._open.append(socket)
        self._changed()
        try:
            await socket.send_json(self._hello())
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._acknowledged(message.data)
        finally:
            self._open.remove(socket)
            self._leaving.discard(socket)
            self._changed()
            for holder, future in self._waiting.values():
                if holder is socket and not future.done():
                    future.set_exception(SocketLostError())
        return socket

    async def send(self, kind: str, payload: Json, *, retry: tuple[int, str] | None, timeout_s: float) -> Any:
        """The payload of the acknowledgement (None if it carried none).

        Raises TimeoutError after `timeout_s` seconds, SocketLostError when no socket can take it.
        """
        socket = await self._usable()
        envelope_id = str(uuid.uuid4())
        envelope: Json = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry[0] if retry else 0, "retry_reason": retry[1] if retry else ""}
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = (socket, future)
        try:
            await socket.send_json(envelope)
            return await asyncio.wait_for(future, timeout_s)
        except ConnectionError as exc:
            raise SocketLostError from exc
        finally:
            del self._waiting[envelope_id]

    async def _usable(self) -> web.WebSocketResponse:
        """One that was not asked to reconnect; if all were, the first that comes instead. Raises SocketLostError."""
        deadline = time.monotonic() + RECONNECT_S
        while True:
            staying = [socket for socket in self._open if not socket.closed and socket not in self._leaving]
            if staying:
                return staying[next(self._turn) % len(staying)]
            try:
                await asyncio.wait_for(self._news.wait(), deadline - time.monotonic())
            except TimeoutError:
                raise SocketLostError from None

    async def disconnect(self, reason: str) -> int:
        """Every socket has been asked to reconnect, with Slack's reason; how many there were."""
        for socket in list(self._open):
            self._leaving.add(socket)
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
        return len(self._open)

    async def close(self) -> None:
        """No socket is open."""
        for socket in list(self._open):
            await socket.close()

    def _changed(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": CONNECTION_S},
            "connection_info": {"app_id": self._app_id},
        }

    def _acknowledged(self, text: str) -> None:
        with contextlib.suppress(ValueError):
            frame = json.loads(text)
            if isinstance(frame, dict):
                _, future = self._waiting.get(str(frame.get("envelope_id")), (None, None))
                if future is not None and not future.done():
                    future.set_result(frame.get("payload"))
