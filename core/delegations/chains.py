"""Who stands in for whom, as values that rules of other features read. Pure; a walk along a chain always ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.ids import UserId


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which decisions a delegation is about. None means every action, or every stage."""

    actions: frozenset[str] | None = None
    stages: frozenset[str] | None = None

    def covers(self, action: str, stage: str) -> bool:
        """Whether it is about this stage of a request for this action."""
        return (self.actions is None or action in self.actions) and (self.stages is None or stage in self.stages)

    def common(self, other: Coverage) -> Coverage | None:
        """The decisions that both are about; None if there are none."""
        both = Coverage(_common(self.actions, other.actions), _common(self.stages, other.stages))
        return None if both.actions == frozenset() or both.stages == frozenset() else both


@dataclass(frozen=True, slots=True)
class Delegation:
    """`stand_in` decides for `absent` from `starts_at` until just before `ends_at` (aware instants)."""

    id: UUID
    absent: UserId
    stand_in: UserId
    starts_at: datetime
    ends_at: datetime  # or the instant at which it was ended before its time
    coverage: Coverage = Coverage()

    def is_in_force(self, at: datetime) -> bool:
        """Whether it holds at this instant."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class StandIns:
    """The delegations in force at one instant, between people who are active; what people set stands first.

    `absent` are those away by their calendar; whoever stands in for them as their fallback is among the delegations.
    """

    delegations: tuple[Delegation, ...] = ()
    absent: frozenset[UserId] = frozenset()

    def about(self, action: str) -> StandIns:
        """Those that are about this action."""
        found = (each for each in self.delegations if each.coverage.actions is None or action in each.coverage.actions)
        return StandIns(tuple(found), self.absent)

    def is_away(self, person: UserId, stage: str) -> bool:
        """Whether somebody else should decide this stage for them, be there anybody or not."""
        return person in self.absent or self._taker(person, stage) is not None

    def candidates(self, person: UserId, stage: str) -> tuple[UserId, ...]:
        """Those of the chain who are here as far as their calendars say; nobody of one that goes round in a circle.

        A circle can come about where calendars and delegations meet: then everybody in it is away.
        """
        chain = self.chain(person, stage)
        beyond = self._taker(chain[-1], stage) if chain else None
        return () if beyond is not None else tuple(each for each in chain if each not in self.absent)

    def chain(self, person: UserId, stage: str) -> tuple[UserId, ...]:
        """Who decides this stage for the person, nearest first; empty if they are here.

        The second stands in for the first, who is away as well, and so on. Nobody appears twice, whatever is stored.
        """
        found: list[UserId] = []
        at = person
        while (taker := self._taker(at, stage)) is not None and taker != person and taker not in found:
            found.append(taker)
            at = taker
        return tuple(found)

    def _taker(self, person: UserId, stage: str) -> UserId | None:
        return next(
            (
                each.stand_in
                for each in self.delegations
                if each.absent == person and (each.coverage.stages is None or stage in each.coverage.stages)
            ),
            None,
        )


def in_force(delegations: Iterable[Delegation], at: datetime, *, active: Iterable[UserId]) -> StandIns:
    """Those that hold at this instant; what somebody who has left gave or was given holds no more."""
    here = frozenset(active)
    return StandIns(
        tuple(each for each in delegations if each.is_in_force(at) and each.absent in here and each.stand_in in here)
    )


def _common(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other
