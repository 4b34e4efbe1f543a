"""Every way to sign in, every way to page and every kind of webhook that a file can declare, over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from connectors.itsm.base import NotSent, OutcomeUnknown, Refused, Throttled, TicketDraft, TicketKind, WebhookRejected
from connectors.itsm.custom import Custom, load
from connectors.itsm.custom.failures import Absent, Gone, failure
from connectors.itsm.custom.spec import ErrorRule, Errors, Means
from connectors.itsm.http import Answer
from connectors.messages import UnreadableMessage

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FILE = """
title: Small
url: {url}
states:
  write: {{open: o, in_approval: o, approved: a, implementing: i, implemented: d, closed: c, rejected: c, cancelled: c}}
  read: {{o: open, c: closed}}
ticket: {{id: id, state: s, key: ref, updated_at: u}}
create: {{path: /t, headers: {{Idempotency-Key: "{{key}}"}}, idempotent: true, body: {{ref: "{{key}}"}}}}
get: {{path: "/t/{{id}}"}}
update: {{path: "/t/{{id}}", body: {{s: "{{state}}"}}}}
"""


class Small:
    """Remembers what came and answers what it is told to."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: dict[str, list[web.Response]] = {}
        self.tickets: list[dict[str, Any]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.seen.append((f"{request.method} {request.path_qs}", dict(request.headers), await request.read()))
        if waiting := self.answers.get(request.path):
            return waiting.pop(0)
        if request.path == "/token":
            return web.json_response({"access_token": f"token-{len(self.seen)}", "expires_in": 3600})
        if request.path == "/list":
            return self.page(request)
        return web.json_response({"id": 1, "s": "o", "ref": "k"})

    def page(self, request: web.Request) -> web.Response:
        at = int(request.query.get("after") or 0)
        rows, more = self.tickets[at : at + 2], at + 2 < len(self.tickets)
        headers = {"Link": f'<{self.url}/list?after={at + 2}>; rel="next"'} if more else {}
        return web.json_response({"rows": rows, "next": str(at + 2) if more else None}, headers=headers)

    def header(self, index: int, name: str) -> str:
        return self.seen[index][1].get(name, "")


@pytest.fixture
async def small() -> AsyncIterator[Small]:
    found = Small()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        found.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", found.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield found
        await runner.cleanup()


def connected(small: Small, folder: Path, more: str = "") -> Custom:
    (folder / "secret").write_text("s3cret\n")
    file = folder / "small.yaml"
    file.write_text(FILE.format(url=small.url) + more.replace("URL", small.url))
    return Custom(load(file))


DRAFT = TicketDraft("k", TicketKind.CHANGE, "s", "d", "")


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        ("auth: {kind: none}", "Authorization", ""),
        ("auth: {kind: basic, user: ann, password: {file: secret}}", "Authorization",
         "Basic " + base64.b64encode(b"ann:s3cret").decode()),
        ("auth: {kind: bearer, token: {file: secret}}", "Authorization", "Bearer s3cret"),
        ("auth: {kind: header, header: X-Key, value: {file: secret}}", "X-Key", "s3cret"),
        ("headers: {X-App: {file: secret}, X-Fixed: on}", "X-App", "s3cret"),
    ],
)  # fmt: skip
async def test_each_proof_travels_with_every_call(small, tmp_path, auth, name, value):
    system = connected(small, tmp_path, auth)

    await system.create(DRAFT)

    assert [small.header(index, name) for index in range(2)] == [value, value]
    assert small.header(0, "Idempotency-Key") == "k"
    await system.close()


async def test_a_token_by_client_credentials_is_asked_for_once_and_renewed_when_refused(small, tmp_path):
    system = connected(
        small, tmp_path,
        "auth: {kind: oauth2, token_url: URL/token, client_id: us, client_secret: {file: secret}, scope: tickets}",
    )  # fmt: skip
    await system.create(DRAFT)
    small.answers["/t"] = [web.json_response({}, status=401)]
    await system.create(DRAFT)

    asked = [body for call, _headers, body in small.seen if call == "POST /token"]
    assert asked == [b"grant_type=client_credentials&client_id=us&client_secret=s3cret&scope=tickets"] * 2
    used = [headers["Authorization"] for call, headers, _body in small.seen if call != "POST /token"]
    assert used == ["Bearer token-1"] * 3 + ["Bearer token-5"] * 2
    await system.close()


@pytest.mark.parametrize("answer", ["<html>", '{"access_token": ""}', '{"access_token": "a b"}', "[]"])
async def test_a_token_that_is_none_changes_nothing(small, tmp_path, answer):
    small.answers["/token"] = [web.Response(text=answer)]
    system = connected(
        small, tmp_path, "auth: {kind: oauth2, token_url: URL/token, client_id: us, client_secret: {file: secret}}"
    )

    with pytest.raises(NotSent, match="holds no token"):
        await system.create(DRAFT)
    assert [call for call, _headers, _body in small.seen] == ["POST /token"]
    await system.close()


@pytest.mark.parametrize(
    "changes",
    [
        "{path: /list, query: {since: '{since}', after: '{cursor}'}, answer: rows, paging: {kind: cursor, next: next}}",
        "{path: /list, query: {since: '{since}'}, answer: rows, paging: {kind: link}}",
        "{path: /list, query: {since: '{since}', after: '{offset}'}, answer: rows, paging: {kind: offset, size: 2}}",
    ],
)
async def test_pages_are_followed_to_their_end(small, tmp_path, changes):
    system = connected(small, tmp_path, f"changes: {changes}")
    cursor = (await system.changes_since(None)).cursor
    later = datetime.now(UTC).isoformat()
    small.tickets = [{"id": number, "s": "a", "ref": f"r{number}", "u": later} for number in range(5)]

    page = await system.changes_since(cursor)

    assert [one.key for one in page.changes] == ["r0", "r1", "r2", "r3", "r4"]
    await system.close()


async def test_a_next_page_at_another_address_is_not_followed(small, tmp_path):
    system = connected(
        small, tmp_path, "changes: {path: /list, query: {since: '{since}'}, answer: rows, paging: {kind: link}}"
    )
    away = {"Link": '<https://evil.example/list>; rel="next"'}
    small.answers["/list"] = [web.json_response({"rows": []}, headers=away)]

    with pytest.raises(Refused, match="at another address"):
        await system.changes_since(None)
    await system.close()


async def test_a_time_without_a_zone_is_not_guessed(small, tmp_path):
    system = connected(small, tmp_path, "changes: {path: /list, query: {since: '{since}'}, answer: rows}")
    small.tickets = [{"id": 1, "s": "a", "ref": "r", "u": "2026-11-23 10:00:00"}]

    with pytest.raises(NotSent, match="names no zone; say which is meant in 'times.zone'"):
        await system.changes_since(None)
    await system.close()


async def test_without_changes_nothing_is_polled_and_without_find_nothing_is_found(small, tmp_path):
    system = connected(small, tmp_path)

    assert (await system.changes_since(None)).changes == ()
    with pytest.raises(Refused, match="declares no 'find'"):
        await system.find_by_key(TicketKind.CHANGE, "k")
    assert small.seen == []
    await system.close()


async def test_calls_keep_the_declared_pace(small, tmp_path):
    system = connected(small, tmp_path, "rate: {per_second: 20}")
    before = datetime.now(UTC)
    for _ in range(3):
        await system.create(DRAFT)

    assert (datetime.now(UTC) - before).total_seconds() >= 5 / 20
    await system.close()


async def test_a_redirect_is_refused_and_not_followed(small, tmp_path):
    system = connected(small, tmp_path, "auth: {kind: bearer, token: {file: secret}}")
    small.answers["/t"] = [web.Response(status=302, headers={"Location": f"{small.url}/elsewhere"})]

    with pytest.raises(Refused, match="redirects API calls"):
        await system.create(DRAFT)
    assert len(small.seen) == 1
    await system.close()


def test_a_standard_webhook_and_a_bearer_one_are_checked(tmp_path):
    small = Small()
    small.url = "https://small.example.com"
    body = json.dumps({"t": {"id": 7}}).encode()
    secret = base64.b64encode(b"0123456789").decode()
    (tmp_path / "hook").write_text(secret)
    system = connected(small, tmp_path, "webhook: {kind: standard, secret: {file: hook}, id: t.id}")
    stamp = str(int(NOW.timestamp()))
    digest = hmac.new(b"0123456789", f"m.{stamp}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": "m",
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
    (event,) = system.parse_webhook(headers, body, now=NOW)
    assert (event.delivery_id, event.external_id) == ("m", "7")

    bearer = connected(small, tmp_path, "webhook: {kind: bearer, secret: {file: secret}, id: t.id}")
    (event,) = bearer.parse_webhook({"Authorization": "Bearer s3cret"}, body, now=NOW)
    assert event.external_id == "7"
    for given in ({}, {"Authorization": "s3cret"}, {"Authorization": "Bearer s3cre"}):
        with pytest.raises(WebhookRejected, match="The token does not fit"):
            bearer.parse_webhook(given, body, now=NOW)
    with pytest.raises(UnreadableMessage, match=r"names no ticket at 't\.id'"):
        bearer.parse_webhook({"Authorization": "Bearer s3cret"}, b"{}", now=NOW)
    with pytest.raises(WebhookRejected, match="No webhook is declared"):
        connected(small, tmp_path).parse_webhook({}, body, now=NOW)


@pytest.mark.row("N6")
@pytest.mark.parametrize("status", [int(one) for one in HTTPStatus if one >= 300])
@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_every_status_is_one_of_the_four(status, writes):
    found = type(failure("Desk", Errors(), Answer(status, {}, b""), writes=writes))

    unsure = OutcomeUnknown if writes else NotSent
    refused = Gone if status in {404, 410} else Refused  # of what is not there, one tells that it is not
    assert issubclass(Gone, Refused)
    assert found is (Throttled if status == 429 else unsure if status >= 500 or status in {408, 425} else refused)


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        (Means.NOT_SENT, NotSent),
        (Means.THROTTLED, Throttled),
        (Means.REFUSED, Refused),
        (Means.UNKNOWN, OutcomeUnknown),
        (Means.NOTHING, Absent),
    ],
)
def test_a_rule_of_the_file_decides_before_the_status(means, expected):
    rules = (ErrorRule(frozenset({200, 503}), ("error", "code"), "x", means),)
    fits, others = b'{"error": {"code": "x"}}', b'{"error": {"code": "y"}}'

    for status in (200, 503):
        assert type(failure("Desk", Errors((), (), rules), Answer(status, {}, fits), writes=True)) is expected
    assert failure("Desk", Errors((), (), rules), Answer(200, {}, others), writes=True) is None
    assert type(failure("Desk", Errors((), (), rules), Answer(503, {}, b"<html>"), writes=True)) is OutcomeUnknown
