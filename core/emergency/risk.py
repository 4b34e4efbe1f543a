"""The enhanced risk assessment: before the grant, and again at the review with what was done (E3). Pure.

Points, not probabilities: they order bypasses. Each factor says what it is and what it adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.emergency.rules import Wish
from core.tenants import BypassPolicy

_ACTION_POINTS: Final[Mapping[str, int]] = {
    "agent.retire": 10,
    "agent.modify": 25,
    "agent.deploy": 30,
    "agent.create": 30,
    "change.implement": 35,
    "*": 45,
}
_ANY_RESOURCE_POINTS: Final = 25
_LONG_POINTS: Final = 15
_NARROW_POINTS: Final = 10  # an environment for which the tenant has rules of its own
_NO_INCIDENT_POINTS: Final = 10
_UNJUSTIFIED_POINTS: Final = 15
_MEDIUM_FROM: Final = 30
_HIGH_FROM: Final = 55

_NOTHING_DONE_POINTS: Final = -10
_DONE_POINTS: Final = 5  # for each action
_DONE_MOST: Final = 25
_RETIRED_POINTS: Final = 10  # which cannot be taken back
_FAILED_POINTS: Final = 15
_EXTENDED_POINTS: Final = 10
_UNACKNOWLEDGED_POINTS: Final = 15


@dataclass(frozen=True, slots=True)
class BypassRisk:
    """The sum and what it is made of."""

    factors: tuple[tuple[str, int], ...]

    @property
    def points(self) -> int:
        """The sum, never below zero."""
        return max(0, sum(points for _name, points in self.factors))

    @property
    def level(self) -> str:
        """low, medium or high."""
        return "high" if self.points >= _HIGH_FROM else "medium" if self.points >= _MEDIUM_FROM else "low"

    def to_json(self) -> dict[str, object]:
        """As stored and shown."""
        return {"level": self.level, "points": self.points, "factors": [list(factor) for factor in self.factors]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> BypassRisk:
        """The assessment that was stored."""
        return cls(tuple((name, points) for name, points in stored["factors"]))


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a bypass, as far as risk goes."""

    actions: tuple[str, ...]  # of what was done under it
    failed: int = 0  # of these, as the platform reports
    extended: int = 0  # times
    was_acknowledged: bool = True


def assess(policy: BypassPolicy, wish: Wish, *, unjustified: int = 0) -> BypassRisk:
    """The risk as it stands before the grant. `unjustified`: earlier bypasses of the person that a review called so."""
    factors = [(f"action {wish.action}", _ACTION_POINTS[wish.action])]
    if wish.resource == "*":
        factors.append(("any agent, not one", _ANY_RESOURCE_POINTS))
    if wish.duration > policy.longest_in(wish.named.environment) / 2:
        factors.append(("longer than half of what is allowed", _LONG_POINTS))
    rule = policy.environments.get(wish.named.environment)
    if rule is not None and (rule.allowed or rule.max_duration or rule.step_up):
        factors.append((f"environment {wish.named.environment} has stricter rules", _NARROW_POINTS))
    if (policy.reasons or policy.incident.format) and not wish.named.incident:
        factors.append(("no incident is named", _NO_INCIDENT_POINTS))
    if unjustified:
        factors.append(("an earlier bypass was not justified", _UNJUSTIFIED_POINTS))
    return BypassRisk(tuple(factors))


def assess_again(before: BypassRisk, done: Done) -> BypassRisk:
    """The same risk with what was really done."""
    return BypassRisk((*before.factors, *_of_what_was_done(done)))


def _of_what_was_done(done: Done) -> Iterable[tuple[str, int]]:
    if not done.actions:
        yield "nothing was done under it", _NOTHING_DONE_POINTS
    else:
        count = len(done.actions)
        yield f"actions under it: {count}", min(_DONE_MOST, _DONE_POINTS * count)
    if "agent.retire" in done.actions:
        yield "an agent was retired", _RETIRED_POINTS
    if done.failed:
        yield f"failed: {done.failed}", _FAILED_POINTS
    if done.extended:
        yield f"extended: {done.extended}", _EXTENDED_POINTS
    if not done.was_acknowledged:
        yield "senior management never acknowledged it", _UNACKNOWLEDGED_POINTS
