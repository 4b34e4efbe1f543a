"""What can go wrong on the way to a system and back, for every client that is built on requests.

A read changes nothing, so whatever stopped it is NotSent: try again. A write that was certainly not carried out is
NotSent; one that may have been is OutcomeUnknown. What the system would refuse again is Refused in both cases.
"""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import requests
from requests import exceptions as http
from urllib3 import exceptions as wire_errors

from connectors.itsm.answers import host_of, uncertain
from connectors.itsm.base import ConnectorError, NotSent, Refused
from connectors.itsm.rehearsal import Rehearsal

TRANSPORT_ERRORS: Final = (http.RequestException, wire_errors.HTTPError, OSError)

# Raised before anything leaves this machine, and again at every attempt: a wrong setting or a wrong call of ours.
_MISUSED: Final = (
    http.URLRequired, http.MissingSchema, http.InvalidSchema, http.InvalidURL, http.InvalidHeader,
    http.InvalidProxyURL,
)  # fmt: skip


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
                f"{title} redirects API calls to {host_of(exc.location)}: the address is not the instance's own, "
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
