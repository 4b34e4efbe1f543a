"""What can go wrong on the way to a system and back, for every client that is built on requests.

A read changes nothing, so whatever stopped it is NotSent: try again. A write that was certainly not carried out is
NotSent; one that may have been is OutcomeUnknown. What the system would refuse again is Refused in both cases.
"""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests import exceptions as http
from urllib3 import exceptions as wire_errors

from connectors.itsm.base import ConnectorError, NotSent, OutcomeUnknown, Refused
from connectors.itsm.rehearsal import Rehearsal

DETAIL_MAX_CHARS: Final = 300
DEFAULT_RETRY_S: Final = 60.0  # a minute is polite when no time was named
RETRY_MAX_S: Final = 3600.0

TRANSPORT_ERRORS: Final = (http.RequestException, wire_errors.HTTPError, OSError)

# Raised before anything leaves this machine, and again at every attempt: a wrong setting or a wrong call of ours.
_MISUSED: Final = (
    http.URLRequired, http.MissingSchema, http.InvalidSchema, http.InvalidURL, http.InvalidHeader,
    http.InvalidProxyURL,
)  # fmt: skip


class UnexpectedAnswerError(Exception):
    """What came back cannot be read as an answer of the system."""


class RedirectedError(Exception):
    """The address answered with a redirect: a sign-in page, or another host name."""

    def __init__(self, location: str) -> None:
        self.location = location
        super().__init__(location)


def transport_failure(exc: Exception, title: str, *, writes: bool) -> ConnectorError:
    """The failure that this exception of the way is. `writes` tells whether the call could have changed something."""
    match exc:
        case RedirectedError():
            return Refused(
                f"{title} redirects API calls to {_host(exc.location)}: the address is not the instance's own, "
                "or the account must sign in through single sign-on.",
                field="url",
            )
        case http.ConnectTimeout() | http.ProxyError():
            return NotSent(f"{title} cannot be reached ({_name(exc)}).")
        case http.SSLError() if _caused_by(exc, ssl.SSLCertVerificationError):
            return Refused(f"{title}'s certificate is not trusted by this machine.", field="url")
        case http.ConnectionError() if _caused_by(exc, wire_errors.NewConnectionError, wire_errors.NameResolutionError):
            return NotSent(f"{title} cannot be reached ({_name(exc)}).")
        case http.InvalidJSONError() if not isinstance(exc, http.JSONDecodeError):
            return Refused("This cannot be written as JSON.")
        case _ if isinstance(exc, _MISUSED):
            return misused(exc, title)
        case _:
            return uncertain(f"{title} did not answer properly ({_name(exc)}).", writes=writes)


def rehearsed(rehearsal: Rehearsal, request: requests.PreparedRequest, answer: Mapping[str, Any]) -> requests.Response:
    """The write is noted and not sent; it is answered with this document."""
    headers = {str(name): str(value) for name, value in request.headers.items()}
    body = request.body if isinstance(request.body, bytes | str) else None  # the clients send no streams
    rehearsal.note(str(request.method), str(request.url), headers, body)
    response = requests.Response()
    response.status_code = HTTPStatus.OK
    response.headers["Content-Type"] = "application/json"
    response.raw = io.BytesIO(json.dumps(dict(answer)).encode())
    response.request, response.url = request, str(request.url)
    return response


def misused(exc: Exception, title: str) -> Refused:
    """A call that could never leave, because of a setting or a mistake of ours."""
    return Refused(f"The connection to {title} is set up wrongly ({_name(exc)}).")


def uncertain(reason: str, *, writes: bool) -> ConnectorError:
    """The failure of a call that may have been carried out."""
    return OutcomeUnknown(reason) if writes else NotSent(reason)


def asked_wait_s(headers: Mapping[str, str]) -> float | None:
    """What Retry-After asks for, in seconds or as a date; None if it says nothing that can be read."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    # Dates are compared with the answer's own, so that no clock of ours matters.
    until, now = _instant(text), answered_at(headers)
    return until - now if until is not None and now is not None else None


def answered_at(headers: Mapping[str, str]) -> float | None:
    """When the system answered, by its own clock, in Unix seconds."""
    return _instant(headers.get("Date", ""))


def bounded_wait_s(asked: float | None) -> float:
    """A wait between nothing and an hour; a minute where none was named."""
    return DEFAULT_RETRY_S if asked is None else min(max(asked, 0.0), RETRY_MAX_S)


def detail(text: str) -> str:
    """The system's own words, short enough for a sentence."""
    return text if len(text) <= DETAIL_MAX_CHARS else f"{text[: DETAIL_MAX_CHARS - 1]}…"


def _instant(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def _caused_by(exc: BaseException, *kinds: type[BaseException]) -> bool:
    """Whether one of these is behind the exception; requests hides causes in arguments and `reason`."""
    waiting: list[Any] = [exc]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen or not isinstance(one, BaseException):
            continue
        if isinstance(one, kinds):
            return True
        seen.add(id(one))
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return False


def _name(exc: Exception) -> str:
    # Never the message: requests and urllib3 put whole addresses with their queries into it.
    return type(exc).__name__


def _host(location: str) -> str:
    # Only the host: a redirect's query may carry a session.
    try:
        return urlsplit(location).hostname or "another page"
    except ValueError:
        return "another page"
