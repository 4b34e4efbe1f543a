"""What can be switched while the instance runs: webhooks, limits, odd behaviours of real instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Options:
    """The switches. Times and limits per hour, as the vendor's rules count."""

    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_all: bool = False  # also tell of what the integration account does itself
    rate_limit: int | None = None  # requests per hour and account; None means no rule
    invalid_query_returns_no_rows: bool = False  # the property glide.invalid_query.returns_no_rows
    silent_refusal: bool = False  # a refused state stays as it was and the answer is 200
    hidden_fields: list[str] = field(default_factory=list)  # as if access rules hid them: not shown, dropped in queries
    attachment_max_bytes: int = 1024 * 1024 * 1024  # the property com.glide.attachment.max_size, a gigabyte
    hibernating: bool = False  # every address answers the vendor's sleeping page

    def update(self, wanted: Mapping[str, Any]) -> None:
        """These options are in force. Raises ValueError, with nothing changed, for an unknown name or a bad value."""
        known = {one.name for one in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"There is no option '{name}'. Known: {', '.join(sorted(known))}, people, services.")
            _check(name, value)
        for name, value in wanted.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        """Every option by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def _check(name: str, value: Any) -> None:
    match name:
        case "webhook_url" | "webhook_secret":
            valid = isinstance(value, str)
        case "rate_limit":
            valid = value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)
        case "attachment_max_bytes":
            valid = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case "hidden_fields":
            valid = isinstance(value, list) and all(isinstance(one, str) for one in value)
        case _:
            valid = isinstance(value, bool)
    if not valid:
        raise ValueError(f"The option '{name}' cannot be {value!r}.")
