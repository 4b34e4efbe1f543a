"""Every exception of the library `jira` and every status is exactly one of the four failures."""

from __future__ import annotations

import inspect
import ssl
from http import HTTPStatus
from typing import Any

import jira.exceptions
import jira.resources
import pytest
import requests
from jira.exceptions import JIRAError, NotJIRAInstanceError
from requests import exceptions as http
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.exceptions import SSLError as WireSslError

from connectors.itsm.answers import UnexpectedAnswerError
from connectors.itsm.base import ConnectorError, NotSent, OutcomeUnknown, Refused, Throttled
from connectors.itsm.jira.failures import VENDOR_ERRORS, QuotaSpent, classify
from connectors.itsm.transport import RedirectedError

FOUR = (NotSent, Throttled, Refused, OutcomeUnknown)
NO_POOL: Any = None  # urllib3 names the pool in its messages only
LIBRARY = (jira, jira.exceptions, jira.client, jira.resources, jira.resilientsession, jira.config)


def of_module(module: Any, root: type[Exception]) -> list[type[Exception]]:
    found = {kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, root)}
    return sorted(found, key=lambda kind: kind.__name__)


def of_the_library() -> list[type[Exception]]:
    """Every exception class that the library itself defines."""
    found = {kind for module in LIBRARY for kind in of_module(module, Exception)}
    return sorted((kind for kind in found if kind.__module__.startswith("jira")), key=lambda kind: kind.__name__)


def response(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer.headers.update(headers or {})
    answer._content = body
    return answer


def answer(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> http.HTTPError:
    return http.HTTPError("https://x.example?secret=1", response=response(status, headers, body))


def made(kind: Any) -> Any:
    if issubclass(kind, http.JSONDecodeError):
        return kind("Expecting value", "<html>", 0)
    return kind("boom")


@pytest.mark.row("N2")
@pytest.mark.parametrize(
    "kind",
    [
        *of_the_library(),
        *of_module(http, http.RequestException),
        OSError,
        TimeoutError,
        ConnectionResetError,
        RedirectedError,
        UnexpectedAnswerError,
    ],
    ids=lambda kind: kind.__name__,
)
@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_every_exception_is_one_of_the_four(kind, writes):
    failure = classify(made(kind), writes=writes)

    assert type(failure) in FOUR
    assert type(failure) is not Throttled
    assert writes or type(failure) is not OutcomeUnknown
    assert "boom" not in failure.reason


def test_the_library_has_the_exceptions_that_are_known():
    assert [kind.__name__ for kind in of_the_library()] == ["JIRAError", "NotJIRAInstanceError"]
    assert all(issubclass(kind, VENDOR_ERRORS) for kind in of_the_library())


@pytest.mark.parametrize("form", ["ours", "the library's", "the library's without an answer"])
@pytest.mark.parametrize("status", [int(one) for one in HTTPStatus if one >= 400])
@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_every_status_is_one_of_the_four(status, writes, form):
    forms = {
        "ours": answer(status),
        "the library's": JIRAError("boom", status_code=status, response=response(status)),
        "the library's without an answer": JIRAError("boom", status_code=status),
    }

    failure = type(classify(forms[form], writes=writes))

    uncertain = OutcomeUnknown if writes else NotSent
    expected = Throttled if status == 429 else uncertain if status >= 500 or status in {408, 425} else Refused
    assert failure is expected


@pytest.mark.parametrize(
    ("exc", "as_read", "as_write"),
    [
        (http.ConnectTimeout("x"), NotSent, NotSent),
        (http.ReadTimeout("x"), NotSent, OutcomeUnknown),
        (http.ConnectionError("reset"), NotSent, OutcomeUnknown),
        (http.ConnectionError(MaxRetryError(NO_POOL, "/", NewConnectionError(NO_POOL, "refused"))), NotSent, NotSent),
        (http.SSLError(MaxRetryError(NO_POOL, "/", WireSslError(ssl.SSLCertVerificationError("x")))), Refused, Refused),
        (http.InvalidURL("x"), Refused, Refused),
        (http.JSONDecodeError("x", "<html>", 0), NotSent, OutcomeUnknown),
        (JIRAError("Empty Response!"), NotSent, OutcomeUnknown),
        (NotJIRAInstanceError("x"), Refused, Refused),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_may_have_happened_is_told_from_what_did_not(exc, as_read, as_write):
    assert type(classify(exc, writes=False)) is as_read
    assert type(classify(exc, writes=True)) is as_write


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "42"}, 42.0),
        ({"Retry-After": "Mon, 23 Nov 2026 10:01:30 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 90.0),
        ({"X-RateLimit-Reset": "2026-11-23T10:01:30Z", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 90.0),
        ({"X-RateLimit-Reset": "2026-11-23T10:01:30", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 60.0),
        ({"X-RateLimit-Reset": "soon"}, 60.0),
        ({"Retry-After": "999999"}, 3600.0),
        ({}, 60.0),
    ],
)
def test_the_time_to_wait_is_read_in_every_form(headers, expected):
    failure = classify(answer(429, headers), writes=True)

    assert isinstance(failure, Throttled)
    assert failure.retry_after_s == expected


def test_the_reason_of_a_limit_is_named():
    failure = classify(answer(429, {"RateLimit-Reason": "jira-per-issue-on-write"}), writes=True)

    assert failure.reason == "Jira limits how often we may call (jira-per-issue-on-write)."


def test_a_503_that_asks_to_wait_was_not_worked_on():
    failure = classify(answer(503, {"Retry-After": "7"}), writes=True)

    assert isinstance(failure, Throttled)
    assert failure.retry_after_s == 7.0


def test_a_captcha_says_what_to_do():
    headers = {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://x.example/login.jsp"}
    failure = classify(answer(403, headers, b"<html>"), writes=False)

    assert isinstance(failure, Refused)
    assert "solve a CAPTCHA" in failure.reason


@pytest.mark.parametrize(
    ("body", "reason", "field"),
    [
        (b'{"errorMessages":[],"errors":{"summary":"Summary is required."}}', ": Summary is required", "summary"),
        (b'{"errorMessages":["Nope."],"errors":{}}', ": Nope", None),
        (b'{"message":"Client must be authenticated."}', ": Client must be authenticated", None),
        (b'{"errorMessage":"No such request."}', ": No such request", None),
        (b"<html>", "", None),
        (b"[]", "", None),
        (b"5", "", None),
        (b"null", "", None),
        (b'{"errorMessages":"text","errors":[1]}', "", None),
        (b"", "", None),
    ],
)
def test_the_sites_own_words_reach_the_person_whatever_their_shape(body, reason, field):
    failure = classify(answer(400, body=body), writes=True)

    assert failure.reason == f"Jira refused this{reason}."
    assert isinstance(failure, Refused)
    assert failure.field == field


def test_a_failure_of_ours_stays_what_it_is():
    ours: ConnectorError = Throttled("wait", 3.0)

    assert classify(ours, writes=True) is ours


@pytest.mark.parametrize(
    ("reason", "spares_others", "stops_the_site"),
    [
        ("jira-quota-global-based", False, True),
        ("jira-quota-tenant-based", False, True),
        ("jira-burst-based", True, False),
        ("jira-per-issue-on-write", True, False),
        ("", False, False),
    ],
)
def test_what_waits_depends_on_which_of_jira_s_limits_was_met(reason, spares_others, stops_the_site):
    headers = {"Retry-After": "9", **({"RateLimit-Reason": reason} if reason else {})}
    failure = classify(answer(429, headers), writes=True)
    assert isinstance(failure, Throttled)
    assert (failure.retry_after_s, failure.spares_others) == (9.0, spares_others)
    assert isinstance(failure, QuotaSpent) is stops_the_site
