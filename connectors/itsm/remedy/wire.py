"""AR System's entries as they travel, read into one value whichever form they come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from connectors.itsm.answers import UnexpectedAnswerError, shortened
from connectors.itsm.base import Refused, TicketKind

Values = Mapping[str, Any]
REQUEST_ID: Final = "Request ID"
SUBMITTER: Final = "Submitter"
SUBMITTED: Final = "Submit Date"
MODIFIED: Final = "Last Modified Date"
NUMBER: Final = re.compile(r"[A-Za-z]{2,5}[0-9]{1,15}\Z")  # of a ticket
MODIFIED_BY: Final = "Last Modified By"
KEY_START: Final = "countersign:"  # before each key of ours, so that our tickets can be asked for as one set


@dataclass(frozen=True, slots=True)
class Form:
    """The forms behind one kind of ticket, and the labels in which they differ."""

    create: str
    entry: str
    log: str
    number: str  # the number by which people call the ticket, and by which we do
    created_number: str  # the same, on the form for creating
    status: str
    reason: str
    group: str
    extra: tuple[str, ...]


CHANGE: Final = Form(
    create="CHG:ChangeInterface_Create",
    entry="CHG:ChangeInterface",
    log="CHG:WorkLog",
    number="Infrastructure Change ID",
    created_number="Infrastructure Change Id",
    status="Change Request Status",
    reason="Status Reason",
    group="ASGRP",
    extra=("Change Timing", "Scheduled Start Date", "Scheduled End Date", "Approval Phase Name"),
)
INCIDENT: Final = Form(
    create="HPD:IncidentInterface_Create",
    entry="HPD:IncidentInterface",
    log="HPD:WorkLog",
    number="Incident Number",
    created_number="Incident Number",
    status="Status",
    reason="Status_Reason",
    group="Assigned Group",
    extra=("Assignee",),
)
FORMS: Final[Mapping[TicketKind, Form]] = {
    TicketKind.CHANGE: CHANGE,
    TicketKind.EMERGENCY_CHANGE: CHANGE,
    TicketKind.INCIDENT: INCIDENT,
}


@dataclass(frozen=True, slots=True)
class Record:
    """A change or incident as it stands. `status` is Remedy's own label; `key` is ours, empty if it has none."""

    form: Form
    entry_id: str
    number: str
    status: str
    key: str
    timing: str
    group: str
    assignee: str
    start: datetime | None
    end: datetime | None
    phase: str
    created_at: datetime | None
    modified_at: datetime | None
    modified_by: str

    @property
    def kind(self) -> TicketKind:
        """What it stands for."""
        if self.form is INCIDENT:
            return TicketKind.INCIDENT
        return TicketKind.EMERGENCY_CHANGE if self.timing == "Emergency" else TicketKind.CHANGE


def fields_of(form: Form, key_field: str) -> tuple[str, ...]:
    """What is asked of an entry of this form."""
    return (REQUEST_ID, form.number, form.status, key_field, form.group, *form.extra,
            SUBMITTED, MODIFIED, MODIFIED_BY)  # fmt: skip


def record(form: Form, values: Values, key_field: str) -> Record:
    """The entry. Raises UnexpectedAnswerError if it has no identity."""
    entry_id, number = text(values.get(REQUEST_ID)), text(values.get(form.number))
    if not entry_id or not number:
        raise UnexpectedAnswerError(f"an entry of {form.entry} without Request ID or {form.number}")
    stored = text(values.get(key_field))
    return Record(
        form=form,
        entry_id=entry_id,
        number=number,
        status=text(values.get(form.status)),
        key=stored.removeprefix(KEY_START) if stored.startswith(KEY_START) else "",
        timing=text(values.get("Change Timing")),
        group=text(values.get(form.group)),
        assignee=text(values.get("Assignee")),
        start=instant(values.get("Scheduled Start Date")),
        end=instant(values.get("Scheduled End Date")),
        phase=text(values.get("Approval Phase Name")),
        created_at=instant(values.get(SUBMITTED)),
        modified_at=instant(values.get(MODIFIED)),
        modified_by=text(values.get(MODIFIED_BY)),
    )


def identity(number: str) -> str:
    """The ticket's number. Raises Refused for what is none."""
    if not NUMBER.match(number):
        raise Refused(
            f"'{shortened(number)}' is no number of a ticket in Remedy, like CRQ000000000101.", field="ticket"
        )
    return number


def text(value: Any) -> str:
    """The value as text; of nothing the empty text."""
    return "" if value is None else str(value)


def instant(value: Any) -> datetime | None:
    """An aware UTC instant, from `2022-06-21T11:08:05.000+0000` in whatever zone; None when there is none."""
    try:
        at = datetime.fromisoformat(text(value))
        # Without a zone it could be anywhere: not a time that we know.
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):  # before the year 1, or after 9999, by our clock
        return None
