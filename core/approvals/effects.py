"""The closed set of what may follow. Rules return effects; the store applies them; nothing else changes a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.approvals.state import RequestStatus, Seat, StageStatus, Vote
from core.ids import UserId


@dataclass(frozen=True, slots=True)
class OpenStage:
    """The stage can be voted on by these people until it is due."""

    stage: str
    roles: tuple[str, ...]
    approvers: frozenset[UserId]
    opened_at: datetime
    due_at: datetime
    remind_at: datetime
    escalation_level: int = 0  # above 0 where the role asked first is vacant


@dataclass(frozen=True, slots=True)
class RecordVote:
    """The vote counts."""

    vote: Vote


@dataclass(frozen=True, slots=True)
class DecideStage:
    """The stage is closed."""

    stage: str
    status: StageStatus
    at: datetime


@dataclass(frozen=True, slots=True)
class DecideRequest:
    """The request is final."""

    status: RequestStatus
    at: datetime


@dataclass(frozen=True, slots=True)
class Escalate:
    """The stage is overdue: these people are asked as well, and there is a new due time."""

    stage: str
    from_roles: tuple[str, ...]
    to_role: str
    level: int
    approvers: frozenset[UserId]  # asked from now on, beside those who were asked before
    due_at: datetime
    remind_at: datetime


@dataclass(frozen=True, slots=True)
class Remind:
    """These people have not voted and the stage falls due soon."""

    stage: str
    people: frozenset[UserId]


@dataclass(frozen=True, slots=True)
class Delegate:
    """One approver's place on the stage is taken by another person."""

    stage: str
    from_person: UserId
    to_person: UserId


@dataclass(frozen=True, slots=True)
class Amend:
    """The request asks for something else now: votes bound to what it asked before do not count any more."""

    digest: str  # unlike any that the request had: one that comes back would bring old votes back with it
    resource: Mapping[str, str]
    justification: str
    changed: Mapping[str, tuple[str, str]]  # field -> before, after
    voided: int  # votes that counted until now
    assessment: Mapping[str, Any] = field(default_factory=dict)  # what its circumstances mean now


@dataclass(frozen=True, slots=True)
class ResetStage:
    """The stage waits again as if it had never been opened; these roles decide it."""

    stage: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FillPlace:
    """Somebody stands in at this place, whose person is away."""

    stage: str
    place: UserId
    absent: UserId  # whose place it is by now: the same, unless it was delegated
    seat: Seat


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Nobody stands in at this place any more: its person is asked again."""

    stage: str
    place: UserId
    absent: UserId
    stand_in: UserId


@dataclass(frozen=True, slots=True)
class AskAbsent:
    """This person is away, and is asked all the same: nobody who stands in for them may decide this."""

    stage: str
    absent: UserId


@dataclass(frozen=True, slots=True)
class UndoVote:
    """The vote does not count any more; the trail keeps it."""

    vote: Vote


@dataclass(frozen=True, slots=True)
class ReopenStage:
    """The stage, closed by a vote that was taken back, is open again for those who were asked."""

    stage: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """The stage's time stands still, until `until` at the latest."""

    stage: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Resume:
    """The stage's time goes on."""

    stage: str
    due_at: datetime
    remind_at: datetime


@dataclass(frozen=True, slots=True)
class AskAlso:
    """These people are asked besides: too few of those who were asked may vote, or are here to."""

    stage: str
    approvers: frozenset[UserId]
    role: str | None = None  # by which they are asked, where it stands above: the stage is decided by it as well


Seating = FillPlace | GiveBack | AskAbsent
Effect = (
    OpenStage
    | RecordVote
    | DecideStage
    | DecideRequest
    | Escalate
    | Remind
    | Delegate
    | Amend
    | ResetStage
    | UndoVote
    | ReopenStage
    | Pause
    | Resume
    | AskAlso
    | Seating
)
