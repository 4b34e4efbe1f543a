"""A bypass as doors show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.access.people import PersonView
from core.links.tickets import TicketLink


@dataclass(frozen=True, slots=True)
class BypassView:
    """One emergency bypass with its review. `action` and `resource` may be `*`; risk is low, medium or high."""

    id: UUID
    reference: str
    tenant: str
    requester: PersonView
    action: str
    resource: str
    justification: str
    status: str  # active | ended | expired
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    risk: str
    acknowledged_by: PersonView | None
    acknowledged_at: datetime | None
    review_due_at: datetime
    review_status: str  # due | overdue | done
    review_verdict: str | None
    tickets: tuple[TicketLink, ...]
    risk_factors: tuple[tuple[str, int], ...] = ()
    reviewed_by: PersonView | None = None
    review_notes: str | None = None
