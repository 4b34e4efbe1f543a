"""When to try a delivery again: policy as data, the decision a pure function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WAIT_MAX_S: Final = 3600.0  # whoever names a longer time is asked again after this
JITTER_SHARE: Final = 0.1  # of what was asked for, on top of it
JITTER_MAX_S: Final = 5.0


class Permanent(Exception):
    """A subscriber raises this when trying again cannot help: the delivery becomes a dead letter with this reason."""


class Again(Exception):
    """A subscriber raises this when trying again may help; its text is one sentence for people."""


class Throttle(Exception):
    """A subscriber raises this when the other side named its own waiting time, in seconds.

    The whole destination waits, unless the other side meant this subject alone (`spares_others`).
    """

    def __init__(self, retry_after_s: float, *, spares_others: bool = False) -> None:
        self.retry_after_s = retry_after_s
        self.spares_others = spares_others
        super().__init__(f"asked to wait {retry_after_s:g} s")


def asked_wait_s(retry_after_s: float, *, chance: float) -> float:
    """Seconds to wait when so many were asked for: never fewer, at most an hour or so, and not all at one moment.

    Many who were turned away together and came back together would be turned away again. `chance` is in [0, 1).
    """
    asked = min(retry_after_s, WAIT_MAX_S)
    return asked + min(asked * JITTER_SHARE, JITTER_MAX_S) * chance


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off with full jitter between half and the whole of the delay. Times in seconds.

    The default gives up after 12 to 25 hours: a system that is down for a night loses nothing and needs no hand. Being
    asked to wait (Throttle) is no failure and counts for nothing.
    """

    attempts: int = 300
    base_s: float = 0.5
    cap_s: float = 300.0
    timeout_s: float = 120.0  # for one attempt

    def delay_s(self, attempt: int, *, chance: float) -> float | None:
        """Seconds to wait after the `attempt`-th failure (1-based); None after the last. `chance` is in [0, 1)."""
        if attempt >= self.attempts:
            return None
        ceiling = min(self.cap_s, self.base_s * 2.0 ** min(attempt - 1, 60))
        return ceiling * (0.5 + chance / 2)
