"""What happens in a simulated chat, in order, for those who watch: the control surface, the page and the snapshot."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

HISTORY = 2000  # changes kept for watchers that look back; a page that missed more reloads


class Kind(StrEnum):
    """The closed set of visible changes."""

    POSTED = "posted"
    UPDATED = "updated"
    DELETED = "deleted"
    EPHEMERAL = "ephemeral"
    EPHEMERAL_GONE = "ephemeral_gone"
    MODAL = "modal"
    MODAL_CLOSED = "modal_closed"
    HOME = "home"
    CHANNEL = "channel"
    PERSON = "person"
    RESET = "reset"
    READ = "read"
    VIEW = "view"  # one person sees a card otherwise than the rest (Teams)
    TOAST = "toast"  # a sentence that passes by (Teams)


@dataclass(frozen=True, slots=True)
class Change:
    """One visible change. `user` is set when one person alone can see it; `at` is loop time in seconds."""

    seq: int
    kind: Kind
    at: float
    channel: str | None = None
    ts: str | None = None
    user: str | None = None
    view: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The change as the page reads it."""
        return {key: value for key, value in asdict(self).items() if value is not None and key != "at"}


class Changes:
    """The journal of changes; waiting on it is how everything here avoids polling."""

    def __init__(self) -> None:
        self._journal: deque[Change] = deque(maxlen=HISTORY)
        self._seq = 0
        self._waiters: set[asyncio.Future[None]] = set()
        self._listeners: list[Callable[[], None]] = []

    @property
    def seq(self) -> int:
        """The number of the latest change."""
        return self._seq

    def listen(self, listener: Callable[[], None]) -> None:
        """`listener` is called after each change."""
        self._listeners.append(listener)

    def publish(
        self,
        kind: Kind,
        *,
        channel: str | None = None,
        ts: str | None = None,
        user: str | None = None,
        view: str | None = None,
    ) -> None:
        """The change is in the journal and every watcher is awake."""
        self._seq += 1
        try:
            at = asyncio.get_running_loop().time()
        except RuntimeError:  # while the workspace is being built, before the server runs
            at = 0.0
        self._journal.append(Change(self._seq, kind, at, channel, ts, user, view))
        self.wake()
        for listener in self._listeners:
            listener()

    def wake(self) -> None:
        """Every watcher looks again, whether something changed or not."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def since(self, seq: int) -> list[Change]:
        """The changes after number `seq`, oldest first."""
        return [change for change in self._journal if change.seq > seq]

    async def wait(self, seq: int, timeout_s: float) -> bool:
        """Whether a change after number `seq` came within `timeout_s` seconds."""
        if self._seq > seq:
            return True
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(waiter, timeout_s)
        finally:
            self._waiters.discard(waiter)
        return self._seq > seq
