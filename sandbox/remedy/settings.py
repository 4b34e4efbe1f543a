"""What can be switched while the server runs: tokens, licences, delays, the administrator's webhook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(slots=True)
class Options:
    """The switches. Times are seconds."""

    token_lifetime_s: int = 3600
    floating_licences: int | None = None  # tokens that may be alive at once; None means enough for everybody
    max_entries_per_query: int = 2000  # a longer answer is cut
    create_lag_s: float = 0.0  # how long the target of a staging form takes to appear
    note_before_errors: bool = False  # a filter's note stands before the error
    attachment_max_bytes: int = 10 * 1024 * 1024
    webhook_url: str = ""  # a filter of the administrator that tells of what people change
    webhook_secret: str = ""
    webhook_all: bool = False  # also of what the integration does itself

    def update(self, wanted: Mapping[str, Any]) -> None:
        """These options are in force. Raises ValueError, with nothing changed, for an unknown name or a bad value."""
        known = {one.name for one in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"There is no option '{name}'. Known: {', '.join(sorted(known))}, people.")
            if not _is_valid(name, value):
                raise ValueError(f"The option '{name}' cannot be {value!r}.")
        for name, value in wanted.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        """Every option by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def _is_valid(name: str, value: Any) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    match name:
        case "webhook_url" | "webhook_secret":
            return isinstance(value, str)
        case "floating_licences":
            return value is None or whole
        case "token_lifetime_s" | "max_entries_per_query" | "attachment_max_bytes":
            return whole
        case "create_lag_s":
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 3600
        case _:
            return isinstance(value, bool)
