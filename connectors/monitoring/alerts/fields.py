"""Pure: texts and instants out of what others send."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connectors.monitoring.alerts.told import UnreadableMessage

TEXT_MAX: Final = 4_000  # characters
LATEST_MS: Final = 253_402_300_799_000  # the end of the year 9999


def text(value: Any) -> str:
    """The value as a text: lists joined by commas, nothing for null and objects."""
    match value:
        case str():
            return value.replace("\x00", "").strip()[:TEXT_MAX]
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
    return {str(name): text(value) for name, value in values.items()}


def needed(document: Mapping[str, Any], name: str) -> str:
    """The text under this name. Raises UnreadableMessage without one."""
    found = text(document.get(name))
    if not found:
        raise UnreadableMessage(f"It has no '{name}'.")
    return found


def instant(value: Any, otherwise: datetime) -> datetime:
    """An RFC 3339 text, or milliseconds since 1970, as an aware instant."""
    found = text(value)
    if found.isascii() and found.isdecimal() and int(found) <= LATEST_MS:
        return datetime.fromtimestamp(int(found) / 1000, UTC)
    try:
        at = datetime.fromisoformat(found)
    except ValueError:
        return otherwise
    return at if at.tzinfo else at.replace(tzinfo=UTC)
