"""When to try a delivery again: policy as data, the decision a pure function."""

from __future__ import annotations

from dataclasses import dataclass


class Permanent(Exception):
    """A subscriber raises this when trying again cannot help: the delivery becomes a dead letter with this reason."""


class Throttle(Exception):
    """A subscriber raises this when the other side named its own waiting time, in seconds."""

    def __init__(self, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"asked to wait {retry_after_s:g} s")


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
