"""What is to be told while the call before is under way goes together in the next: nobody waits for a timer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Final, Generic, TypeVar

from connectors.monitoring.base import ConnectorError, Outcomes, OutcomeUnknown

BATCH_MAX: Final = 100

T = TypeVar("T")


class Gathering(Generic[T]):
    """Things of one kind for one destination; `send` sends many of them."""

    def __init__(self, send: Callable[[Sequence[T]], Awaitable[Outcomes]]) -> None:
        self._send = send
        self._waiting: deque[tuple[T, asyncio.Future[ConnectorError | None]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def add(self, thing: T) -> ConnectorError | None:
        """What became of it, once it is known."""
        told: asyncio.Future[ConnectorError | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((thing, told))
        if self._task is None:
            # in a context of its own: a batch belongs to no single delivery, and its log lines carry nobody's ids
            self._task = asyncio.create_task(self._run(), name="monitoring-gathering", context=Context())
        return await told

    async def _run(self) -> None:
        """Until nothing waits. There is one at a time, which is what lets batches form."""
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_MAX))]
                batch = [(thing, told) for thing, told in batch if not told.done()]  # else cancelled: not waited for
                if batch:
                    await self._sent(batch)
        finally:
            self._task = None

    async def _sent(self, batch: Sequence[tuple[T, asyncio.Future[ConnectorError | None]]]) -> None:
        try:
            outcomes = await self._send([thing for thing, _told in batch])
        except Exception as exc:  # noqa: BLE001  whatever it is, it belongs to whoever waits
            outcomes = [OutcomeUnknown(f"It broke off: {type(exc).__name__}.")] * len(batch)
        for (_thing, told), outcome in zip(batch, outcomes, strict=True):
            if not told.done():
                told.set_result(outcome)
