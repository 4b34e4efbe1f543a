"""The injected clock. Every instant in Countersign is aware UTC and comes from here or from an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Whatever can say what time it is."""

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        ...

    def outside(self) -> datetime:
        """The present instant by the clocks of other machines, by which they sign: no demo moves those."""
        ...


class SystemClock:
    """The machine's clock plus an offset; the offset moves only in the demo and in tests."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        return datetime.now(UTC) + self.offset

    def outside(self) -> datetime:
        """The machine's present instant, aware UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until told to move; for tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self._now

    def outside(self) -> datetime:
        """The same: whoever sets this clock signs by it."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move forward by `by`."""
        self._now += by
