"""Frozen snapshots that the rules read. No table row, no clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.ids import UserId


class RequestStatus(StrEnum):
    """Where a request is. All but PENDING are final."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class StageStatus(StrEnum):
    """Where a stage is."""

    WAITING = "waiting"
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    SKIPPED = "skipped"


class Choice(StrEnum):
    """What a vote says."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's vote on one stage, bound to the digest of what they saw."""

    stage: str
    voter: UserId
    choice: Choice
    reason: str
    criteria: Mapping[str, bool]
    digest: str
    cast_at: datetime


@dataclass(frozen=True, slots=True)
class StageState:
    """A stage as it stands. `approvers` are the people asked; `delegates` says who takes whose place."""

    key: str
    status: StageStatus = StageStatus.WAITING
    opened_at: datetime | None = None
    due_at: datetime | None = None
    escalation_level: int = 0
    roles: tuple[str, ...] = ()
    approvers: frozenset[UserId] = frozenset()
    delegates: Mapping[UserId, UserId] = field(default_factory=dict)

    @property
    def voters(self) -> frozenset[UserId]:
        """Who may vote now: the people asked, each replaced by their delegate."""
        return frozenset(self.delegates.get(person, person) for person in self.approvers)


@dataclass(frozen=True, slots=True)
class RequestState:
    """A request as it stands."""

    requester: UserId
    digest: str
    status: RequestStatus
    stages: tuple[StageState, ...]
    votes: tuple[Vote, ...] = ()

    def stage(self, key: str) -> StageState:
        """The stage of that key; KeyError if the request has none."""
        for stage in self.stages:
            if stage.key == key:
                return stage
        raise KeyError(key)

    def votes_on(self, stage: str) -> tuple[Vote, ...]:
        """The votes that count on the stage: those bound to the digest in force."""
        return tuple(vote for vote in self.votes if vote.stage == stage and vote.digest == self.digest)

    @property
    def open_stages(self) -> tuple[StageState, ...]:
        """The stages that can be voted on now."""
        return tuple(stage for stage in self.stages if stage.status is StageStatus.OPEN)
