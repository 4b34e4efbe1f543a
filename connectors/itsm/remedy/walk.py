"""The next single step of a ticket towards where it shall stand. Pure: the connector takes it and looks again.

A change moves stage by stage, and two of its stages are left by approval alone. One that is already further than asked
has arrived, and none is ever moved back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connectors.itsm.base import TicketState
from connectors.itsm.remedy.wire import Record

DRAFT, AUTHORIZATION, REQUEST, PLANNING = (
    "Draft", "Request For Authorization", "Request For Change", "Planning In Progress",
)  # fmt: skip
REVIEW, APPROVAL, SCHEDULED, IMPLEMENTATION = (
    "Scheduled For Review", "Scheduled For Approval", "Scheduled", "Implementation In Progress",
)  # fmt: skip
COMPLETED, CLOSED, CANCELLED, REJECTED, PENDING = "Completed", "Closed", "Cancelled", "Rejected", "Pending"
PROGRESS: Final = (
    DRAFT, AUTHORIZATION, REQUEST, PLANNING, REVIEW, APPROVAL, SCHEDULED, IMPLEMENTATION, COMPLETED, CLOSED,
)  # fmt: skip
ASKING: Final = frozenset({AUTHORIZATION, REQUEST, APPROVAL})  # stages in which approvals are asked for
WINDOW: Final = frozenset({APPROVAL, SCHEDULED, IMPLEMENTATION})  # demand Scheduled Start and End Date
_PREAPPROVED: Final = frozenset({"Standard", "No Impact", "Latent"})  # timings that skip both approvals
_GOALS: Final[Mapping[TicketState, str]] = {
    TicketState.OPEN: DRAFT,
    TicketState.IN_APPROVAL: AUTHORIZATION,
    TicketState.APPROVED: SCHEDULED,
    TicketState.IMPLEMENTING: IMPLEMENTATION,
    TicketState.IMPLEMENTED: COMPLETED,
    TicketState.CLOSED: CLOSED,
}
_ONWARD: Final[Mapping[str, str]] = {
    DRAFT: AUTHORIZATION,
    AUTHORIZATION: PLANNING,
    REQUEST: PLANNING,
    PLANNING: APPROVAL,
    REVIEW: APPROVAL,
    APPROVAL: SCHEDULED,
    SCHEDULED: IMPLEMENTATION,
    IMPLEMENTATION: COMPLETED,
    COMPLETED: CLOSED,
}
_AS_SHIPPED: Final[Mapping[TicketState, str]] = {}
_INCIDENT_PROGRESS: Final = ("New", "Assigned", "In Progress", "Pending", "Resolved", "Closed")
_INCIDENT_GOALS: Final[Mapping[TicketState, tuple[str, ...]]] = {  # wanted first, then what is further
    TicketState.IMPLEMENTING: ("In Progress", "Pending", "Resolved", "Closed"),
    TicketState.IMPLEMENTED: ("Resolved", "Closed"),
    TicketState.CLOSED: ("Closed",),
    TicketState.CANCELLED: ("Cancelled",),
    TicketState.REJECTED: ("Cancelled",),
}


class Approvals(StrEnum):
    """How the approvals of the present stage stand."""

    ASKED = "asked"  # somebody has not answered yet
    ANSWERED = "answered"  # everybody has; the server has yet to move the change on
    NONE = "none"  # nobody is asked


@dataclass(frozen=True, slots=True)
class Arrived:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Move:
    """Set this status."""

    status: str


@dataclass(frozen=True, slots=True)
class Approve:
    """Record the approval that was given in Countersign."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Record the rejection that was given in Countersign."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The server is about to do its part; look again later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """It cannot get there, and will not by waiting."""

    reason: str
    field: str = "Change Request Status"


Step = Arrived | Move | Approve | Reject | Wait | Stuck


def next_change_step(record: Record, target: TicketState, approvals: Approvals) -> Step:
    """What to do next with a change."""
    if target in {TicketState.CANCELLED, TicketState.REJECTED}:
        return _towards_end(record, target, approvals)
    if record.status in {CANCELLED, REJECTED}:
        return Stuck(f"{record.number} was {record.status.lower()} in Remedy.")
    if record.status == PENDING:
        return Stuck(f"{record.number} is on hold (Pending) in Remedy.")
    if record.status not in PROGRESS:
        return Stuck(f"{record.number} is in status {record.status}, from which no way on is known here.")
    if PROGRESS.index(record.status) >= PROGRESS.index(_GOALS[target]):
        return Arrived()
    if target is TicketState.IN_APPROVAL and record.timing in _PREAPPROVED:
        return Arrived() if record.status != DRAFT else Move(PLANNING)
    if record.status in ASKING:
        match approvals:
            case Approvals.ASKED:
                return Approve()
            case Approvals.ANSWERED:
                return Wait(f"Remedy has not yet moved {record.number} on after its approval.")
            case Approvals.NONE:
                pass
    return Move(_onward(record))


def next_incident_step(record: Record, target: TicketState, written: Mapping[TicketState, str] = _AS_SHIPPED) -> Step:
    """What to do next with an incident; one without a target of its own stays as it is.

    `written` are the statuses that an administrator wants for our states instead of the shipped ones.
    """
    reached = _from(written[target]) if target in written else _INCIDENT_GOALS.get(target)
    if reached is None or record.status in reached:
        return Arrived()
    if record.status in {"Closed", "Cancelled"}:
        return Stuck(f"{record.number} is {record.status} in Remedy and stays so.", field="Status")
    if reached[0] == "Closed" and record.status != "Resolved":
        return Move("Resolved")
    if reached[0] == "Cancelled" and record.status == "Resolved":
        return Stuck(f"{record.number} is Resolved and can no longer be cancelled there.", field="Status")
    return Move(reached[0])


def _from(status: str) -> tuple[str, ...]:
    """This status, then those that are further."""
    at = _INCIDENT_PROGRESS.index(status) if status in _INCIDENT_PROGRESS else len(_INCIDENT_PROGRESS)
    return (status, *_INCIDENT_PROGRESS[at + 1 :])


def is_arrived(record: Record, target: TicketState) -> bool:
    """Whether there is nothing to do with a change, which needs no question about approvals."""
    return isinstance(next_change_step(record, target, Approvals.NONE), Arrived)


def _onward(record: Record) -> str:
    if record.timing == "Emergency" and record.status == DRAFT:
        return APPROVAL
    if record.timing in _PREAPPROVED and record.status in {DRAFT, PLANNING}:
        return SCHEDULED
    return _ONWARD[record.status]


def _towards_end(record: Record, target: TicketState, approvals: Approvals) -> Step:
    if record.status == CANCELLED or (record.status == REJECTED and target is TicketState.REJECTED):
        return Arrived()
    if record.status in {COMPLETED, CLOSED}:
        return Stuck(f"{record.number} is {record.status} and can no longer be cancelled there.")
    if target is TicketState.REJECTED and record.status in ASKING and approvals is Approvals.ASKED:
        return Reject()
    return Move(CANCELLED)
