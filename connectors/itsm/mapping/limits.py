"""What cannot be mapped in which system, nor written by a rule of automation, and why.

A system that is not named here limits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from connectors.itsm.base import Connector, FieldUse, TicketKind

SECTIONS: Final = ("fields", "states", "priorities", "users")
_CHANGES: Final = (TicketKind.CHANGE, TicketKind.EMERGENCY_CHANGE)


@dataclass(frozen=True, slots=True)
class Why:
    """Why a field is nobody's to write: said to whoever maps it, and to whoever writes a rule."""

    mapped: str
    by_rule: str


KEY: Final = Why(*["Our key is kept there, by which the ticket is found again."] * 2)
MOVED: Final = Why(
    "A ticket is moved, not edited: map its states under 'states'.",
    "A ticket is moved, not edited: the action 'transition' does that.",
)
GIVEN: Final = Why(*["The system gives it."] * 2)
_NOTED: Final = Why("Notes are written by events, once each.", "The action 'comment' writes notes, once each.")
_COMPUTED: Final = Why(
    "The system calculates it from impact and urgency: map those.",
    "The system calculates it from impact and urgency: write those.",
)
_STEERS: Final = Why(*["It tells Remedy what to do."] * 2)


@dataclass(frozen=True, slots=True)
class Limits:
    """Fields that are not ours to map, states that are fixed, and which attributes people are found by."""

    reserved: Mapping[str, Why] = field(default_factory=dict)  # field -> why
    reserved_of: Mapping[TicketKind, Mapping[str, Why]] = field(default_factory=dict)
    fixed: Mapping[TicketKind, str] = field(default_factory=dict)  # kind -> why our states cannot be written otherwise
    fixed_read: Mapping[TicketKind, frozenset[str]] = field(default_factory=dict)  # states whose meaning is fixed
    people_by: tuple[str, ...] | None = None  # None: any attribute
    why_people: str = ""
    declared: Mapping[str, Why | None] | None = None  # all fields that there are, and why none writes it; None: unknown
    cannot_write: str = ""  # why no field can be written there at all
    sections: tuple[str, ...] = SECTIONS  # what a mapping may say

    def reserved_for(self, kind: TicketKind) -> Mapping[str, Why]:
        """The fields of this kind's tickets that are nobody's to write."""
        return {**self.reserved, **self.reserved_of.get(kind, {})}


_SERVICENOW_MODEL: Final = (
    "ServiceNow walks a change through its own model and says itself which state may follow; "
    "only what its states mean to us can be mapped, under 'in'."
)
_REMEDY_STAGES: Final = (
    "Remedy takes a change through its own stages one by one; "
    "only what its statuses mean to us can be mapped, under 'in'."
)
_STAGES: Final = frozenset(
    {
        "Draft", "Request For Authorization", "Request For Change", "Planning In Progress", "Scheduled For Review",
        "Scheduled For Approval", "Scheduled", "Implementation In Progress", "Pending", "Rejected", "Completed",
        "Closed", "Cancelled",
    }
)  # fmt: skip
USES: Final[Mapping[FieldUse, Why]] = {FieldUse.STATE: MOVED, FieldUse.KEY: KEY, FieldUse.GIVEN: GIVEN}
_LIMITS: Final[Mapping[str, Limits]] = {
    "servicenow": Limits(
        reserved={
            "state": MOVED, "approval": MOVED, "correlation_id": KEY, "correlation_display": KEY,
            "work_notes": _NOTED, "comments": _NOTED, "number": GIVEN, "sys_id": GIVEN,
        },
        reserved_of={TicketKind.INCIDENT: {"priority": _COMPUTED}},
        fixed=dict.fromkeys(_CHANGES, _SERVICENOW_MODEL),
        fixed_read=dict.fromkeys(_CHANGES, frozenset({"-5", "-4", "-3", "-2", "-1", "0", "3", "4"})),
    ),
    "jira": Limits(
        reserved={
            "status": MOVED, "resolution": MOVED, "labels": KEY, "comment": _NOTED,
            "project": Why("Set it as 'project'.", "The connection's 'project' says it."),
            "issuetype": Why(
                "Set it as 'change_type', 'emergency_type' or 'incident_type'.",
                "The connection's 'change_type', 'emergency_type' and 'incident_type' say it.",
            ),
        },
        people_by=(),
        why_people="Jira finds people by their e-mail address alone; name those under 'people' whom it does not find.",
    ),
    "remedy": Limits(
        reserved={
            "Status": MOVED, "Change Request Status": MOVED, "z1D_Action": _STEERS,
            "Request ID": GIVEN, "Incident Number": GIVEN, "Infrastructure Change ID": GIVEN, "Priority": _COMPUTED,
        },
        fixed=dict.fromkeys(_CHANGES, _REMEDY_STAGES),
        fixed_read=dict.fromkeys(_CHANGES, _STAGES),
    ),
}  # fmt: skip
NONE: Final = Limits()


def limits_of(connector: str) -> Limits:
    """The limits of the system of this name."""
    return _LIMITS.get(connector, NONE)


def limits_for(connector: Connector) -> Limits:
    """The same for a system that a file may declare: that says already which fields there are, and the rest as well."""
    if connector.fields is None:
        return limits_of(connector.slug)
    return Limits(
        declared={name: USES.get(use) for name, use in connector.fields.items()},
        cannot_write="" if connector.capabilities.fields else cannot_write(connector.title),
        sections=("fields",),
    )


def cannot_write(title: str) -> str:
    """Why no field can be written in the system of this title."""
    return f"No field can be written in {title}: its file declares no 'fields.write'."
