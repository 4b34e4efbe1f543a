"""LISTEN/NOTIFY wake-ups over a connection of their own.

A notification only says "look now"; the tables say what is there. So a lost one costs a moment, never work: whoever
waits also looks by itself every few seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import asyncpg
import structlog
from sqlalchemy.engine import make_url

log = structlog.get_logger()

RECONNECT_S: Final = 1.0
PROBE_S: Final = 15.0
CLOSE_S: Final = 2.0


class Listener:
    """Calls handlers when a channel is notified, and all after each reconnect (something may have been missed)."""

    def __init__(self, url: str) -> None:
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._handlers: dict[str, list[Callable[[str], Awaitable[None]]]] = {}
        self._task: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()

    def on(self, channel: str, handler: Callable[[str], Awaitable[None]]) -> None:
        """From `start` on, `handler(payload)` runs for each notification of `channel`."""
        self._handlers.setdefault(channel, []).append(handler)

    def start(self) -> None:
        """Listening has begun, in a task of its own."""
        self._task = asyncio.create_task(self._listen_for_ever(), name="listener")

    async def stop(self) -> None:
        """Nothing is called any more."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._dsn, timeout=5)
            except (OSError, asyncpg.PostgresError, TimeoutError):
                await asyncio.sleep(RECONNECT_S)
                continue
            try:
                await self._listen(connection)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as exc:
                log.warning("listener_reconnecting", error=type(exc).__name__)
            finally:
                with suppress(Exception):  # the connection may be gone already
                    await connection.close(timeout=CLOSE_S)

    async def _listen(self, connection: asyncpg.Connection) -> None:
        for channel in self._handlers:
            await connection.add_listener(channel, self._notified)
        for channel in self._handlers:
            self._dispatch(channel, "")
        while True:
            await asyncio.sleep(PROBE_S)
            await connection.execute("SELECT 1", timeout=CLOSE_S)

    def _notified(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        self._dispatch(channel, str(payload))

    def _dispatch(self, channel: str, payload: str) -> None:
        for handler in self._handlers[channel]:
            task = asyncio.ensure_future(handler(payload))
            self._running.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("wakeup_handler_failed", error=repr(error))
