"""Group commit: what many ask of one tenant at once is answered in one transaction.

A batch forms while the one before it commits, so nobody waits for a timer and a lone question is answered at once. Each
tenant has its own batches: a busy one does not hold up another (T4). What a batch answers is told only after its
commit. A question that makes its batch fail fails alone, since the others are asked again one by one.

A tenant has one batch at a time, or as many as there are `lanes`: another begins beside it once more waits than one
batch takes, so that what is heavy has several connections and what is light is still answered together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from core.db.engine import Database
from core.db.transaction import Transaction
from core.errors import Unavailable
from core.ids import TenantId

BATCH_MAX: Final = 64  # questions of usual weight in one transaction: a bound on how long its locks are held

Q = TypeVar("Q")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Q, A]):
    question: Q
    answer: asyncio.Future[A]


class _Queue(Generic[Q, A]):
    """What waits in one tenant, with its weight, and how many lanes serve it."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[_Waiting[Q, A], float]] = deque()
        self.weight = 0.0
        self.lanes = 0

    def add(self, waiting: _Waiting[Q, A], weight: float) -> None:
        self.waiting.append((waiting, weight))
        self.weight += weight

    def take(self, most: float) -> list[_Waiting[Q, A]]:
        """The first, and those behind it that weigh no more than `most` with it."""
        taken: list[_Waiting[Q, A]] = []
        left = most
        while self.waiting and (not taken or self.waiting[0][1] <= left):
            waiting, weight = self.waiting.popleft()
            self.weight -= weight
            left -= weight
            taken.append(waiting)
        return taken


class Batches(Generic[Q, A]):
    """Hands questions to `work`, many at a time; `work` returns one answer to each, in their order.

    A batch has the questions that weigh no more than `weight_max` together, and at least one.
    """

    def __init__(
        self,
        database: Database,
        work: Callable[[Transaction, Sequence[Q]], Awaitable[Sequence[A]]],
        *,
        weight: Callable[[Q], float] = lambda _question: 1,
        weight_max: float = BATCH_MAX,
        lanes: int = 1,
    ) -> None:
        self._database = database
        self._work = work
        self._weight = weight
        self._weight_max = weight_max
        self._lanes = lanes
        self._waiting: dict[TenantId, _Queue[Q, A]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, tenant: TenantId, question: Q) -> A:
        """The answer, once it is committed. Raises what `work` raises for this question, or Unavailable.

        Whoever is cancelled while waiting learns no answer, though there may be one.
        """
        waiting: _Waiting[Q, A] = _Waiting(question, asyncio.get_running_loop().create_future())
        queue = self._waiting.setdefault(tenant, _Queue())
        queue.add(waiting, self._weight(question))
        if not queue.lanes or (queue.lanes < self._lanes and queue.weight > queue.lanes * self._weight_max):
            queue.lanes += 1
            # in a context of its own: a batch belongs to no single caller, and its log lines carry nobody's ids
            task = asyncio.create_task(self._serve(tenant, queue), name=f"batches:{tenant}", context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await waiting.answer

    async def close(self) -> None:
        """Whatever was asked is answered."""
        await asyncio.gather(*self._tasks)

    async def _serve(self, tenant: TenantId, queue: _Queue[Q, A]) -> None:
        """Until nobody in the tenant waits. There are few at a time for each, which is what lets batches form."""
        try:
            while queue.waiting:
                batch = queue.take(self._weight_max)
                await self._answer(tenant, [each for each in batch if not each.answer.cancelled()])
        finally:
            queue.lanes -= 1
            if not queue.lanes:
                del self._waiting[tenant]

    async def _answer(self, tenant: TenantId, batch: Sequence[_Waiting[Q, A]]) -> None:
        if not batch:
            return
        try:
            async with self._database.tenant(tenant) as tx:
                answers = await self._work(tx, [each.question for each in batch])
        except Exception as exc:  # noqa: BLE001  whatever it is, it belongs to whoever waits for the answer
            if len(batch) > 1 and not isinstance(exc, Unavailable):
                for each in batch:
                    await self._answer(tenant, [each])
            else:
                for each in batch:
                    _settle(each.answer, exc)
            return
        for each, answer in zip(batch, answers, strict=True):
            if not each.answer.done():  # cancelled meanwhile
                each.answer.set_result(answer)


def _settle(answer: asyncio.Future[A], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
