"""Every way in which a call through pysnow can end badly, as one of the four that a retry depends on.

What may go wrong on the way is `connectors.itsm.transport`'s; what pysnow and the instance say is told apart here.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import pysnow.exceptions as snow
import requests
from requests import exceptions as http

from connectors.itsm.answers import (
    UnexpectedAnswerError,
    answered_at,
    asked_wait_s,
    bounded_wait_s,
    shortened,
    uncertain,
)
from connectors.itsm.base import ConnectorError, Refused, Throttled
from connectors.itsm.transport import TRANSPORT_ERRORS, misused, transport_failure

TITLE: Final = "ServiceNow"
VENDOR_ERRORS: Final = (snow.PysnowException, *TRANSPORT_ERRORS)

# Raised before anything leaves this machine, and again at every attempt: a wrong setting or a wrong call of ours.
_MISUSED: Final = (
    snow.InvalidUsage, snow.QueryTypeError, snow.QueryMissingField, snow.QueryEmpty, snow.QueryExpressionError,
    snow.QueryMultipleExpressions, snow.MissingToken,
)  # fmt: skip


def classify(exc: Exception, *, writes: bool) -> ConnectorError:
    """The failure that this exception is. `writes` tells whether the call could have changed something."""
    match exc:
        case ConnectorError():
            return exc
        case http.HTTPError() if exc.response is not None:
            return _status(exc.response, writes=writes)
        case snow.TokenCreateError():
            return Refused("ServiceNow refused to issue a token for this OAuth client and account.", field="client_id")
        case snow.ResponseError():
            return Refused(shortened(f"ServiceNow answered: {exc.message} ({exc.detail})"))
        case snow.NoResults() | snow.MultipleResults():
            return Refused("ServiceNow does not hold exactly one such record.")
        case http.JSONDecodeError() | UnexpectedAnswerError():
            reason = "ServiceNow answered with a page instead of data; a developer instance may be hibernating."
            return uncertain(reason, writes=writes)
        case _ if isinstance(exc, _MISUSED):
            return misused(exc, TITLE)
        case _:
            return transport_failure(exc, TITLE, writes=writes)


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
            return uncertain(f"ServiceNow ended the call early{said}.", writes=writes)
        case code if HTTPStatus.BAD_REQUEST <= code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Refused(f"ServiceNow refused this{said}.")
        case code:
            # Also a 500 that speaks of a cancelled transaction: what was written before it may have stayed.
            return uncertain(f"ServiceNow failed with status {code}{said}.", writes=writes)


def retry_after_s(response: requests.Response) -> float:
    """How long the instance asks us to wait, by Retry-After (seconds or a date) or by the end of the rule's hour."""
    asked = asked_wait_s(response.headers)
    return bounded_wait_s(_until_reset(response) if asked is None else asked)


def _until_reset(response: requests.Response) -> float | None:
    text, now = response.headers.get("X-RateLimit-Reset", "").strip(), answered_at(response.headers)
    return float(text) - now if text.isdecimal() and now is not None else None


def _said(response: requests.Response) -> str:
    try:
        body: Any = response.json()
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ""
    parts = [str(error[name]).strip() for name in ("message", "detail") if error.get(name)]
    return f": {shortened(' - '.join(parts))}" if parts else ""
