"""ServiceNow's records as they travel, read into one value whatever their shape.

The Table API sends strings; the change API pairs of display and value, typed in recorded answers ("value": -5.0) and
bare strings or one-element lists in the vendor's examples. Nothing of this leaves here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from connectors.itsm.answers import UnexpectedAnswerError, shortened
from connectors.itsm.base import Refused

TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S"  # UTC in values; display values are in the account's zone and are not read
SEPARATOR: Final = "^"
SYS_ID: Final = re.compile(r"[0-9a-f]{32}\Z")


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A change or incident as it stands. `state` is ServiceNow's own number as text; `key` is our correlation id."""

    sys_id: str
    number: str
    state: str
    approval: str
    key: str
    assignment_group: str
    is_on_hold: bool
    created_on: datetime | None
    updated_on: datetime | None
    updated_by: str
    version: int
    ignored: tuple[str, ...]


FIELDS: Final = (
    "sys_id", "number", "state", "approval", "correlation_id", "assignment_group", "sys_created_on", "sys_updated_on",
    "sys_updated_by", "sys_mod_count",
)  # fmt: skip


def task(row: Mapping[str, Any]) -> TaskRecord:
    """The record in this row. Raises UnexpectedAnswerError if it has no identity."""
    sys_id = text(row.get("sys_id"))
    if not sys_id:
        raise UnexpectedAnswerError("a record without sys_id")
    meta = row.get("__meta")
    ignored = meta.get("ignoredFields") if isinstance(meta, dict) else None
    return TaskRecord(
        sys_id=sys_id,
        number=text(row.get("number")),
        state=code(row.get("state")),
        approval=text(row.get("approval")),
        key=text(row.get("correlation_id")),
        assignment_group=text(row.get("assignment_group")),
        is_on_hold=text(row.get("on_hold")) == "true",
        created_on=instant(row.get("sys_created_on")),
        updated_on=instant(row.get("sys_updated_on")),
        updated_by=text(row.get("sys_updated_by")),
        version=int(code(row.get("sys_mod_count")) or 0),
        ignored=tuple(map(str, ignored)) if isinstance(ignored, list) else (),
    )


def text(value: Any) -> str:
    """The value as text: of a pair its value, of a list its only element, of nothing the empty text."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case dict():
            return text(value.get("value", value.get("display_value")))
        case [only]:
            return text(only)
        case list():
            return ""
        case _:
            return str(value)


def code(value: Any) -> str:
    """A whole number as text, whether it came as "-5", "-5.0" or -5.0; empty when it is none."""
    shown = text(value)
    try:
        return str(int(float(shown)))
    except (ValueError, OverflowError):
        return ""


def codes(value: Any) -> tuple[str, ...]:
    """A list of such numbers."""
    return tuple(found for one in value if (found := code(one))) if isinstance(value, list) else ()


def instant(value: Any) -> datetime | None:
    """An aware UTC instant; None when there is none."""
    try:
        return datetime.strptime(text(value), TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def identity(sys_id: str) -> str:
    """The sys_id, which may stand in a path and in a query. Raises Refused for what is none."""
    if not SYS_ID.match(sys_id):
        raise Refused(
            f"'{shortened(sys_id)}' is no sys_id of ServiceNow: 32 hexadecimal digits, as its page's address has them.",
            field="ticket",
        )
    return sys_id


def condition(field: str, operator: str, value: str) -> str:
    """One condition of an encoded query. Raises ValueError for a value that could be read as more than a value.

    Doubling `^` is said to escape it but is not documented, so such values are not asked for at all.
    """
    if SEPARATOR in value or any(ord(character) < ord(" ") for character in value) or value.startswith("javascript:"):
        raise ValueError(f"{field} cannot be looked up by this value")
    return f"{field}{operator}{value}"


def query(*parts: str) -> str:
    """All of these conditions and orders."""
    return SEPARATOR.join(parts)
