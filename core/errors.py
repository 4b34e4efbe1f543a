"""What can go wrong, for people and for doors.

CountersignError
├── InvalidInput          kind invalid      the caller sent something we cannot accept
│   └── ConfigError       kind invalid      a file or setting; carries file, line and key
├── Unauthenticated       kind unauthenticated
├── Forbidden             kind forbidden    known caller, not allowed
├── NotFound              kind not_found
├── Conflict              kind conflict     the state has moved on
├── LimitExceeded         kind limited      a quota or rate limit
└── Unavailable           kind unavailable  something we need does not answer; fail closed (X9)

Each feature subclasses these in its own `errors.py`. The class docstring is the default message. A door translates
`kind` exactly once: HTTP status, private chat answer, exit code.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class ErrorKind(StrEnum):
    """The closed set of failure kinds that a door must translate."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


class CountersignError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
    names_accepted: ClassVar[bool] = False  # the message does so already: people need not read them twice

    def __init__(
        self,
        message: str | None = None,
        *,
        where: str | None = None,
        accepted: tuple[str, ...] = (),
        next_step: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.where = where
        self.accepted = accepted
        self.next_step = next_step
        self.retry_after_s = retry_after_s
        super().__init__(self.message)

    def sentence(self) -> str:
        """The message followed by what would be accepted and what to do next, as one line for a person."""
        parts = [self.message]
        if self.accepted and not self.names_accepted:
            parts.append(f"Accepted: {', '.join(self.accepted)}.")
        if self.next_step:
            parts.append(self.next_step)
        return " ".join(parts)


class InvalidInput(CountersignError):
    """The input is not valid."""

    code = "invalid_input"
    kind = ErrorKind.INVALID


class ConfigError(InvalidInput):
    """The configuration is not valid."""

    code = "invalid_configuration"

    def __init__(
        self,
        message: str | None = None,
        *,
        file: str | None = None,
        line: int | None = None,
        key: str | None = None,
        accepted: tuple[str, ...] = (),
        next_step: str | None = None,
    ) -> None:
        self.file, self.line, self.key = file, line, key
        place = ":".join(str(part) for part in (file, line) if part is not None)
        where = " ".join(part for part in (place, key and f"key '{key}'") if part) or None
        super().__init__(message, where=where, accepted=accepted, next_step=next_step)

    def sentence(self) -> str:
        """As the base, led by the place: `tenants.yaml:7 key 'storage_quota': …`."""
        body = super().sentence()
        return f"{self.where}: {body}" if self.where else body


class Unauthenticated(CountersignError):
    """Sign in first: no valid credential was presented."""

    code = "unauthenticated"
    kind = ErrorKind.UNAUTHENTICATED


class Forbidden(CountersignError):
    """You are not allowed to do this."""

    code = "forbidden"
    kind = ErrorKind.FORBIDDEN


class NotFound(CountersignError):
    """There is no such thing here."""

    code = "not_found"
    kind = ErrorKind.NOT_FOUND


class Conflict(CountersignError):
    """The state has changed meanwhile; look again."""

    code = "conflict"
    kind = ErrorKind.CONFLICT


class LimitExceeded(CountersignError):
    """A limit is reached."""

    code = "limit_exceeded"
    kind = ErrorKind.LIMITED


class Unavailable(CountersignError):
    """Countersign cannot answer right now; nothing was changed."""

    code = "unavailable"
    kind = ErrorKind.UNAVAILABLE
