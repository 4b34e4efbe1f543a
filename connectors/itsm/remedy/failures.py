"""Every way in which AR System says no, as one of the four that a retry depends on.

The error's number decides before the status: a rule of ITSM answers 500 although the caller is at fault, and so does a
database that gave up after it may have written.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from connectors.itsm.answers import retry_after_s, shortened, uncertain
from connectors.itsm.base import ConnectorError, NotSent, Refused, Throttled
from connectors.itsm.http import Answer, redirected

AUTHENTICATION: Final = 623
# Turned away before anything was done: no way to the server (90), no licence or no session free.
NOT_DONE: Final = frozenset({90, 9084, 9093})
# A call or a database that did not end in time, or failed under way: 91-95 and 552.
UNDECIDED: Final = frozenset({91, 92, 93, 94, 95, 552})
HIDDEN: Final = frozenset({302, 303, 311, 353})  # not there, or not for us
_FIELD: Final = re.compile(r"<([^<>]+)>")


@dataclass(frozen=True, slots=True)
class ArError:
    """The first ERROR of the list that an answer carries; notes and warnings before it are passed over."""

    number: int
    text: str
    appended: str

    @property
    def field(self) -> str | None:
        """The field that it names, if it names one."""
        found = _FIELD.search(self.appended)
        return found[1] if found else None


class ArRefused(Refused):
    """A Refused that keeps AR System's number, for whoever can do something about it."""

    def __init__(self, reason: str, field: str | None, number: int) -> None:
        self.number = number
        super().__init__(reason, field)


def is_hidden(refused: Refused) -> bool:
    """Whether this tells of rights that our account lacks, and not of a mistake in what was asked."""
    return not isinstance(refused, ArRefused) or refused.number in HIDDEN


def failure(answer: Answer, *, writes: bool) -> ConnectorError:
    """The failure that this answer (of any status but 2xx) is."""
    error, status = ar_error(answer.body), answer.status
    said = f": {_said(error)}" if error else ""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled(f"Remedy's gateway limits how often we may call{said}.", retry_after_s(answer.headers))
    if error is not None and error.number in NOT_DONE:
        return NotSent(f"Remedy has no session or licence free for us{said}.")
    if error is not None and error.number in UNDECIDED:
        return uncertain(f"Remedy did not finish the call{said}.", writes=writes)
    if status == HTTPStatus.UNAUTHORIZED or (error is not None and error.number == AUTHENTICATION):
        return Refused(f"Remedy does not accept the credentials{said}.", field="password")
    if error is not None and error.number > 0:
        return ArRefused(f"Remedy refused this{said}.", error.field, error.number)
    return _by_status(answer, said, writes=writes)


def ar_error(body: bytes) -> ArError | None:
    """The error in this body; None if there is none that can be read."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    messages = found if isinstance(found, list) else [found]
    errors = [one for one in messages if isinstance(one, dict) and one.get("messageType") in {"ERROR", "FATAL"}]
    return _read(errors[0]) if errors else None


def _by_status(answer: Answer, said: str, *, writes: bool) -> ConnectorError:
    status = answer.status
    match status:
        case HTTPStatus.FORBIDDEN:
            return Refused(f"Remedy does not allow this{said}; its REST interface may want https.")
        case HTTPStatus.NOT_FOUND:
            return Refused(f"There is no REST interface of Remedy at this address{said}.", field="url")
        case HTTPStatus.REQUEST_TIMEOUT | HTTPStatus.TOO_EARLY:
            return uncertain(f"Remedy ended the call early{said}.", writes=writes)
        case _ if status < HTTPStatus.BAD_REQUEST:
            return redirected("Remedy", answer)
        case _ if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Refused(f"Remedy refused this{said}.")
        case _:
            return uncertain(f"Remedy failed with status {status}{said}.", writes=writes)


def _read(message: dict[str, Any]) -> ArError:
    number = message.get("messageNumber")
    return ArError(
        number=number if isinstance(number, int) else 0,
        text=str(message.get("messageText") or "").strip().rstrip("."),
        appended=str(message.get("messageAppendedText") or message.get("appendedText") or "").strip(),
    )


def _said(error: ArError) -> str:
    return shortened(f"{error.text} ({error.appended})" if error.appended else error.text)
