"""The life of incidents and changes: which status follows which, and what each demands.

Incidents: open ones move freely, Resolved is closed or reopened, Closed and Cancelled are final. Changes move stage by
stage; Request For Authorization and Scheduled For Approval are left by approval alone. An emergency skips the first of
them, Standard, No Impact and Latent changes both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.remedy import errors
from sandbox.remedy.errors import Refused
from sandbox.remedy.schema import CHANGE_STATUSES, INCIDENT_STATUSES

NEW, ASSIGNED, IN_PROGRESS, PENDING, RESOLVED, CLOSED, CANCELLED = range(7)
(DRAFT, AUTHORIZATION, REQUEST, PLANNING, FOR_REVIEW, FOR_APPROVAL, SCHEDULED, IMPLEMENTATION, ON_HOLD, REJECTED,
 COMPLETED, C_CLOSED, C_CANCELLED) = range(13)  # fmt: skip
EMERGENCY, EXPEDITED, LATENT, NORMAL, NO_IMPACT, STANDARD = 1000, 2000, 3000, 4000, 5000, 6000

INCIDENT_MOVES: Final[Mapping[int, frozenset[int]]] = {
    NEW: frozenset({ASSIGNED, IN_PROGRESS, PENDING, RESOLVED, CANCELLED}),
    ASSIGNED: frozenset({IN_PROGRESS, PENDING, RESOLVED, CANCELLED}),
    IN_PROGRESS: frozenset({ASSIGNED, PENDING, RESOLVED, CANCELLED}),
    PENDING: frozenset({ASSIGNED, IN_PROGRESS, RESOLVED, CANCELLED}),
    RESOLVED: frozenset({ASSIGNED, IN_PROGRESS, CLOSED}),
    CLOSED: frozenset(),
    CANCELLED: frozenset(),
}
_AFTER: Final[Mapping[int, frozenset[int]]] = {  # what every change shares
    PLANNING: frozenset({FOR_REVIEW, FOR_APPROVAL, ON_HOLD, C_CANCELLED}),
    FOR_REVIEW: frozenset({FOR_APPROVAL, ON_HOLD, C_CANCELLED}),
    SCHEDULED: frozenset({IMPLEMENTATION, ON_HOLD, C_CANCELLED}),
    IMPLEMENTATION: frozenset({COMPLETED, ON_HOLD, C_CANCELLED}),
    ON_HOLD: frozenset({PLANNING, SCHEDULED, IMPLEMENTATION, C_CANCELLED}),
    REJECTED: frozenset({DRAFT, C_CANCELLED}),
    COMPLETED: frozenset({C_CLOSED}),
    C_CLOSED: frozenset(),
    C_CANCELLED: frozenset(),
}
_WITHOUT_APPROVAL: Final[Mapping[int, frozenset[int]]] = {
    **_AFTER,
    DRAFT: frozenset({PLANNING, SCHEDULED, C_CANCELLED}),
    PLANNING: frozenset({SCHEDULED, ON_HOLD, C_CANCELLED}),
}
CHANGE_MOVES: Final[Mapping[int, Mapping[int, frozenset[int]]]] = {
    NORMAL: {**_AFTER, DRAFT: frozenset({AUTHORIZATION, C_CANCELLED}), REQUEST: frozenset({PLANNING, C_CANCELLED})},
    EXPEDITED: {**_AFTER, DRAFT: frozenset({AUTHORIZATION, C_CANCELLED}), REQUEST: frozenset({PLANNING, C_CANCELLED})},
    EMERGENCY: {**_AFTER, DRAFT: frozenset({FOR_APPROVAL, C_CANCELLED})},
    STANDARD: _WITHOUT_APPROVAL,
    NO_IMPACT: _WITHOUT_APPROVAL,
    LATENT: {**_WITHOUT_APPROVAL, DRAFT: frozenset({PLANNING, SCHEDULED, IMPLEMENTATION, COMPLETED, C_CANCELLED})},
}


@dataclass(frozen=True, slots=True)
class Phase:
    """A status that is left by approval: who is asked, and where a yes leads."""

    name: str
    group: str
    target: int


PHASES: Final[Mapping[int, Phase]] = {
    AUTHORIZATION: Phase("Review", "Change Management", PLANNING),
    FOR_APPROVAL: Phase("Implementation Approval", "Change Advisory Board", SCHEDULED),
}
_OUTCOMES: Final = frozenset({5000, 6000, 7000, 8000})
_PRIORITIES: Final = ((24, 0), (16, 1), (10, 2), (0, 3))  # weight from which each priority begins
_IMPACT_WEIGHTS: Final = {1000: 9, 2000: 5, 3000: 3, 4000: 0}
_URGENCY_WEIGHTS: Final = {1000: 20, 2000: 15, 3000: 10, 4000: 0}


def priority(values: Mapping[str, Any]) -> int:
    """The priority that impact and urgency amount to."""
    weight = _IMPACT_WEIGHTS.get(values.get("Impact", 4000), 0) + _URGENCY_WEIGHTS.get(values.get("Urgency", 4000), 0)
    return next(number for least, number in _PRIORITIES if weight >= least)


def check_incident(old: int | None, values: Mapping[str, Any]) -> None:
    """The incident may be like this. Raises Refused."""
    status = values["Status"]
    if old is not None and status != old and status not in INCIDENT_MOVES[old]:
        raise _illegal(INCIDENT_STATUSES[old], INCIDENT_STATUSES[status])
    if old in {CLOSED, CANCELLED}:
        raise Refused(errors.RULE, text=f"You cannot modify this incident. Its status is {INCIDENT_STATUSES[old]}.")
    if status in {ASSIGNED, IN_PROGRESS, PENDING, RESOLVED} and not values.get("Assigned Group"):
        raise _required("Assigned Group", INCIDENT_STATUSES[status])
    if status == IN_PROGRESS and not values.get("Assignee"):
        raise _required("Assignee", INCIDENT_STATUSES[status])
    if status in {PENDING, RESOLVED} and values.get("Status_Reason") is None:
        raise _required("Status_Reason", INCIDENT_STATUSES[status])
    if status == RESOLVED and not values.get("Resolution"):
        raise _required("Resolution", INCIDENT_STATUSES[status])


def check_change(old: int | None, values: Mapping[str, Any]) -> None:
    """The change may be like this. Raises Refused."""
    status, timing = values["Change Request Status"], values["Change Timing"]
    if old in {C_CLOSED, C_CANCELLED}:
        raise Refused(errors.RULE, text=f"You cannot modify this change. Its status is {CHANGE_STATUSES[old]}.")
    if old is None:
        if status not in {DRAFT, *CHANGE_MOVES[timing][DRAFT]} - {C_CANCELLED}:
            raise _illegal("(none)", CHANGE_STATUSES[status])
    elif status != old and status not in CHANGE_MOVES[timing].get(old, frozenset({C_CANCELLED})):
        if old in PHASES:
            raise Refused(
                errors.RULE,
                text=f"The change waits for approval in the phase {PHASES[old].name} and moves on by approval alone.",
            )
        raise _illegal(CHANGE_STATUSES[old], CHANGE_STATUSES[status])
    start, end = values.get("Scheduled Start Date"), values.get("Scheduled End Date")
    if status in {FOR_APPROVAL, SCHEDULED, IMPLEMENTATION} and (start is None or end is None):
        missing = "Scheduled Start Date" if start is None else "Scheduled End Date"
        raise _required(missing, CHANGE_STATUSES[status])
    if start is not None and end is not None and end < start:
        raise Refused(errors.RULE, text="The Scheduled End Date must be later than the Scheduled Start Date.")
    reason = values.get("Status Reason")
    if status in {ON_HOLD, C_CANCELLED} and reason is None:
        raise _required("Status Reason", CHANGE_STATUSES[status])
    if status == COMPLETED and reason not in _OUTCOMES:
        raise _required("Status Reason", CHANGE_STATUSES[status])


def _illegal(old: str, new: str) -> Refused:
    return Refused(errors.RULE, text=f"The status cannot be changed from {old} to {new}.")


def _required(name: str, status: str) -> Refused:
    return Refused(errors.RULE, name, text=f"The field {name} is required when the status is {status}.")
