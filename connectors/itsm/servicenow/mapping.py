"""Our words in ServiceNow's columns, and its states in ours."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connectors.itsm.base import CloseCode, TicketDraft, TicketKind, TicketState
from connectors.itsm.servicenow.wire import TIME_FORMAT, TaskRecord, code
from connectors.itsm.severity_scale import SeverityScale, rank

SUMMARY_MAX_CHARS: Final = 160  # task.short_description
DESCRIPTION_MAX_CHARS: Final = 4000  # task.description
NOTE_MAX_CHARS: Final = 16_000  # our own measure: a journal entry takes more, a reader does not
DISPLAY: Final = "Countersign"  # task.correlation_display of every ticket of ours

CHANGE_TABLE: Final = "change_request"
INCIDENT_TABLE: Final = "incident"
TABLES: Final[Mapping[TicketKind, str]] = {
    TicketKind.CHANGE: CHANGE_TABLE,
    TicketKind.EMERGENCY_CHANGE: CHANGE_TABLE,
    TicketKind.INCIDENT: INCIDENT_TABLE,
}
CHANGE_TYPES: Final[Mapping[TicketKind, str]] = {
    TicketKind.CHANGE: "normal",
    TicketKind.EMERGENCY_CHANGE: "emergency",
}

CHANGE_STATES: Final[Mapping[str, TicketState]] = {
    "-5": TicketState.OPEN,
    "-4": TicketState.IN_APPROVAL,
    "-3": TicketState.IN_APPROVAL,
    "-2": TicketState.APPROVED,
    "-1": TicketState.IMPLEMENTING,
    "0": TicketState.IMPLEMENTED,
    "3": TicketState.CLOSED,
    "4": TicketState.CANCELLED,
}
CHANGE_LABELS: Final[Mapping[str, str]] = {
    "-5": "New",
    "-4": "Assess",
    "-3": "Authorize",
    "-2": "Scheduled",
    "-1": "Implement",
    "0": "Review",
    "3": "Closed",
    "4": "Canceled",
}
INCIDENT_STATES: Final[Mapping[str, TicketState]] = {
    "1": TicketState.OPEN,
    "2": TicketState.IMPLEMENTING,
    "3": TicketState.IMPLEMENTING,
    "6": TicketState.IMPLEMENTED,
    "7": TicketState.CLOSED,
    "8": TicketState.CANCELLED,
}
INCIDENT_LABELS: Final[Mapping[str, str]] = {
    "1": "New",
    "2": "In Progress",
    "3": "On Hold",
    "6": "Resolved",
    "7": "Closed",
    "8": "Canceled",
}
CHANGE_CLOSE_CODES: Final[Mapping[CloseCode, str]] = {
    CloseCode.SUCCESSFUL: "successful",
    CloseCode.SUCCESSFUL_WITH_ISSUES: "successful_issues",
    CloseCode.UNSUCCESSFUL: "unsuccessful",
}
INCIDENT_CLOSE_CODES: Final[Mapping[CloseCode, str]] = {  # the base system's choices
    CloseCode.SUCCESSFUL: "Solution provided",
    CloseCode.SUCCESSFUL_WITH_ISSUES: "Workaround provided",
    CloseCode.UNSUCCESSFUL: "No resolution provided",
}

_TEXTS: Final[Mapping[str, str]] = {  # our name -> column, for changes
    "justification": "justification",
    "implementation_plan": "implementation_plan",
    "risk_analysis": "risk_impact_analysis",
    "rollback_plan": "backout_plan",
    "test_plan": "test_plan",
    "category": "category",
}
TIMES: Final[Mapping[str, str]] = {"planned_start": "start_date", "planned_end": "end_date"}
_RISKS: Final[Mapping[str, str]] = {"critical": "1", "high": "2", "medium": "3", "moderate": "3", "low": "4"}
_LEVELS: Final[Mapping[str, str]] = {
    "critical": "1", "high": "1", "medium": "2", "moderate": "2", "low": "3",
}  # fmt: skip
_PRIORITIES: Final = {2: "critical", 3: "high", 4: "medium"}  # impact and urgency together


def _priority(values: tuple[str, ...]) -> str | None:
    """The priority that the instance works out (its table "Priority Data Lookup" as it is delivered)."""
    impact, urgency = map(rank, values)
    return None if impact is None or urgency is None else _PRIORITIES.get(impact + urgency, "low")


SEVERITY_SCALE: Final = SeverityScale(
    ("impact", "urgency"),
    {"critical": ("1", "1"), "high": ("1", "2"), "medium": ("2", "2"), "low": ("3", "3")},
    _priority,
)
_Column = Callable[[str, str], tuple[str, str] | None]
LOOKED_UP: Final = frozenset({"business_service"})  # references, resolved by the connector before it creates


def change_fields(draft: TicketDraft, own: Container[str] = ()) -> dict[str, str]:
    """The columns of a new change but its references. Facts without a column are told in the description.

    `own` are the names among them that are columns of the table itself.
    """
    return _fields(draft, _change_column, own)


def incident_fields(draft: TicketDraft, own: Container[str] = ()) -> dict[str, str]:
    """The same of a new incident. Its priority is calculated there from impact and urgency."""
    return _fields(draft, _incident_column, own)


def unknown_names(draft: TicketDraft) -> tuple[str, ...]:
    """The facts of which we know no column by ourselves: columns of the table, or told in the description."""
    known = _incident_column if draft.kind is TicketKind.INCIDENT else _change_column
    return tuple(name for name, value in _given(draft) if known(name, value) is None)


def ticket_state(kind: TicketKind, record: TaskRecord, extra: Mapping[str, TicketState]) -> TicketState:
    """Where the ticket stands in our words. A state that neither we nor `extra` know counts as open."""
    if kind is TicketKind.INCIDENT:
        return extra.get(record.state) or INCIDENT_STATES.get(record.state, TicketState.OPEN)
    state = extra.get(record.state) or CHANGE_STATES.get(record.state, TicketState.OPEN)
    # A refused change goes back to New there, and is cancelled by us after a refusal of ours.
    if record.approval == "rejected" and state in {TicketState.OPEN, TicketState.CANCELLED}:
        return TicketState.REJECTED
    return state


def mapped_columns(values: Mapping[str, Any]) -> dict[str, str]:
    """What an administrator's mapping puts into columns, as the Table API takes it."""
    return {column: _as_column(value) for column, value in values.items()}


def state_label(kind: TicketKind, record: TaskRecord) -> str:
    """The state in ServiceNow's own words."""
    labels = INCIDENT_LABELS if kind is TicketKind.INCIDENT else CHANGE_LABELS
    return labels.get(record.state, f"State {record.state}")


def shortened(text: str, limit: int) -> str:
    """The text within `limit` characters, with an ellipsis where it was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _given(draft: TicketDraft) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in draft.fields.items() if value and name not in LOOKED_UP)


def _fields(draft: TicketDraft, column: _Column, own: Container[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    told: list[str] = []
    for name, value in _given(draft):
        if (found := column(name, value)) is not None:
            fields[found[0]] = found[1]
        elif name in own:
            fields[name] = _as_column(value)
        else:
            told.append(f"{_words(name)}: {value}")
    return {**fields, **_common(draft, told)}


def _change_column(name: str, value: str) -> tuple[str, str] | None:
    """The column of a change, and what it holds; None for what has none that we know."""
    if name in _TEXTS:
        return _TEXTS[name], value
    if name in TIMES and (when := _time(value)):
        return TIMES[name], when
    return _coded("risk", _RISKS, name, value) or _coded("impact", _LEVELS, name, value)


def _incident_column(name: str, value: str) -> tuple[str, str] | None:
    return _coded("impact", _LEVELS, name, value) or _coded("urgency", _LEVELS, name, value)


def _coded(column: str, words: Mapping[str, str], name: str, value: str) -> tuple[str, str] | None:
    """The column, if it is meant and the value is one of our words or a number of theirs."""
    found = words.get(value.lower()) or code(value)
    return (column, found) if name == column and found else None


def _common(draft: TicketDraft, told: list[str]) -> dict[str, str]:
    facts = "\n".join(told)
    description = f"{draft.description}\n\n{facts}" if facts else draft.description
    return {
        "short_description": shortened(" ".join(draft.summary.split()), SUMMARY_MAX_CHARS),
        "description": shortened(description, DESCRIPTION_MAX_CHARS),
        "correlation_id": draft.key,
        "correlation_display": DISPLAY,
    }


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _as_column(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return ",".join(map(_as_column, value))  # as the columns of kind List keep several
        case _:
            return _time(str(value)) or str(value)


def _time(value: str) -> str:
    try:
        when = datetime.fromisoformat(value)
        return when.astimezone(UTC).strftime(TIME_FORMAT) if when.tzinfo else ""
    except (ValueError, OverflowError):
        return ""
