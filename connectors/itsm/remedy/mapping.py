"""Our words in Remedy's fields, and its statuses in ours. Labels are the vendor's, with its own spelling."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Any, Final

from connectors.itsm.answers import shortened
from connectors.itsm.base import CloseCode, TicketDraft, TicketKind, TicketState
from connectors.itsm.mapping import limits_of
from connectors.itsm.remedy.settings import RemedySettings
from connectors.itsm.remedy.statuses import CHANGE_STATES, INCIDENT_STATES
from connectors.itsm.remedy.wire import KEY_START, Record
from connectors.itsm.severity_scale import SEVERITIES, SeverityScale, rank
from connectors.itsm.tickets import OUR_NAMES

SUMMARY_MAX_CHARS: Final = 100  # Description, field 1000000000
DESCRIPTION_MAX_CHARS: Final = 32_000  # our own measure: the field is unlimited, a reader is not
REASON_MAX_CHARS: Final = 255

CHANGE_OUTCOMES: Final[Mapping[CloseCode, str]] = {  # Status Reason of a completed change
    CloseCode.SUCCESSFUL: "Successful",
    CloseCode.SUCCESSFUL_WITH_ISSUES: "Successful with Issues",
    CloseCode.UNSUCCESSFUL: "Unsuccessful",
}
CHANGE_CANCELLED_BECAUSE: Final = "No Longer Required"
INCIDENT_RESOLVED_BECAUSE: Final = "No Further Action Required"

_TIMINGS: Final[Mapping[TicketKind, str]] = {TicketKind.CHANGE: "Normal", TicketKind.EMERGENCY_CHANGE: "Emergency"}
_RISKS: Final[Mapping[str, str]] = {
    "critical": "Risk Level 5", "high": "Risk Level 4", "medium": "Risk Level 3", "moderate": "Risk Level 3",
    "low": "Risk Level 2", "minimal": "Risk Level 1",
}  # fmt: skip
_IMPACTS: Final[Mapping[str, str]] = {
    "critical": "1-Extensive/Widespread", "high": "2-Significant/Large", "medium": "3-Moderate/Limited",
    "moderate": "3-Moderate/Limited", "low": "4-Minor/Localized",
}  # fmt: skip
_URGENCIES: Final[Mapping[str, str]] = {
    "critical": "1-Critical", "high": "2-High", "medium": "3-Medium", "moderate": "3-Medium", "low": "4-Low",
}  # fmt: skip
_WEIGHTS: Final = ({1: 9, 2: 5, 3: 3, 4: 0}, {1: 20, 2: 15, 3: 10, 4: 0})  # of impact and urgency, as delivered
_RANGES: Final = ((24, "critical"), (18, "high"), (10, "medium"), (0, "low"))  # BMC, "Priority and weight ranges"


def _priority(values: tuple[str, ...]) -> str | None:
    """The priority that the form works out of both weights."""
    weights = [table.get(rank(text) or 0) for table, text in zip(_WEIGHTS, values, strict=True)]
    known = [each for each in weights if each is not None]
    return None if len(known) < len(weights) else next(name for least, name in _RANGES if sum(known) >= least)


SEVERITY_SCALE: Final = SeverityScale(
    ("Impact", "Urgency"), {each: (_IMPACTS[each], _URGENCIES[each]) for each in SEVERITIES}, _priority
)
_TEXTS: Final[Mapping[str, str]] = {"business_service": "ServiceCI"}
_CHANGE_TEXTS: Final[Mapping[str, str]] = {**_TEXTS, "justification": "Reason For Change"}
_ALWAYS: Final = (  # what every new ticket says by other means
    "Description", "Detailed Description", "Detailed_Decription", "First Name", "Last Name", "First_Name", "Last_Name",
)  # fmt: skip
TIMES: Final[Mapping[str, str]] = {"planned_start": "Scheduled Start Date", "planned_end": "Scheduled End Date"}


def unknown_names(draft: TicketDraft, settings: RemedySettings) -> tuple[str, ...]:
    """The facts of which we know no label by ourselves: labels of the form, or told in the description."""
    known = {*OUR_NAMES, *settings.fields, *closed_labels(draft.kind, settings)}
    return tuple(name for name, value in draft.fields.items() if value and name not in known)


def closed_labels(kind: TicketKind, settings: RemedySettings) -> frozenset[str]:
    """What no fact may fill in a new ticket."""
    keys = (settings.change_key_field, settings.incident_key_field)
    return frozenset({*limits_of("remedy").reserved_for(kind), *_ALWAYS, *keys})


def change_values(draft: TicketDraft, settings: RemedySettings, own: Container[str] = ()) -> dict[str, str | int]:
    """The fields of a new change but the person. Facts without a field are told in the description.

    `own` are the names among them that are labels of the form itself.
    """
    labels = {**_CHANGE_TEXTS, **settings.fields}
    values: dict[str, str | int] = {
        "z1D_Action": "CREATE",
        "Status": "Draft",
        "Impact": "3-Moderate/Limited",
        "Urgency": "3-Medium",
        "Change Type": "Change",
        "Timing": _TIMINGS[draft.kind],
        "Risk Level": "Risk Level 3",
        "Company": settings.company,
        "Location Company": settings.company,
        **({"ASGRP": settings.assignment_group} if settings.assignment_group else {}),
        **settings.change_values,
    }
    told: list[str] = []
    for name, value in draft.fields.items():
        if not value:
            continue
        if (label := _LEVELS_OF_CHANGES.get(name)) and (level := label[1].get(value.lower())):
            values[label[0]] = level
        elif name in TIMES and (at := _epoch(value)):
            values[TIMES[name]] = at
        elif name in labels:
            values[labels[name]] = shortened(value, REASON_MAX_CHARS)
            if len(value) > REASON_MAX_CHARS:
                told.append(f"{_words(name)}: {value}")
        elif name in own:
            values[name] = value
        else:
            told.append(f"{_words(name)}: {value}")
    return {
        **values,
        "Description": _summary(draft),
        "Detailed Description": _description(draft, told),
        settings.change_key_field: KEY_START + draft.key,
    }


def incident_values(draft: TicketDraft, settings: RemedySettings, own: Container[str] = ()) -> dict[str, str | int]:
    """The same of a new incident but the person. Its priority is calculated there from impact and urgency."""
    labels = {**_TEXTS, **settings.fields}
    values: dict[str, str | int] = {
        "z1D_Action": "CREATE",
        "Status": "New",
        "Impact": "3-Moderate/Limited",
        "Urgency": "3-Medium",
        "Reported Source": "Systems Management",
        "Service_Type": "Infrastructure Event",
        **({"Assigned Group": settings.assignment_group} if settings.assignment_group else {}),
        **settings.incident_values,
    }
    told: list[str] = []
    for name, value in draft.fields.items():
        if not value:
            continue
        if (label := _LEVELS_OF_INCIDENTS.get(name)) and (level := label[1].get(value.lower())):
            values[label[0]] = level
        elif name in labels:
            values[labels[name]] = shortened(value, REASON_MAX_CHARS)
        elif name in own:
            values[name] = value
        else:
            told.append(f"{_words(name)}: {value}")
    return {
        **values,
        "Description": _summary(draft),
        "Detailed_Decription": _description(draft, told),
        settings.incident_key_field: KEY_START + draft.key,
    }


def mapped_values(values: Mapping[str, Any]) -> dict[str, str | int]:
    """What an administrator's mapping puts into fields, as AR System takes it."""
    return {label: _as_value(value) for label, value in values.items()}


def ticket_state(record: Record, extra: Mapping[str, TicketState]) -> TicketState:
    """Where the ticket stands in our words. A status that neither we nor `extra` know counts as open."""
    known = INCIDENT_STATES if record.kind is TicketKind.INCIDENT else CHANGE_STATES
    return extra.get(record.status) or known.get(record.status, TicketState.OPEN)


_LEVELS_OF_INCIDENTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "impact": ("Impact", _IMPACTS),
    "urgency": ("Urgency", _URGENCIES),
}
_LEVELS_OF_CHANGES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    **_LEVELS_OF_INCIDENTS,
    "risk": ("Risk Level", _RISKS),
}


def _as_value(value: Any) -> str | int:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return value
        case list() | tuple():
            return ", ".join(str(_as_value(one)) for one in value)
        case _:
            return str(value)


def _summary(draft: TicketDraft) -> str:
    return shortened(" ".join(draft.summary.split()), SUMMARY_MAX_CHARS)


def _description(draft: TicketDraft, told: list[str]) -> str:
    facts = "\n".join(told)
    return shortened(f"{draft.description}\n\n{facts}" if facts else draft.description, DESCRIPTION_MAX_CHARS)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _epoch(value: str) -> int | None:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return int(at.timestamp()) if at.tzinfo else None
