"""An incident as doors show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from core.access.people import PersonView
from core.links import TicketLink

START_CORRECTED: Final = "start_corrected"  # the kind of a line of the timeline


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert of an incident as it was told last."""

    source: str
    key: str
    state: str  # firing | resolved
    severity: str
    title: str
    words: str
    labels: Mapping[str, str]
    link: str
    times: int  # it was told of
    started_at: datetime
    first_at: datetime
    last_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class EntryView:
    """One line of the timeline: `at` is when it happened, `written_at` when it was written down."""

    id: UUID
    kind: str
    at: datetime
    written_at: datetime
    author: PersonView | None  # None: Countersign
    text: str
    details: Mapping[str, object]
    is_public: bool

    @property
    def corrected_to(self) -> datetime | None:
        """The beginning of the incident that this corrects; None for any other line."""
        return corrected_start(self.kind, self.details)


def corrected_start(kind: str, details: Mapping[str, object]) -> datetime | None:
    """When the incident began, of a line or event that corrects that, so that readers see it where they live."""
    began = details.get("started_at") if kind == START_CORRECTED else None
    return datetime.fromisoformat(str(began)) if began else None


@dataclass(frozen=True, slots=True)
class LinkView:
    """Something that an incident has to do with."""

    kind: str  # change | request | bypass | incident | ticket | page
    target: str
    author: PersonView | None
    at: datetime


@dataclass(frozen=True, slots=True)
class FollowUpView:
    """What must be done so that it does not happen again, and whether it helped."""

    id: UUID
    incident_id: UUID
    title: str
    owner: PersonView
    due_at: datetime
    state: str  # open | done | dropped
    before: str
    after: str
    evidence: str
    done_by: PersonView | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class IncidentReview:
    """The post-incident review."""

    summary: str
    causes: str
    went_well: str
    went_wrong: str
    by: PersonView
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """One incident with everything that a reader may see."""

    id: UUID
    reference: str
    tenant: str
    title: str
    description: str
    severity: str
    state: str
    steps: tuple[str, ...]  # legal from here
    service: str
    business_service: str
    source: str  # person, or that of the alert that opened it
    reporter: PersonView | None  # None: an alert
    assignee: PersonView | None
    roles: Mapping[str, PersonView]
    paged: tuple[PersonView, ...]
    page_level: int
    stakeholders: tuple[PersonView, ...]  # who follow it without working on it
    started_at: datetime
    reported_at: datetime
    acknowledged_by: PersonView | None
    acknowledged_at: datetime | None
    told_at: datetime
    resolved_by: PersonView | None  # None: its alerts
    resolved_at: datetime | None
    resolution: str
    cause: str
    reopened: int
    closed_at: datetime | None
    review_state: str | None  # due | overdue | done; None: there is none to do
    review_due_at: datetime | None
    review: IncidentReview | None
    channel: str  # its own, once somebody wanted one
    alerts: tuple[AlertView, ...]
    links: tuple[LinkView, ...]
    follow_ups: tuple[FollowUpView, ...]
    newest: tuple[EntryView, ...]  # of its timeline, as they happened
    tickets: tuple[TicketLink, ...]
    wants_tickets: bool  # it is as bad as that
    updated_at: datetime

    @property
    def is_over(self) -> bool:
        """Whether it is not under way any more."""
        return self.resolved_at is not None

    @property
    def owes_review(self) -> bool:
        """Whether its review is due, or overdue."""
        return self.review_state in ("due", "overdue")

    @property
    def standing_review(self) -> IncidentReview | None:
        """What was written, unless the incident has come back since: writing again changes it."""
        return self.review if self.review_state == "done" else None

    @property
    def affected(self) -> str:
        """What of the business it affects, or what was named; empty where neither is known."""
        return self.business_service or self.service
