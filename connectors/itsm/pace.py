"""How often one system is called: at most so many times a second, and not by this process while it wants silence.

The pace is this process's own until it is shared: then every process that shares it takes its turns from one place.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from connectors.itsm.base import Throttled
from connectors.itsm.turns import Turns


class Pace:
    """Turns of the calls to one system, in the order in which they were asked for."""

    def __init__(
        self, title: str, *, per_second: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._title = title
        self._gap_s = 1 / per_second if per_second else 0.0
        self._clock = clock
        self._next = 0.0  # when the next turn is free
        self._quiet_until = 0.0
        self._shared: Turns | None = None

    def share(self, turns: Turns) -> None:
        """From now on turns are taken there."""
        self._shared = turns

    async def turn(self) -> None:
        """It is this call's turn. Raises Throttled, without calling anybody, while the system wants silence."""
        now = self._clock()
        if now < self._quiet_until:
            left_s = self._quiet_until - now
            raise Throttled(f"{self._title} has asked for silence; {left_s:.0f} s of it are left.", left_s)
        if self._shared is not None and self._gap_s:
            await asyncio.sleep(await self._shared(self._gap_s))
            return
        turn = max(self._next, now)
        self._next = turn + self._gap_s
        if turn > now:
            await asyncio.sleep(turn - now)

    def hush(self, seconds: float) -> None:
        """Nobody is called for so long, whatever for: not for a delivery, a look or a test."""
        self._quiet_until = max(self._quiet_until, self._clock() + seconds)
