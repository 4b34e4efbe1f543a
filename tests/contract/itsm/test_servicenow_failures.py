"""Every exception of the vendor's client and every status is exactly one of the four failures."""

from __future__ import annotations

import inspect
import ssl
from http import HTTPStatus
from typing import Any

import pysnow.exceptions
import pytest
import requests
from requests import exceptions as http
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.exceptions import SSLError as WireSslError

from connectors.itsm.answers import UnexpectedAnswerError
from connectors.itsm.base import ConnectorError, NotSent, OutcomeUnknown, Refused, Throttled
from connectors.itsm.servicenow.failures import VENDOR_ERRORS, classify
from connectors.itsm.transport import RedirectedError

FOUR = (NotSent, Throttled, Refused, OutcomeUnknown)
NO_POOL: Any = None  # urllib3 names the pool in its messages only


def of_module(module: Any, root: type[Exception]) -> list[type[Exception]]:
    found = {kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, root)}
    return sorted(found, key=lambda kind: kind.__name__)


def made(kind: Any) -> Any:
    if kind is pysnow.exceptions.ResponseError:
        return kind({"message": "no", "detail": "really"})
    if kind is pysnow.exceptions.TokenCreateError:
        return kind("invalid_grant", "wrong password", 401)
    if issubclass(kind, http.JSONDecodeError):
        return kind("Expecting value", "<html>", 0)
    return kind("boom")


def answer(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> http.HTTPError:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers or {})
    response._content = body
    return http.HTTPError("https://x.example?secret=1", response=response)


@pytest.mark.parametrize(
    "kind",
    [
        *of_module(pysnow.exceptions, pysnow.exceptions.PysnowException),
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


@pytest.mark.parametrize("kind", of_module(pysnow.exceptions, pysnow.exceptions.PysnowException))
def test_every_exception_of_pysnow_is_caught(kind):
    assert issubclass(kind, VENDOR_ERRORS)


@pytest.mark.parametrize("status", [int(one) for one in HTTPStatus if one >= 400])
@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_every_status_is_one_of_the_four(status, writes):
    failure = type(classify(answer(status), writes=writes))

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
        (http.ProxyError("x"), NotSent, NotSent),
        (http.ChunkedEncodingError("x"), NotSent, OutcomeUnknown),
        (http.SSLError("x"), NotSent, OutcomeUnknown),
        (http.SSLError(MaxRetryError(NO_POOL, "/", WireSslError(ssl.SSLCertVerificationError("x")))), Refused, Refused),
        (http.InvalidURL("x"), Refused, Refused),
        (http.JSONDecodeError("x", "<html>", 0), NotSent, OutcomeUnknown),
        (pysnow.exceptions.MissingResult("x"), NotSent, OutcomeUnknown),
        (pysnow.exceptions.InvalidUsage("x"), Refused, Refused),
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
        ({"X-RateLimit-Reset": "1795428090", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 90.0),
        ({"Retry-After": "999999"}, 3600.0),
        ({"Retry-After": "soon"}, 60.0),
        ({}, 60.0),
    ],
)
def test_the_time_to_wait_is_read_in_every_form(headers, expected):
    failure = classify(answer(429, headers), writes=True)

    assert isinstance(failure, Throttled)
    assert failure.retry_after_s == expected


def test_the_instances_own_words_reach_the_person_and_addresses_do_not():
    body = b'{"error":{"message":"Operation Failed","detail":"ACL Exception Update Failed"},"status":"failure"}'

    failure = classify(answer(403, body=body), writes=True)

    assert failure.reason == "ServiceNow does not allow this: Operation Failed - ACL Exception Update Failed."


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error":"text"}', b'{"error":{}}', b""])
def test_an_error_body_of_any_shape_is_survived(body):
    assert classify(answer(400, body=body), writes=True).reason == "ServiceNow refused this."


def test_a_failure_of_ours_stays_what_it_is():
    ours: ConnectorError = Throttled("wait", 3.0)

    assert classify(ours, writes=True) is ours
