"""What an answer says beside its own data, whichever client brought it: how long to wait, when it was given, where to.

Names of headers are looked up in lower case: mappings of clients take any case, or are written in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from connectors.itsm.base import ConnectorError, NotSent, OutcomeUnknown

DETAIL_MAX_CHARS: Final = 300
DEFAULT_RETRY_S: Final = 60.0  # a minute is polite when no time was named
RETRY_MAX_S: Final = 3600.0


class UnexpectedAnswerError(Exception):
    """What came back cannot be read as an answer of this system."""


def uncertain(reason: str, *, writes: bool) -> ConnectorError:
    """OutcomeUnknown for a write that may have happened, NotSent for a read."""
    return OutcomeUnknown(reason) if writes else NotSent(reason)


def asked_wait_s(headers: Mapping[str, str]) -> float | None:
    """What Retry-After asks for, in seconds or as a date; None if it says nothing that can be read."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    # Dates are compared with the answer's own, so that no clock of ours matters.
    until, now = instant(text), answered_at(headers)
    return until - now if until is not None and now is not None else None


def answered_at(headers: Mapping[str, str]) -> float | None:
    """When the system answered, by its own clock, in Unix seconds."""
    return instant(headers.get("date", ""))


def bounded_wait_s(asked: float | None) -> float:
    """A wait between nothing and an hour; a minute where none was named."""
    return DEFAULT_RETRY_S if asked is None else min(max(asked, 0.0), RETRY_MAX_S)


def retry_after_s(headers: Mapping[str, str]) -> float:
    """How long the system asks us to wait, within these bounds."""
    return bounded_wait_s(asked_wait_s(headers))


def instant(text: str) -> float | None:
    """Unix seconds of an HTTP date; None if it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def host_of(location: str) -> str:
    """The host that a redirect leads to. Only the host is named: a query may carry a session."""
    try:
        return urlsplit(location).hostname or "another page"
    except ValueError:
        return "another page"


def shortened(text: str, limit: int = DETAIL_MAX_CHARS) -> str:
    """The text within `limit` characters, with an ellipsis where it was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
