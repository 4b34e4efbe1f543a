"""A tenant's change policy as values: types, matrix, gates, templates, times, dependencies (G1, G3, G6).

The framework's block loads unchanged (policy_file.py); what it does not speak of has the defaults here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from core.approvals.risk import RiskLevel, RiskModel
from core.changes.assessing import DEFAULT_MODEL
from core.roles.permissions import Permission
from core.rollouts import Plan

DEFAULT_TIMEOUT: Final = timedelta(hours=24)
DEFAULT_ROLLBACK_TIMEOUT: Final = timedelta(minutes=15)  # each minute of it, people work with what went wrong
ANY: Final = "*"
DEFAULT_REVIEW_DUE: Final = timedelta(days=5)


class Gate(StrEnum):
    """What must be evidenced before a change is implemented (G3)."""

    TESTING = "testing"
    ROLLBACK_PLAN = "rollback_plan"
    COMMUNICATION = "communication"


@dataclass(frozen=True, slots=True)
class ChangeType:
    """A kind of change, and what its implementer must be permitted."""

    key: str
    permission: Permission = Permission.MODIFY_CONFIG

    @property
    def title(self) -> str:
        """The key as people read it: Security patch."""
        return self.key.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody of a row of the matrix: as it is written there, and whom that means in this tenant."""

    name: str  # technical_lead
    key: str  # meta_agent_manager


@dataclass(frozen=True, slots=True)
class Implementation:
    """The requirements of every change."""

    gates: tuple[Gate, ...] = tuple(Gate)
    has_review: bool = True
    review_due: timedelta = DEFAULT_REVIEW_DUE


@dataclass(frozen=True, slots=True)
class Template:
    """A standard change: approved beforehand, of what it names, up to a risk, with what its gates are evidenced by."""

    key: str
    title: str
    type: str
    resources: tuple[str, ...]  # service:Payments; agent:* for any of the kind
    max_risk: RiskLevel = RiskLevel.LOW
    description: str = ""
    evidence: Mapping[Gate, str] = field(default_factory=dict)

    def covers(self, resource: str) -> bool:
        """Whether the change that it approves may touch this."""
        return resource in self.resources or f"{resource.partition(':')[0]}:{ANY}" in self.resources

    @property
    def named(self) -> tuple[str, ...]:
        """What it touches, where it names each; nothing where it says any of a kind."""
        return () if any(each.endswith(f":{ANY}") for each in self.resources) else self.resources


@dataclass(frozen=True, slots=True)
class Scope:
    """Which changes a window or freeze is about: of these types and risks, each empty for any."""

    types: frozenset[str] = frozenset()
    risks: frozenset[RiskLevel] = frozenset()

    def covers(self, change_type: str, risk: RiskLevel) -> bool:
        """Whether it is about changes of this type and risk."""
        return (not self.types or change_type in self.types) and (not self.risks or risk in self.risks)


@dataclass(frozen=True, slots=True)
class Window:
    """A weekly maintenance window. It begins on these days; one that ends before it begins ends the day after."""

    name: str
    days: frozenset[str]
    starts: time
    ends: time
    scope: Scope = field(default_factory=Scope)
    zone: str = ""  # empty: the tenant's


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time in which nothing that it covers is changed, except `allows`; wall-clock times of its zone."""

    name: str
    begins: datetime
    ends: datetime
    scope: Scope = field(default_factory=Scope)
    allows: frozenset[str] = frozenset()  # types that may be done all the same
    zone: str = ""


@dataclass(frozen=True, slots=True)
class RollbackApproval:
    """Who is asked before a change is rolled back by hand; nobody named: any one of its risk's row."""

    approvers: tuple[Approver, ...] = ()
    timeout: timedelta = DEFAULT_ROLLBACK_TIMEOUT


@dataclass(frozen=True, slots=True)
class Drill:
    """A rollback that is rehearsed now and then, outside production."""

    name: str
    resources: tuple[str, ...]
    environment: str
    every: timedelta


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """The validated document."""

    types: Mapping[str, ChangeType]
    matrix: Mapping[RiskLevel, tuple[Approver, ...]]
    implementation: Implementation = field(default_factory=Implementation)
    templates: Mapping[str, Template] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    depends_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # resource -> those that it needs
    risk: RiskModel = DEFAULT_MODEL
    timeout: timedelta = DEFAULT_TIMEOUT  # of each approval
    rollout: Plan | None = None  # how what the agent platform rolls out is watched; None: it rolls out nothing
    rollback: RollbackApproval = field(default_factory=RollbackApproval)
    drills: Mapping[str, Drill] = field(default_factory=dict)
