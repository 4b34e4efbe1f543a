"""Pure rules of the emergency bypass (E1, E3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from core.emergency.errors import BypassNotAllowed, InvalidBypass
from core.ids import BypassId, UserId
from core.tenants import TenantPolicy

ACTIONS: Final = ("agent.create", "agent.deploy", "agent.modify", "agent.retire", "*")
JUSTIFICATION_MIN: Final = 10  # characters; "fix" explains nothing to a reviewer
JUSTIFICATION_MAX: Final = 2000
RESOURCE_MAX: Final = 120
DURATION_MIN: Final = timedelta(minutes=5)

# What each fact adds to the risk recorded before the grant. Points, not probabilities: they order bypasses.
_ACTION_POINTS: Final[Mapping[str, int]] = {
    "agent.retire": 10,
    "agent.modify": 25,
    "agent.deploy": 30,
    "agent.create": 30,
    "*": 45,
}
_ANY_RESOURCE_POINTS: Final = 25
_LONG_POINTS: Final = 15
_MEDIUM_FROM: Final = 30
_HIGH_FROM: Final = 55


@dataclass(frozen=True, slots=True)
class BypassRisk:
    """The enhanced risk assessment: the sum and what it is made of."""

    level: str  # low | medium | high
    points: int
    factors: tuple[tuple[str, int], ...]

    def to_json(self) -> dict[str, object]:
        """As stored and shown."""
        return {"level": self.level, "points": self.points, "factors": [list(factor) for factor in self.factors]}


def check_may_bypass(policy: TenantPolicy, roles: frozenset[str]) -> None:
    """Returns if one of the roles may use the bypass; raises BypassNotAllowed naming those that may."""
    allowed = policy.bypass.allowed_roles
    if not roles & set(allowed):
        raise BypassNotAllowed(
            "Your role may not use the emergency bypass.",
            where="role",
            accepted=tuple(allowed),
            next_step="Ask one of these people, or use /approve.",
        )


def check_bypass(policy: TenantPolicy, *, action: str, resource: str, justification: str, duration: timedelta) -> None:
    """Returns if the bypass is well formed; raises InvalidBypass naming the field and what it accepts."""
    if action not in ACTIONS:
        raise InvalidBypass(f"'{action}' is not an action that can be bypassed.", where="action", accepted=ACTIONS)
    if not resource.strip() or len(resource) > RESOURCE_MAX:
        raise InvalidBypass(f"Name the agent (at most {RESOURCE_MAX} characters), or '*' for any.", where="resource")
    length = len(justification.strip())
    if not JUSTIFICATION_MIN <= length <= JUSTIFICATION_MAX:
        raise InvalidBypass(
            f"The justification has {length} characters; it needs {JUSTIFICATION_MIN} to {JUSTIFICATION_MAX}.",
            where="justification",
        )
    longest = policy.bypass.max_duration
    if not DURATION_MIN <= duration <= longest:
        raise InvalidBypass(
            f"A bypass lasts from 5 minutes to {longest.total_seconds() / 3600:g} hours here.", where="duration"
        )


def assess(policy: TenantPolicy, *, action: str, resource: str, duration: timedelta) -> BypassRisk:
    """The risk as it stands before the grant, explained by its factors (E3)."""
    factors = [(f"action {action}", _ACTION_POINTS[action])]
    if resource.strip() == "*":
        factors.append(("any agent, not one", _ANY_RESOURCE_POINTS))
    if duration > policy.bypass.max_duration / 2:
        factors.append(("longer than half of what is allowed", _LONG_POINTS))
    points = sum(points for _name, points in factors)
    level = "high" if points >= _HIGH_FROM else "medium" if points >= _MEDIUM_FROM else "low"
    return BypassRisk(level=level, points=points, factors=tuple(factors))


@dataclass(frozen=True, slots=True)
class RunningBypass:
    """Whom it admits to what: an action and a resource, each `*` for any."""

    id: BypassId
    user: UserId
    action: str
    resource: str

    def covers(self, user: UserId | None, *, action: str, resource: str) -> bool:
        """Whether it admits this person's action."""
        return self.user == user and self.action in (action, "*") and self.resource in (resource, "*")
