"""Every way in which a call through pysnow can end badly, as one of the four that a retry depends on.

A read changes nothing, so whatever stopped it is NotSent: try again. A write that was certainly not carried out is
NotSent; one that may have been is OutcomeUnknown. What the instance would refuse again is Refused in both cases.
"""

from __future__ import annotations

import ssl
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import pysnow.exceptions as snow
import requests
from requests import exceptions as http
from urllib3 import exceptions as wire_errors

from connectors.itsm.base import ConnectorError, NotSent, OutcomeUnknown, Refused, Throttled

DETAIL_MAX_CHARS: Final = 300
DEFAULT_RETRY_S: Final = 60.0  # rules count per hour; a minute is polite when no time was named
RETRY_MAX_S: Final = 3600.0

VENDOR_ERRORS: Final = (snow.PysnowException, http.RequestException, wire_errors.HTTPError, OSError)

# Raised before anything leaves this machine, and again at every attempt: a wrong setting or a wrong call of ours.
_MISUSED: Final = (
    snow.InvalidUsage, snow.QueryTypeError, snow.QueryMissingField, snow.QueryEmpty, snow.QueryExpressionError,
    snow.QueryMultipleExpressions, snow.MissingToken, http.URLRequired, http.MissingSchema, http.InvalidSchema,
    http.InvalidURL, http.InvalidHeader, http.InvalidProxyURL,
)  # fmt: skip


class UnexpectedAnswerError(Exception):
    """What came back cannot be read as an answer of ServiceNow."""


class RedirectedError(Exception):
    """The address answered with a redirect: a sign-in page, or another host name."""

    def __init__(self, location: str) -> None:
        self.location = location
        super().__init__(location)


def classify(exc: Exception, *, writes: bool) -> ConnectorError:
    """The failure that this exception is. `writes` tells whether the call could have changed something."""
    match exc:
        case ConnectorError():
            return exc
        case http.HTTPError() if exc.response is not None:
            return _status(exc.response, writes=writes)
        case RedirectedError():
            return Refused(
                f"ServiceNow redirects API calls to {_host(exc.location)}: the address is not the instance's own, "
                "or the account must sign in through single sign-on.",
                field="url",
            )
        case snow.TokenCreateError():
            return Refused("ServiceNow refused to issue a token for this OAuth client and account.", field="client_id")
        case snow.ResponseError():
            return Refused(_shortened(f"ServiceNow answered: {exc.message} ({exc.detail})"))
        case snow.NoResults() | snow.MultipleResults():
            return Refused("ServiceNow does not hold exactly one such record.")
        case http.ConnectTimeout() | http.ProxyError():
            return NotSent(f"ServiceNow cannot be reached ({_name(exc)}).")
        case http.SSLError() if _caused_by(exc, ssl.SSLCertVerificationError):
            return Refused("ServiceNow's certificate is not trusted by this machine.", field="url")
        case http.ConnectionError() if _caused_by(exc, wire_errors.NewConnectionError, wire_errors.NameResolutionError):
            return NotSent(f"ServiceNow cannot be reached ({_name(exc)}).")
        case http.JSONDecodeError() | UnexpectedAnswerError():
            reason = "ServiceNow answered with a page instead of data; a developer instance may be hibernating."
            return _uncertain(reason, writes=writes)
        case http.InvalidJSONError():
            return Refused("This cannot be written as JSON.")
        case _ if isinstance(exc, _MISUSED):
            return Refused(f"The connection to ServiceNow is set up wrongly ({_name(exc)}).")
        case _:
            return _uncertain(f"ServiceNow did not answer properly ({_name(exc)}).", writes=writes)


def interrupted(*, was_sent: bool, writes: bool, after_s: float) -> ConnectorError:
    """The failure of a call that was given up after `after_s` seconds."""
    if not was_sent:
        return NotSent(f"The call to ServiceNow waited {after_s:g} s for its turn and was not made.")
    return _uncertain(f"ServiceNow gave no complete answer within {after_s:g} s.", writes=writes)


def _status(response: requests.Response, *, writes: bool) -> ConnectorError:
    said = _said(response)
    match response.status_code:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Throttled(f"ServiceNow limits how often we may call{said}.", retry_after_s=retry_after_s(response))
        case HTTPStatus.UNAUTHORIZED:
            return Refused(f"ServiceNow does not accept the credentials{said}.", field="password")
        case HTTPStatus.FORBIDDEN:
            return Refused(f"ServiceNow does not allow this{said}.")
        case HTTPStatus.NOT_FOUND:
            return Refused(f"ServiceNow does not have this record or page{said}.")
        case HTTPStatus.REQUEST_TIMEOUT | HTTPStatus.TOO_EARLY:
            return _uncertain(f"ServiceNow ended the call early{said}.", writes=writes)
        case code if HTTPStatus.BAD_REQUEST <= code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Refused(f"ServiceNow refused this{said}.")
        case code:
            # Also a 500 that speaks of a cancelled transaction: what was written before it may have stayed.
            return _uncertain(f"ServiceNow failed with status {code}{said}.", writes=writes)


def retry_after_s(response: requests.Response) -> float:
    """How long the instance asks us to wait, by Retry-After (seconds or a date) or by the end of the rule's hour."""
    headers = response.headers
    asked = _seconds(headers.get("Retry-After", ""), headers.get("Date", ""))
    if asked is None:
        asked = _until(headers.get("X-RateLimit-Reset", ""), headers.get("Date", ""))
    return DEFAULT_RETRY_S if asked is None else min(max(asked, 0.0), RETRY_MAX_S)


def _seconds(text: str, date: str) -> float | None:
    if text.strip().isdecimal():
        return float(text)
    # Dates are compared with the answer's own, so that no clock of ours matters.
    until, now = _instant(text), _instant(date)
    return until - now if until is not None and now is not None else None


def _until(text: str, date: str) -> float | None:
    now = _instant(date)
    return float(text) - now if text.strip().isdecimal() and now is not None else None


def _instant(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def _uncertain(reason: str, *, writes: bool) -> ConnectorError:
    return OutcomeUnknown(reason) if writes else NotSent(reason)


def _said(response: requests.Response) -> str:
    try:
        body: Any = response.json()
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ""
    parts = [str(error[name]).strip() for name in ("message", "detail") if error.get(name)]
    return f": {_shortened(' - '.join(parts))}" if parts else ""


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


def _shortened(text: str) -> str:
    return text if len(text) <= DETAIL_MAX_CHARS else f"{text[: DETAIL_MAX_CHARS - 1]}…"
