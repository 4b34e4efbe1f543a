"""Work that is looked after every so often, for each system in a task of its own: one that hangs delays no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

Work = Callable[[], Awaitable[object]]


class Rounds:
    """Each work is done every `every_s` seconds, and at once when somebody says so, until stopped.

    A work handles its own errors. However often it is woken while it is under way, it is done once more.
    """

    def __init__(self, works: Sequence[Work], *, every_s: float) -> None:
        self._works = [(work, asyncio.Event()) for work in works]
        self._every_s = every_s
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """From now on."""
        self._tasks = [asyncio.create_task(self._go_on(work, woken)) for work, woken in self._works]

    async def stop(self) -> None:
        """What is under way is given up; nothing is done any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wake(self, _payload: str = "") -> None:
        """Each work is done now, or once more if it is under way."""
        for _work, woken in self._works:
            woken.set()

    async def _go_on(self, work: Work, woken: asyncio.Event) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await woken.wait()
            woken.clear()
            await work()
