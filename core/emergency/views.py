"""A bypass as doors show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.access.people import PersonView
from core.links.tickets import TicketLink

Factors = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class UseView:
    """One governed action that was allowed under a bypass. `outcome` None: its platform has not reported yet."""

    decision_id: UUID
    by: PersonView | None
    action: str
    resource: str
    context: Mapping[str, Any]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]
    at: datetime
    outcome: str | None


@dataclass(frozen=True, slots=True)
class ExtensionView:
    """More time that was asked for."""

    id: UUID
    extra: timedelta
    reason: str
    state: str  # asked | confirmed | declined | lapsed
    asked_by: PersonView
    asked_at: datetime
    decided_by: PersonView | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RemediationView:
    """Something that a review wants done."""

    id: UUID
    bypass_id: UUID
    bypass: str
    title: str
    owner: PersonView
    state: str  # open | overdue | done | dropped
    due_at: datetime
    note: str = ""
    closed_by: PersonView | None = None
    closed_at: datetime | None = None


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
    risk_factors: Factors = ()
    reviewed_by: PersonView | None = None
    review_notes: str | None = None
    reviewed_at: datetime | None = None
    environment: str = ""
    reason: str = ""
    reason_title: str = ""
    incident: str = ""
    assurance: str = "click"
    level: int = 0  # how far up it was told
    told: tuple[PersonView, ...] = ()  # of management, as far up; not its holder
    reviewers: tuple[PersonView, ...] = ()  # who could review it: not its holder, nor anybody who acted under it
    checklist: tuple[str, ...] = ()
    findings: Mapping[str, bool] = field(default_factory=dict)
    risk_after: str | None = None  # as the review scored it
    risk_after_factors: Factors = ()
    uses: tuple[UseView, ...] = ()
    extensions: tuple[ExtensionView, ...] = ()
    remediations: tuple[RemediationView, ...] = ()

    @property
    def asked_extension(self) -> ExtensionView | None:
        """The extension that waits for somebody else of management."""
        return next((each for each in self.extensions if each.state == "asked"), None)
