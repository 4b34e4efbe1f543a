"""A change as doors show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.access.people import PersonView
from core.changes.assessing import ChangeRisk
from core.changes.timetable import Obstacle, Span
from core.rollouts import RolloutView


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """What was shown for a gate. `author` is None where the template of a standard change says so."""

    gate: str
    result: str  # passed | failed
    summary: str
    url: str
    author: PersonView | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ValidationView:
    """How it was found to work, the last time that somebody looked."""

    result: str  # passed | failed
    notes: str
    by: PersonView | None  # None: the checks of its rollout
    at: datetime


@dataclass(frozen=True, slots=True)
class RecoveryView:
    """Whether everything works again after a rollback."""

    state: str  # due | passed | failed
    notes: str
    by: PersonView | None  # None: the checks of its rollout
    at: datetime | None  # None while it is due


@dataclass(frozen=True, slots=True)
class AlarmView:
    """What people are told of again and again until somebody acknowledges it."""

    what: str
    at: datetime
    people: tuple[PersonView, ...]
    acknowledged_by: PersonView | None
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class LessonView:
    """What was learnt from a change, by whom, and how like the new one it is (0 to 1.55)."""

    change_id: UUID
    reference: str
    title: str
    type: str
    state: str  # of the change: closed, rolled_back, failed
    lessons: str
    tags: tuple[str, ...]
    by: PersonView
    at: datetime
    likeness: float


@dataclass(frozen=True, slots=True)
class ReviewView:
    """The post-implementation review."""

    outcome: str  # successful | successful_with_issues | unsuccessful
    notes: str
    lessons: str
    tags: tuple[str, ...]
    by: PersonView
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One change with everything that a reader may see. `gates` are required, `missing` those without evidence."""

    id: UUID
    reference: str
    tenant: str
    title: str
    description: str
    type: str
    template: str
    resources: tuple[str, ...]
    reach: tuple[str, ...]
    state: str
    steps: tuple[str, ...]  # legal from here
    requester: PersonView
    risk: ChangeRisk | None  # None: not assessed yet
    request_id: UUID | None
    request: str  # REQ-12; empty without one
    request_state: str
    starts_at: datetime | None
    ends_at: datetime | None
    scheduled_at: datetime | None  # None: its times are only wished for
    implementer: PersonView | None
    started_at: datetime | None
    completed_at: datetime | None
    bypass_id: UUID | None
    bypass: str  # BYP-3; empty without one
    owed: tuple[str, ...]
    gates: tuple[str, ...]
    missing: tuple[str, ...]
    evidence: tuple[EvidenceView, ...]
    validation: ValidationView | None
    can_roll_out: bool  # by the agent platform
    rollout: RolloutView | None  # the last
    rollback_request_id: UUID | None
    rollback_request: str  # REQ-13; empty where nobody was asked about its rollback
    rollback_request_state: str
    recovery: RecoveryView | None
    alarm: AlarmView | None
    wants_review: bool
    review_state: str | None  # due | overdue | done; None: there is none to do
    review_due_at: datetime | None
    review: ReviewView | None
    note: str
    suggested: tuple[LessonView, ...] = ()  # of earlier changes like this one, where it is shown alone and not begun
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing but its review can follow."""
        return self.ended_at is not None


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a change may be done at a time: what is in the way, and the first time that would be accepted.

    `risk` is its risk then, None before it is assessed; `again` who would be asked again before it may be done then, as
    less was approved: names of the risk's row.
    """

    span: Span
    obstacles: tuple[Obstacle, ...]
    accepted: Span | None
    risk: str | None = None
    again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrozenTime:
    """A freeze as the calendar shows it."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """A change that is spoken about, and what is in the way of its time."""

    change: ChangeView
    obstacles: tuple[Obstacle, ...]


@dataclass(frozen=True, slots=True)
class ChangeAgenda:
    """What a meeting about changes speaks about: those that wait for a decision, the coming ones, reviews, freezes."""

    span: Span
    time_zone: str
    waiting: tuple[AgendaItem, ...]
    planned: tuple[AgendaItem, ...]
    reviews: tuple[ChangeView, ...]
    freezes: tuple[FrozenTime, ...]


@dataclass(frozen=True, slots=True)
class OpenTime:
    """A time at which a maintenance window is open."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Calendar:
    """What happens in a span, in the tenant's time zone: changes with a time, freezes and windows, each in order."""

    span: Span
    time_zone: str
    changes: tuple[ChangeView, ...]
    freezes: tuple[FrozenTime, ...]
    windows: tuple[OpenTime, ...]
