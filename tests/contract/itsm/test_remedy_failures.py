"""Every status, every error number of AR System and every exception of aiohttp is exactly one of the four failures."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp.client_exceptions import UnixClientConnectorError
from yarl import URL

from connectors.itsm.answers import UnexpectedAnswerError, retry_after_s
from connectors.itsm.base import NotSent, OutcomeUnknown, Refused, Throttled
from connectors.itsm.http import Answer, transport_failure
from connectors.itsm.remedy.failures import NOT_DONE, UNDECIDED, ArRefused, failure

FOUR = (NotSent, Throttled, Refused, OutcomeUnknown)
STATUSES = [int(one) for one in HTTPStatus if one >= 300]
REFUSED_NUMBERS = (101, 302, 303, 306, 307, 311, 314, 326, 353, 382, 559, 623, 1587, 45386, 1291052)


def error_of(number: int, appended: str = "", **more: Any) -> dict[str, Any]:
    return {
        "messageType": "ERROR",
        "messageText": "No.",
        "messageNumber": number,
        "messageAppendedText": appended,
        **more,
    }


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_every_status_is_one_of_the_four(status, writes):
    found = type(failure(answer(status), writes=writes))

    unsure = OutcomeUnknown if writes else NotSent
    expected = Throttled if status == 429 else unsure if status >= 500 or status in {408, 425} else Refused
    assert found is expected


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
@pytest.mark.parametrize("number", sorted({*NOT_DONE, *UNDECIDED, *REFUSED_NUMBERS}))
@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_every_error_number_is_one_of_the_four_whatever_the_status(status, number, writes):
    found = failure(answer(status, [error_of(number)]), writes=writes)

    if number in NOT_DONE:
        assert type(found) is NotSent
    elif number in UNDECIDED:
        assert type(found) is (OutcomeUnknown if writes else NotSent)
    else:
        assert isinstance(found, Refused)


def test_the_error_is_found_behind_notes_and_warnings_and_names_its_field():
    note = error_of(10000) | {"messageType": "NOTE"}
    found = failure(
        answer(500, [note, error_of(314, "HPD:Help Desk : <Colour>", messageText="Field does not exist.")]), writes=True
    )

    assert isinstance(found, ArRefused)
    assert (found.number, found.field) == (314, "Colour")
    assert found.reason == "Remedy refused this: Field does not exist (HPD:Help Desk : <Colour>)."


def test_the_other_spelling_of_the_appended_text_is_read():
    said = {"messageType": "ERROR", "messageText": "No", "messageNumber": 307, "appendedText": "F : <Status>"}

    assert getattr(failure(answer(400, [said]), writes=True), "field", None) == "Status"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b"null", b'[{"messageType":"ERROR"}]', b"[" * 5000, b"[1]"])
def test_an_error_body_of_any_shape_is_survived(body):
    assert type(failure(answer(400, body), writes=True)) is Refused


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "42"}, 42.0),
        ({"retry-after": "Mon, 23 Nov 2026 10:01:30 GMT", "date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 90.0),
        ({"retry-after": "999999"}, 3600.0),
        ({"retry-after": "-5"}, 60.0),
        ({"retry-after": "soon"}, 60.0),
        ({}, 60.0),
    ],
)
def test_the_time_to_wait_is_read_in_every_form(headers, expected):
    assert retry_after_s(headers) == expected


def every(kind: type[Exception]) -> list[type[Exception]]:
    return sorted(
        {kind, *(found for one in kind.__subclasses__() for found in every(one))}, key=lambda one: one.__name__
    )


def made(kind: Any) -> Exception:
    key: Any = SimpleNamespace(host="x.example", port=443, is_ssl=True, ssl=True)
    if issubclass(kind, aiohttp.ClientConnectorCertificateError):
        return kind(key, ValueError("boom"))
    if issubclass(kind, UnixClientConnectorError):
        return kind("boom", key, OSError("boom"))
    if issubclass(kind, aiohttp.ClientConnectorError):
        return kind(key, OSError("boom"))
    if issubclass(kind, aiohttp.ServerFingerprintMismatch):
        return kind(b"a", b"b", "x.example", 443)
    if issubclass(kind, aiohttp.ClientResponseError):
        info: Any = aiohttp.RequestInfo(URL("https://x.example/?secret=boom"), "GET", {}, URL("https://x.example"))  # type: ignore[arg-type]
        return kind(info, ())
    return kind("boom")


@pytest.mark.parametrize(
    "kind",
    [*every(aiohttp.ClientError), OSError, TimeoutError, asyncio.TimeoutError, ValueError, UnexpectedAnswerError],
)
@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_every_exception_of_a_call_is_one_of_the_four(kind, writes):
    found = transport_failure(made(kind), "Remedy", writes=writes)

    assert type(found) in FOUR
    assert writes or type(found) is not OutcomeUnknown
    assert "boom" not in found.reason or kind is UnexpectedAnswerError


@pytest.mark.parametrize(
    ("kind", "as_read", "as_write"),
    [
        (aiohttp.ClientConnectorError, NotSent, NotSent),
        (aiohttp.ClientConnectorDNSError, NotSent, NotSent),
        (aiohttp.ConnectionTimeoutError, NotSent, NotSent),
        (aiohttp.ClientConnectorCertificateError, Refused, Refused),
        (aiohttp.InvalidURL, Refused, Refused),
        (aiohttp.SocketTimeoutError, NotSent, OutcomeUnknown),
        (aiohttp.ServerDisconnectedError, NotSent, OutcomeUnknown),
        (aiohttp.ClientPayloadError, NotSent, OutcomeUnknown),
        (TimeoutError, NotSent, OutcomeUnknown),
    ],
)
def test_what_may_have_happened_is_told_from_what_did_not(kind, as_read, as_write):
    assert type(transport_failure(made(kind), "Remedy", writes=False)) is as_read
    assert type(transport_failure(made(kind), "Remedy", writes=True)) is as_write
