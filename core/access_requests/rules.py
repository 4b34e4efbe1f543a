"""What a task's status is, how long its approval lasts, and what an approval is worth that is presented. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from core.approvals import UNUSED_AFTER
from core.decisions import Answer, Weighed

# How long a denial can be asked about, and what another machine's clock may be off (the profile's usual value).
OFFER_LASTS: Final = timedelta(minutes=10)
SKEW: Final = timedelta(seconds=30)


class TaskStatus(StrEnum):
    """The profile's states. A task leaves PENDING once; `failed` and `partial` never happen here."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


CALLBACK_EVENTS: Final = ("approved", "denied", "expired", "cancelled", "failed", "partial")
_STATUS: Final = {
    "pending": TaskStatus.PENDING,
    "approved": TaskStatus.APPROVED,
    "rejected": TaskStatus.DENIED,
    "withdrawn": TaskStatus.CANCELLED,
    "expired": TaskStatus.EXPIRED,
}


class NextAction(StrEnum):
    """What to do after an evaluation that was denied although an approval was presented."""

    REQUEST = "request"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Standing:
    """An approval that somebody presents, as we know it."""

    digest: str  # of what it was asked for
    request_id: UUID
    status: TaskStatus
    approved_until: datetime | None
    is_used: bool  # a decision has consumed it
    is_over: bool  # it has lapsed


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the presented approval is what allows it; if it is denied, why, and what to do next."""

    holds: bool
    reason: str | None = None
    next_action: NextAction | None = None


def status_of(request_status: str) -> TaskStatus:
    """The profile's word for a request's state."""
    return _STATUS[request_status]


def approved_until(approved_at: datetime, wanted: datetime | None) -> datetime:
    """The last instant at which the approval can be used: ours, or an earlier one that was asked for."""
    ends = approved_at + UNUSED_AFTER
    return ends if wanted is None else min(ends, wanted)


def is_expired(expires_at: datetime, echoed: datetime, *, now: datetime) -> bool:
    """Whether it is too late to ask: after the earlier of what we know and what the asker says."""
    return now > min(expires_at, echoed) + SKEW


def weigh_presented(standing: Standing | None, digest: str | None, weighed: Weighed, *, now: datetime) -> Verdict:
    """What the presented approval adds. It never allows anything by itself: the gate has been asked.

    `standing` is None for an approval that is unknown, or not this caller's.
    """
    if standing is None or standing.status is not TaskStatus.APPROVED or standing.approved_until is None:
        return _refused(weighed, "approval_unverifiable", NextAction.NONE)
    is_past = now > standing.approved_until or standing.is_used or standing.is_over
    if is_past:
        return _refused(weighed, "approval_expired", NextAction.REQUEST)
    if digest is None or digest != standing.digest or weighed.answer is Answer.PENDING:
        return _refused(weighed, "out_of_scope", NextAction.REQUEST)
    if weighed.answer is Answer.DENY:
        return _refused(weighed, "policy_denied", NextAction.NONE)
    return Verdict(holds=weighed.request_id == standing.request_id)


def _refused(weighed: Weighed, reason: str, action: NextAction) -> Verdict:
    """What the gate allows on other grounds stays allowed; the approval is then merely ignored."""
    return (
        Verdict(holds=False)
        if weighed.answer is Answer.ALLOW
        else Verdict(holds=False, reason=reason, next_action=action)
    )
