"""A decision as doors show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Answer(StrEnum):
    """What the gate says."""

    ALLOW = "allow"
    DENY = "deny"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why. `code` is stable for programs, `message` is for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the gate says without acting. `request_id` is the approval that allows it, or the request that is open."""

    answer: Answer
    reason: Reason
    resource: Mapping[str, str]  # as the gate reads it
    request_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One answer of the gate. `operation` says whether the platform still has to report, or what it reported it did."""

    id: UUID
    decision: Answer
    reasons: tuple[Reason, ...]
    action: str
    resource: Mapping[str, str]
    decided_at: datetime
    request_id: UUID | None = None
    bypass_id: UUID | None = None
    agent_id: UUID | None = None
    operation: str = "none"  # none | running | succeeded | failed | lapsed
    outcome: Mapping[str, Any] | None = None
    outcome_at: datetime | None = None
    receipt: str | None = None  # of the approval that it used, as JWS

    def links(self) -> dict[str, str]:
        """What the decision rests on and concerns, for records."""
        links = {"request_id": self.request_id, "bypass_id": self.bypass_id, "agent_id": self.agent_id}
        return {key: str(value) for key, value in links.items() if value}
