"""Pure: when a destination is left alone for a while, because it fails again and again or asked us to wait.

A destination is one subscriber for one tenant: each tenant's systems have their own credentials and their own bad days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Flow(StrEnum):
    """How deliveries go to a destination."""

    CLOSED = "closed"  # the circuit is whole: as many at once as it takes
    OPEN = "open"  # nothing goes until a named time
    HALF_OPEN = (
        "half_open"  # a few go: one that arrives closes the circuit, and one that fails before that opens it again
    )


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """`failures` in a row open the circuit, for `base_s` seconds at first and up to `cap_s` when trying fails again.

    `probes` try at once when the silence ends. A delivery is many calls: where every tenth call fails, two of three
    deliveries do, and a single one that tries would say "still down" of a system that is only poorly.
    """

    failures: int = 5
    base_s: float = 5.0
    cap_s: float = 60.0
    probes: int = 3

    def pause_s(self, failures: int, *, chance: float) -> float | None:
        """Seconds of silence after the `failures`-th failure in a row; None below the limit. `chance` is in [0, 1)."""
        beyond = failures - self.failures
        if beyond < 0:
            return None
        return min(self.cap_s, self.base_s * 2.0 ** min(beyond, 60)) * (0.5 + chance / 2)


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is known of a destination: failures in a row, since when, and until when it is left alone."""

    failures: int = 0
    failing_since: datetime | None = None
    paused_until: datetime | None = None

    def flow(self, policy: BreakerPolicy, *, now: datetime) -> Flow:
        """How deliveries go there now."""
        if self.paused_until is not None and now < self.paused_until:
            return Flow.OPEN
        return Flow.HALF_OPEN if self.failures >= policy.failures else Flow.CLOSED

    def after_failure(self, policy: BreakerPolicy, *, now: datetime, chance: float) -> Circuit:
        """One more failure. Those that were under way when the circuit opened change nothing: they knew no better."""
        if self.flow(policy, now=now) is Flow.OPEN:
            return self
        failures = self.failures + 1
        pause_s = policy.pause_s(failures, chance=chance)
        until = self.paused_until if pause_s is None else now + timedelta(seconds=pause_s)
        return Circuit(failures, self.failing_since or now, until)

    def after_being_asked_to_wait(self, until: datetime) -> Circuit:
        """The destination is left alone for as long as it said; that is no failure."""
        return replace(self, paused_until=max(until, self.paused_until or until))
