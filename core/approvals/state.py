"""Frozen snapshots that the rules read. No table row, no clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.ids import UserId
from core.signin import Assurance


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
    on_behalf_of: UserId | None = None  # whose place it fills; None: their own
    assurance: Assurance = Assurance.CLICK


@dataclass(frozen=True, slots=True)
class Seat:
    """Who stands in at a place while its person is away, and whether that person was asked before and stays asked."""

    stand_in: UserId
    stays_asked: bool = False


@dataclass(frozen=True, slots=True)
class StageState:
    """A stage as it stands. `approvers` are the places, named by who was asked first; each takes one vote.

    `delegates` says who was given a place for good, `stand_ins` who fills one while its person is away.
    """

    key: str
    status: StageStatus = StageStatus.WAITING
    opened_at: datetime | None = None
    due_at: datetime | None = None
    paused_at: datetime | None = None  # its time stands still since then
    escalation_level: int = 0
    roles: tuple[str, ...] = ()
    approvers: frozenset[UserId] = frozenset()
    delegates: Mapping[UserId, UserId] = field(default_factory=dict)
    stand_ins: Mapping[UserId, Seat] = field(default_factory=dict)

    @property
    def voters(self) -> frozenset[UserId]:
        """Who may vote now."""
        return frozenset[UserId]().union(*map(self.voters_at, self.approvers))

    def holder(self, place: UserId) -> UserId:
        """Whose the place is by now."""
        return self.delegates.get(place, place)

    def voters_at(self, place: UserId) -> frozenset[UserId]:
        """Who may fill this place: one person, or two where somebody went away after they were asked."""
        seat = self.stand_ins.get(place)
        if seat is None:
            return frozenset({self.holder(place)})
        return frozenset({seat.stand_in, self.holder(place)} if seat.stays_asked else {seat.stand_in})

    def place_of(self, voter: UserId) -> UserId | None:
        """The place that this person may fill, their own before another's; None if they are not asked."""
        if voter in self.approvers and voter in self.voters_at(voter):
            return voter
        return next((place for place in sorted(self.approvers) if voter in self.voters_at(place)), None)


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

    def filled(self, stage: StageState) -> frozenset[UserId]:
        """The stage's places that have their vote."""
        voted = {vote.on_behalf_of or vote.voter for vote in self.votes_on(stage.key)}
        return stage.approvers & voted

    @property
    def open_stages(self) -> tuple[StageState, ...]:
        """The stages that can be voted on now."""
        return tuple(stage for stage in self.stages if stage.status is StageStatus.OPEN)
