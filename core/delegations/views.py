"""A delegation as doors show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.access.people import PersonView


@dataclass(frozen=True, slots=True)
class DelegationView:
    """One standing delegation. `decides` is who is reached in the end, where the stand-in is away as well."""

    id: UUID
    absent: PersonView
    stand_in: PersonView
    decides: PersonView
    starts_at: datetime
    ends_at: datetime
    actions: tuple[str, ...] | None  # None: every action
    stages: tuple[str, ...] | None  # None: every stage
    reason: str
    status: str  # planned | in_force | over
    created_by: str  # an e-mail: the absent person's, or an administrator's
    ended_at: datetime | None = None
    ended_by: str | None = None
