"""Blocking vendor clients as coroutines: threads of one connection, and calls that are given up in time."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from connectors.itsm.answers import uncertain
from connectors.itsm.base import NotSent

_T = TypeVar("_T")


class Flight:
    """Whether a call has left: decided once, under a lock, between the thread that sends and the task that gives up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent = False
        self._abandoned = False

    def begin(self) -> bool:
        """The request leaves now; False when nobody waits for it any more, so that it must not."""
        with self._lock:
            self._sent = self._sent or not self._abandoned
            return not self._abandoned

    def is_awaited(self) -> bool:
        """Whether somebody still waits. For what comes before the request and changes nothing."""
        with self._lock:
            return not self._abandoned

    def abandon(self) -> bool:
        """Nobody waits any more; whether the request had already left."""
        with self._lock:
            self._abandoned = True
            return self._sent


class AbandonedError(Exception):
    """The call was given up before it was sent."""


class CallThreads:
    """A few threads for the calls to one system. `title` is the system as its people write it."""

    def __init__(self, title: str, *, size: int, total_timeout_s: float) -> None:
        self._title = title
        self._total_timeout_s = total_timeout_s
        self._threads = ThreadPoolExecutor(size, thread_name_prefix=title.lower())

    async def run(self, work: Callable[[Flight], _T], *, writes: bool) -> _T:
        """What the work returns. Raises NotSent or OutcomeUnknown if it took too long, and what the work raises."""
        flight, limit_s = Flight(), self._total_timeout_s
        context = contextvars.copy_context()
        try:
            waiting = self._threads.submit(context.run, work, flight)
        except RuntimeError as exc:  # the executor is shut down
            raise NotSent(f"The connection to {self._title} is closed.") from exc
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.wrap_future(waiting)
        except TimeoutError as exc:
            if not flight.abandon():
                raise NotSent(f"The call to {self._title} waited {limit_s:g} s for its turn and was not made.") from exc
            raise uncertain(f"{self._title} gave no complete answer within {limit_s:g} s.", writes=writes) from exc
        except AbandonedError as exc:
            raise NotSent("The call was given up.") from exc
        except asyncio.CancelledError:
            flight.abandon()
            raise

    async def close(self) -> None:
        """No thread is left, once the calls under way have ended; those that wait are dropped."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
