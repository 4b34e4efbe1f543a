"""Keeping what became of deliveries, many in one transaction.

A batch forms while the one before it commits, so nobody waits for a timer and a lone result is kept at once. Whoever
has a result goes on only after the commit: what was told to another system and not kept here is told again. Many who
fail at once would otherwise want a connection each, and opening those takes longer than all that they have to write.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from core.db import Database
from core.db.transaction import SystemTransaction
from core.errors import Unavailable

BATCH_MAX: Final = 64  # results in one transaction: a bound on how long their rows are held

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[R]):
    result: R
    kept: asyncio.Future[None]


class Finishing(Generic[R]):
    """Results of one kind, of one process; `work` keeps many of them.

    With `linger_s`, a batch waits so many seconds for others: for results that nobody is in a hurry about.
    """

    def __init__(
        self,
        database: Database,
        work: Callable[[SystemTransaction, Sequence[R]], Awaitable[None]],
        *,
        linger_s: float = 0.0,
    ) -> None:
        self._database = database
        self._linger_s = linger_s
        self._work = work
        self._waiting: deque[_Waiting[R]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def keep(self, result: R) -> None:
        """The result is kept. Raises Unavailable, and whatever `work` raises for it."""
        waiting = _Waiting(result, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._task is None:
            # in a context of its own: a batch belongs to no single delivery, and its log lines carry nobody's ids
            self._task = asyncio.create_task(self._keep(), name="outbox-finishing", context=Context())
        await waiting.kept

    async def _keep(self) -> None:
        """Until nobody waits. There is one at a time, which is what lets batches form."""
        try:
            while self._waiting:
                if self._linger_s and len(self._waiting) < BATCH_MAX:
                    await asyncio.sleep(self._linger_s)
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_MAX))]
                await self._kept(batch)
        finally:
            self._task = None

    async def _kept(self, batch: Sequence[_Waiting[R]]) -> None:
        try:
            async with self._database.queue() as tx:
                await self._work(tx, [each.result for each in batch])
        except Exception as exc:  # noqa: BLE001  whatever it is, it belongs to whoever waits
            if len(batch) > 1 and not isinstance(exc, Unavailable):
                for each in batch:
                    await self._kept([each])
                return
            for each in batch:
                if not each.kept.done():
                    each.kept.set_exception(exc)
            return
        for each in batch:
            if not each.kept.done():  # cancelled meanwhile
                each.kept.set_result(None)
