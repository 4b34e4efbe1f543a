"""Our words in Jira's statuses and resolutions, and back. Pure.

A site names its statuses as it likes: the settings come first, then the names that Jira's own templates use, then the
category that every status has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.itsm.base import CloseCode, TicketKind, TicketState
from connectors.itsm.jira.wire import Status

SUMMARY_MAX_CHARS: Final = 255  # vendor, issue summary
LABEL: Final = "countersign"  # on every issue of ours; with a key behind it, on one

_NAMES: Final[Mapping[TicketState, tuple[str, ...]]] = {
    TicketState.OPEN: ("open", "to do", "backlog", "new", "planning", "reopened", "draft", "selected for development"),
    TicketState.IN_APPROVAL: (
        "waiting for approval", "awaiting approval", "in approval", "pending approval", "awaiting cab approval",
        "peer review / change manager approval", "authorize",
    ),
    TicketState.APPROVED: ("approved", "awaiting implementation", "scheduled", "ready to implement"),
    TicketState.IMPLEMENTING: (
        "in progress", "implementing", "work in progress", "pending", "waiting for support", "waiting for customer",
        "escalated",
    ),
    TicketState.IMPLEMENTED: ("implemented", "in review", "review", "awaiting review"),
    TicketState.CLOSED: ("done", "closed", "completed", "complete", "failed", "resolved"),
    TicketState.REJECTED: ("rejected", "declined", "denied"),
    TicketState.CANCELLED: ("canceled", "cancelled", "withdrawn"),
}  # fmt: skip
_BY_NAME: Final[Mapping[str, TicketState]] = {name: state for state, names in _NAMES.items() for name in names}
_BY_CATEGORY: Final[Mapping[str, TicketState]] = {
    "new": TicketState.OPEN,
    "indeterminate": TicketState.IMPLEMENTING,
    "done": TicketState.CLOSED,
}
_UNSUCCESSFUL: Final = frozenset({"failed", "unsuccessful", "rolled back"})
_RESOLUTIONS: Final[Mapping[TicketState, tuple[str, ...]]] = {  # what Jira's templates offer, best first
    TicketState.CLOSED: ("Done", "Fixed", "Completed", "Resolved"),
    TicketState.REJECTED: ("Declined", "Rejected", "Won't Do", "Won't Fix"),
    TicketState.CANCELLED: ("Canceled", "Cancelled", "Won't Do", "Won't Fix"),
}
_FAILED: Final = ("Failed", "Unsuccessful")


def state_of(kind: TicketKind, status: Status, own: Mapping[str, TicketState]) -> TicketState:
    """Where a status is in our words."""
    name = status.name.casefold()
    for known, state in own.items():
        if known.casefold() == name:
            return state
    if kind is TicketKind.INCIDENT and name == "resolved":
        return TicketState.IMPLEMENTED
    return _BY_NAME.get(name) or _BY_CATEGORY.get(status.category, TicketState.OPEN)


def ticket_state(
    kind: TicketKind,
    status: Status,
    resolution: str,
    own: Mapping[str, TicketState],
    resolutions: Mapping[TicketState, str],
) -> TicketState:
    """Where an issue stands: one that was ended in a status for all ends is told by its resolution."""
    state = state_of(kind, status, own)
    if state is TicketState.CLOSED and resolution:
        said = resolution.casefold()
        if said in _named(TicketState.CLOSED, resolutions):
            return state
        for end in (TicketState.CANCELLED, TicketState.REJECTED):
            if said in _named(end, resolutions):
                return end
    return state


def wanted_resolutions(
    target: TicketState, close_code: CloseCode, resolutions: Mapping[TicketState, str]
) -> tuple[str, ...]:
    """The resolutions that fit this end, best first."""
    end = target if target in _RESOLUTIONS else TicketState.CLOSED
    failed = _FAILED if end is TicketState.CLOSED and close_code is CloseCode.UNSUCCESSFUL else ()
    own = (resolutions[end],) if end in resolutions else ()
    return (*failed, *own, *_RESOLUTIONS[end])


def is_unsuccessful(status: Status) -> bool:
    """Whether the status says that the work failed."""
    return status.name.casefold() in _UNSUCCESSFUL


def key_label(key: str) -> str:
    """The label of the one issue with this key."""
    return f"{LABEL}-{key}"


def _named(state: TicketState, resolutions: Mapping[TicketState, str]) -> frozenset[str]:
    own = (resolutions[state],) if state in resolutions else ()
    return frozenset(name.casefold() for name in (*own, *_RESOLUTIONS[state]))
