"""Faults that nobody ordered: each call to a simulated system may meet one; now and then a system is down for a while.

Drawn from a seed. Which call meets which fault also depends on how the calls happen to interleave, so a seed repeats
the odds of a run, not the run.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.faults import Fault, Faults, Injected

SHARE: Final = 0.05  # of all calls
SPELL_S: Final = (2.0, 8.0)  # how long a system is down
PEACE_S: Final = (20.0, 60.0)  # and how long it is up in between
PAUSE_S: Final = 1.0  # what a 429 asks for
DELAY_S: Final = 0.3  # how slow `slow` is
KINDS: Final = (
    Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.TIMEOUT, Fault.COMMIT_THEN_TIMEOUT, Fault.SLOW, Fault.BAD_JSON,
    Fault.DOWN,
)  # fmt: skip


@dataclass(slots=True)
class _Weather:
    """When a system is down next, and until when; seconds of the clock."""

    down_from: float
    down_until: float


class RandomFaults(Faults):
    """Faults as they come. Counts what was asked and what was met, by system."""

    def __init__(self, *, seed: int, share: float = SHARE, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._chance = random.Random(seed)
        self._share = share
        self._clock = clock
        self._weather: dict[str, _Weather] = {}
        self.calls: Counter[str] = Counter()
        self.met: Counter[tuple[str, str]] = Counter()  # (system, fault)
        self.spells: Counter[str] = Counter()
        self.is_raining = True

    def take(self, system: str, path: str) -> Injected | None:
        """What this call meets; None when it shall succeed."""
        del path
        self.calls[system] += 1
        if not self.is_raining:
            return None
        if self._is_down(system):
            self.met[system, "spell"] += 1
            return Injected(Fault.DOWN, None)
        if self._chance.random() >= self._share:
            return None
        fault = self._chance.choice(KINDS)
        self.met[system, fault.value] += 1
        return Injected(fault, {Fault.RATE_LIMITED: PAUSE_S, Fault.SLOW: DELAY_S}.get(fault))

    def _is_down(self, system: str) -> bool:
        now = self._clock()
        weather = self._weather.get(system)
        if weather is None or now >= weather.down_until:
            begins = now + self._chance.uniform(*PEACE_S)
            weather = self._weather[system] = _Weather(begins, begins + self._chance.uniform(*SPELL_S))
            self.spells[system] += 1
        return now >= weather.down_from
