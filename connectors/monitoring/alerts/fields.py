"""Pure: texts and instants out of what others send."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connectors.messages import UnreadableMessage

TEXT_MAX: Final = 4_000  # characters
LATEST_MS: Final = 253_402_300_799_000  # the end of the year 9999
DIGITS_MAX: Final = 15  # of LATEST_MS
INSTANTS: Final = ("2026-11-23T10:00:00Z", "1795428000000 (milliseconds since 1970)")


def text(value: Any) -> str:
    """The value as a text: lists joined by commas, nothing for null and objects."""
    match value:
        case str():
            return _storable(value).strip()[:TEXT_MAX]
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case list():
            return ", ".join(part for part in map(text, value) if part)[:TEXT_MAX]
        case _:
            return ""


def texts(values: Any) -> dict[str, str]:
    """Each value of an object as a text; empty for anything else."""
    if not isinstance(values, Mapping):
        return {}
    return {_storable(str(name)): text(value) for name, value in values.items()}


def needed(document: Mapping[str, Any], name: str) -> str:
    """The text under this name. Raises UnreadableMessage without one."""
    found = text(document.get(name))
    if not found:
        raise UnreadableMessage(f"It has no '{name}'.", where=name)
    return found


def instant(document: Mapping[str, Any], name: str, otherwise: datetime) -> datetime:
    """The RFC 3339 text, or milliseconds since 1970, under this name as an aware instant; `otherwise` without one.

    Raises UnreadableMessage for anything else.
    """
    value = document.get(name)
    if value is None or value == "":
        return otherwise
    found = text(value)
    if found.isascii() and found.isdecimal() and len(found) <= DIGITS_MAX and int(found) <= LATEST_MS:
        return datetime.fromtimestamp(int(found) / 1000, UTC)
    try:
        at = datetime.fromisoformat(found)
    except ValueError:
        raise UnreadableMessage(f"'{found[:40]}' is no time.", where=name, accepted=INSTANTS) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _storable(value: str) -> str:
    """Without null characters and halves of surrogate pairs, which no database takes."""
    return value.replace("\x00", "").encode("utf-8", "ignore").decode()
