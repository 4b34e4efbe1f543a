"""Absences, feeds and fallbacks as doors show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.access.people import PersonView


@dataclass(frozen=True, slots=True)
class AbsenceView:
    """One absence that a calendar says. `stand_in` is the fallback, else the manager; None: whoever stands above."""

    id: UUID
    absent: PersonView
    stand_in: PersonView | None
    starts_at: datetime
    ends_at: datetime
    status: str  # planned | in_force


@dataclass(frozen=True, slots=True)
class FeedView:
    """A connected calendar. `shown` is all that is ever shown of its address: `https://calendar.example/…`."""

    person: PersonView
    shown: str
    created_by: str
    created_at: datetime
    read_at: datetime | None  # when it was last read without a fault
    problem: str  # why it could not be read the last time; empty if it could
    next_poll_at: datetime
