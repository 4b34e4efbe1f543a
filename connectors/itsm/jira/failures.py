"""Every way in which a call through the library `jira` can end badly, as one of the four that a retry depends on."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import requests
from jira.exceptions import JIRAError, NotJIRAInstanceError
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
from connectors.itsm.transport import TRANSPORT_ERRORS, RedirectedError, misused, transport_failure

TITLE: Final = "Jira"
SPARING: Final = frozenset({"jira-burst-based", "jira-per-issue-on-write"})  # others may go on meanwhile
# Whatever the library, requests and we raise for a call. The library's own classes have no common root but Exception.
VENDOR_ERRORS: Final = (
    JIRAError, NotJIRAInstanceError, RedirectedError, UnexpectedAnswerError, *TRANSPORT_ERRORS,
)  # fmt: skip


class QuotaSpent(Throttled):
    """The site's quota is spent: whatever is called before it begins anew is turned away, and may count again."""


def classify(exc: Exception, *, writes: bool) -> ConnectorError:
    """The failure that this exception is. `writes` tells whether the call could have changed something."""
    match exc:
        case ConnectorError():
            return exc
        case JIRAError() | http.HTTPError() if exc.response is not None:
            return _status(exc.response, writes=writes)
        case JIRAError() if exc.status_code is not None:
            return _code(int(exc.status_code), "", None, writes=writes)
        case NotJIRAInstanceError():
            return misused(exc, TITLE)
        case JIRAError() | http.JSONDecodeError() | UnexpectedAnswerError():
            return uncertain("Jira answered with something that is no answer of Jira.", writes=writes)
        case _:
            return transport_failure(exc, TITLE, writes=writes)


def status_of(exc: BaseException | None) -> int | None:
    """The HTTP status behind a failure; None if there was no answer."""
    response = getattr(exc, "response", None)
    return None if response is None else int(response.status_code)


def _status(response: requests.Response, *, writes: bool) -> ConnectorError:
    said, field = _said(response)
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return _limited(response)
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE and asked_wait_s(response.headers) is not None:
        # Jira sheds load before it works on a call, and says for how long.
        return Throttled("Jira is overloaded and asks to wait.", retry_after_s=retry_after_s(response))
    if "CAPTCHA" in response.headers.get("X-Authentication-Denied-Reason", ""):
        return Refused(
            "Jira wants our account to solve a CAPTCHA after wrong passwords: sign in once with a browser.",
            field="password",
        )
    return _code(response.status_code, said, field, writes=writes)


def _limited(response: requests.Response) -> Throttled:
    """Which of the limits was met.

    Atlassian, "Rate limiting": quotas are the site's, bursts a kind of call's, and writes an issue's; a gateway, and
    Data Center's bucket of the account, name no reason.
    """
    reason, wait_s = response.headers.get("RateLimit-Reason", ""), retry_after_s(response)
    said = f"Jira limits how often we may call{f' ({reason})' if reason else ''}."
    if reason.startswith("jira-quota"):
        return QuotaSpent(said, wait_s)
    return Throttled(said, wait_s, spares_others=reason in SPARING)


def _code(status: int, said: str, field: str | None, *, writes: bool) -> ConnectorError:
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Throttled("Jira limits how often we may call.", retry_after_s=bounded_wait_s(None))
        case HTTPStatus.UNAUTHORIZED:
            return Refused(f"Jira does not accept the credentials{said}.", field="password")
        case HTTPStatus.FORBIDDEN:
            return Refused(f"Jira does not allow this{said}.", field=field)
        case HTTPStatus.NOT_FOUND:
            return Refused(f"Jira does not have this, or hides it from us{said}.", field=field)
        case HTTPStatus.REQUEST_TIMEOUT | HTTPStatus.TOO_EARLY:
            return uncertain(f"Jira ended the call early{said}.", writes=writes)
        case code if HTTPStatus.BAD_REQUEST <= code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Refused(f"Jira refused this{said}.", field=field)
        case code:
            return uncertain(f"Jira failed with status {code}{said}.", writes=writes)


def retry_after_s(response: requests.Response) -> float:
    """How long the site asks us to wait: by Retry-After, else by the end of the window (ISO 8601)."""
    asked = asked_wait_s(response.headers)
    return bounded_wait_s(_until_reset(response) if asked is None else asked)


def _until_reset(response: requests.Response) -> float | None:
    now = answered_at(response.headers)
    try:
        reset = datetime.fromisoformat(response.headers.get("X-RateLimit-Reset", ""))
    except ValueError:
        return None
    return reset.timestamp() - now if reset.tzinfo is not None and now is not None else None


def _said(response: requests.Response) -> tuple[str, str | None]:
    """The site's own words, and the first field that it objects to."""
    try:
        body: Any = response.json()
    except ValueError:
        return "", None
    if not isinstance(body, dict):
        return "", None
    errors: Any = body.get("errors")
    by_field: dict[str, Any] = errors if isinstance(errors, dict) else {}
    messages: Any = body.get("errorMessages")
    loose = [body[name] for name in ("message", "errorMessage") if isinstance(body.get(name), str)]
    words = [*(messages if isinstance(messages, list) else ()), *by_field.values(), *loose]
    parts = [text for one in words if (text := str(one).strip().rstrip("."))]
    field = next(iter(map(str, by_field)), None)
    return (f": {shortened('; '.join(parts))}" if parts else ""), field
