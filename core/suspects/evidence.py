"""What is known around an incident, as the ranking reads it. Pure (S5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What may be the cause."""

    CHANGE = "change"  # of the registry, rolled out or made by hand
    DEPLOYMENT = "deployment"  # a governed action that the agent platform reported
    INCIDENT = "incident"  # of something that it needs
    THROTTLE = "throttle"  # by a budget
    DIMENSION = "dimension"  # a label over-represented in the failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened before, or as it began.

    `ended_at` None: it still goes on. `resources` are what it touches; `weight` says how much more, or less, such a
    thing leads to trouble than usual, `marks` why, in words.
    """

    kind: Kind
    reference: str  # CHG-1007, INC-1002; of a deployment, the agent
    title: str
    at: datetime
    ended_at: datetime | None
    resources: frozenset[str]
    weight: float = 1.0
    marks: tuple[str, ...] = ()
    change_id: UUID | None = None  # of a change that can be rolled back now


class ShareOf(StrEnum):
    """What was counted."""

    ALERTS = "alerts"  # of the incident, beside those of others
    SAMPLES = "samples"  # of the service that failed, beside those that did not


@dataclass(frozen=True, slots=True)
class Share:
    """How often a label has a value among failures, and how often usually, or among what went well."""

    label: str
    value: str
    failures: int
    failed: int  # all failures that have the label
    usual: int
    usual_all: int
    of: ShareOf = ShareOf.ALERTS

    @property
    def here(self) -> float:
        """The share among failures."""
        return self.failures / self.failed if self.failed else 0.0

    @property
    def usually(self) -> float:
        """The share otherwise; 0 where nothing is known."""
        return self.usual / self.usual_all if self.usual_all else 0.0

    @property
    def ratio(self) -> float | None:
        """How many times as often as otherwise; None where it never is otherwise."""
        return self.here / self.usually if self.usually else None


@dataclass(frozen=True, slots=True)
class Scene:
    """An incident and everything that may have to do with it.

    `needs` maps each resource to those that it needs; `affected` are the resources that it names.
    """

    began_at: datetime
    affected: frozenset[str]
    needs: Mapping[str, frozenset[str]]
    happenings: tuple[Happening, ...] = ()
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspect:
    """What may be the cause, how likely of all that is known (0 to 1), and why, in words."""

    kind: Kind
    reference: str
    title: str
    confidence: float
    reasons: tuple[str, ...]
    at: datetime | None
    change_id: UUID | None = None  # of a change that can be rolled back now
    share: Share | None = None  # of a dimension

    @property
    def sentence(self) -> str:
        """The reasons as one line."""
        return "; ".join(self.reasons)
