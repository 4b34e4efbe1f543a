"""What people do in Remedy comes back: by polling, which is the truth, and by nudges of a scripted filter."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from connectors.itsm.base import FieldChange, Refused, TicketKind, TicketState, WebhookRejected
from connectors.itsm.remedy import Remedy, connect
from connectors.itsm.remedy import span as span_module
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.wire import instant
from core.clock import SystemClock
from tests.contract.itsm.remedy_server import WEBHOOK_SECRET, Instance, draft_of, patch, serving, settings_of

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
KEY = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))


@pytest.fixture
async def remedy_server() -> AsyncIterator[Instance]:
    async with serving() as running:
        yield running


@pytest.fixture
async def remedy(remedy_server) -> AsyncIterator[Remedy]:
    found = connect(settings_of(remedy_server))
    yield found
    await found.close()


def signed(body: bytes, *, identity: str = "msg_1", at: datetime = NOW, key: bytes = KEY) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    digest = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"Webhook-Id": identity, "Webhook-Timestamp": stamp, "Webhook-Signature": signature}


async def test_the_first_look_tells_nothing_of_the_past(remedy):
    await remedy.create(draft_of())
    first = await remedy.changes_since(None)

    again = await remedy.changes_since(first.cursor)

    assert (first.changes, again.changes) == ((), ())


@pytest.mark.row("N3")
async def test_what_people_change_is_told_once_with_who_did_it(remedy_server, remedy):
    ticket = await remedy.create(draft_of())
    cursor = (await remedy.changes_since(None)).cursor
    await remedy_server.system.edit("change", ticket.number, {"status": "Request For Authorization", "by": "Mary"})

    page = await remedy.changes_since(cursor)

    (change,) = page.changes
    assert (change.key, change.by, change.ours) == ("request-1", "Mary", False)
    assert (change.ticket.number, change.ticket.state) == (ticket.number, TicketState.IN_APPROVAL)
    assert change.ticket.label == "Request For Authorization"
    assert (await remedy.changes_since(page.cursor)).changes == ()


async def test_a_second_change_within_the_same_second_is_told_too(remedy_server, remedy):
    ticket = await remedy.create(draft_of())
    cursor = (await remedy.changes_since(None)).cursor
    seen = []
    for edit in (
        {"status": "Request For Authorization", "by": "Mary"},
        {"approval": "approve", "by": "Mary"},
        {"status": "Cancelled", "Status Reason": "No Longer Required", "by": "Mary"},
    ):
        await remedy_server.system.edit("change", ticket.number, edit)
        page = await remedy.changes_since(cursor)
        cursor = page.cursor
        seen += [one.ticket.label for one in page.changes]

    assert seen == ["Request For Authorization", "Planning In Progress", "Cancelled"]


async def test_our_own_hand_is_marked_as_an_echo(remedy):
    ticket = await remedy.create(draft_of())
    cursor = (await remedy.changes_since(None)).cursor
    await remedy.update(ticket, patch(TicketState.IN_APPROVAL, note="asked"))

    (change,) = (await remedy.changes_since(cursor)).changes

    assert (change.ours, change.by, change.notes) == (True, "countersign", ())


@pytest.mark.row("N3")
@pytest.mark.parametrize("kind", [TicketKind.CHANGE, TicketKind.INCIDENT])
async def test_what_people_write_is_taken_over_once_and_what_we_write_is_not(remedy_server, remedy, kind):
    ticket = await remedy.create(draft_of(kind=kind))
    cursor = (await remedy.changes_since(None)).cursor
    await remedy.comment(ticket, "from us", key="event-1")
    await remedy_server.system.edit(kind.value, ticket.number, {"comment": "from Bob", "by": "Bob"})

    page = await remedy.changes_since(cursor)

    (change,) = page.changes
    assert [(note.author, note.text, note.internal) for note in change.notes] == [("Bob", "from Bob", True)]
    assert (change.key, change.by, change.ours) == ("request-1", "Bob", False)
    assert (await remedy.changes_since(page.cursor)).changes == ()


async def test_notes_on_tickets_that_are_not_ours_are_left_alone(remedy_server, remedy):
    (other,) = remedy_server.system.records("change")
    cursor = (await remedy.changes_since(None)).cursor
    await remedy_server.system.edit("change", other["number"], {"comment": "hello", "by": "Bob"})

    assert (await remedy.changes_since(cursor)).changes == ()


async def test_more_than_a_page_of_one_second_is_read_to_its_end(remedy_server, remedy, monkeypatch):
    monkeypatch.setattr(span_module, "PAGE_ROWS", 3)
    cursor = (await remedy.changes_since(None)).cursor
    keys = {f"request-{number}" for number in range(11)}
    for key in sorted(keys):
        await remedy.create(draft_of(key))

    page = await remedy.changes_since(cursor)

    assert {change.key for change in page.changes} == keys
    assert [change.at for change in page.changes] == sorted(change.at for change in page.changes)


async def test_a_server_that_cuts_its_answers_short_is_read_to_the_end_too(remedy_server, remedy):
    remedy_server.system.configure({"max_entries_per_query": 2})
    cursor = (await remedy.changes_since(None)).cursor
    for number in range(5):
        await remedy.create(draft_of(f"request-{number}"))

    assert len((await remedy.changes_since(cursor)).changes) == 5


@pytest.mark.row("N3", "N6")
async def test_after_a_long_absence_a_look_reads_so_much_and_the_next_goes_on_until_all_is_told_once(
    remedy_server, remedy, monkeypatch
):
    monkeypatch.setattr(span_module, "PAGE_ROWS", 3)
    monkeypatch.setattr(span_module, "ROWS_MAX", 6)
    cursor = (await remedy.changes_since(None)).cursor
    minutes = itertools.count()
    away = datetime.now(UTC)
    monkeypatch.setattr(remedy_server.system._server, "clock", lambda: away + timedelta(minutes=next(minutes)))
    tickets = [await remedy.create(draft_of(f"request-{number}")) for number in range(14)]
    for ticket in tickets:
        await remedy_server.system.edit("change", ticket.number, {"comment": f"on {ticket.number}", "by": "Bob"})
    asked: dict[str, int] = Counter()
    select = RemedyClient.select

    async def counted(client, form, *args, **kwargs):
        page = await select(client, form, *args, **kwargs)
        asked[form] += len(page.rows)
        return page

    monkeypatch.setattr(RemedyClient, "select", counted)
    heard, notes, looks = set(), [], 0
    while True:
        asked.clear()
        page = await remedy.changes_since(cursor)
        assert (
            max(asked.values()) <= 6 + 3 + 6
        )  # of a form: what is enough, a page more, and those that notes belong to
        if page.cursor == cursor and not page.changes:
            break
        cursor, looks = page.cursor, looks + 1
        heard |= {change.ticket.number for change in page.changes}
        notes += [note.text for change in page.changes for note in change.notes]

    assert looks > 2
    assert heard == {ticket.number for ticket in tickets}
    assert sorted(notes) == sorted(f"on {ticket.number}" for ticket in tickets)


@pytest.mark.row("N3", "N6")
async def test_more_than_enough_within_one_second_does_not_make_looks_stand_still(remedy_server, remedy, monkeypatch):
    monkeypatch.setattr(span_module, "PAGE_ROWS", 2)
    monkeypatch.setattr(span_module, "ROWS_MAX", 2)
    cursor = (await remedy.changes_since(None)).cursor
    away = datetime.now(UTC) + timedelta(hours=3)
    monkeypatch.setattr(remedy_server.system._server, "clock", lambda: away)
    keys = {f"request-{number}" for number in range(7)}
    for key in sorted(keys):
        await remedy.create(draft_of(key))

    heard = []
    for _ in range(9):
        page = await remedy.changes_since(cursor)
        cursor = page.cursor
        heard += [change.key for change in page.changes]

    assert sorted(heard) == sorted(keys)


async def test_two_pollers_with_one_cursor_hear_the_same(remedy_server, remedy):
    cursor = (await remedy.changes_since(None)).cursor
    await remedy.create(draft_of())

    one, other = await asyncio.gather(remedy.changes_since(cursor), remedy.changes_since(cursor))

    assert one == other


@pytest.mark.parametrize("cursor", ["x", "{}", "[]", '{"until": "x", "seen": {}}', '{"until": 1, "seen": [1]}',
                                    '{"until": 1e400, "seen": {}}'])  # fmt: skip
async def test_a_cursor_of_somebody_else_is_refused(remedy, cursor):
    with pytest.raises(Refused, match="no cursor of this connector"):
        await remedy.changes_since(cursor)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-06-21T11:08:05.000+0000", datetime(2022, 6, 21, 11, 8, 5, tzinfo=UTC)),
        ("2022-06-21T13:08:05.000+0200", datetime(2022, 6, 21, 11, 8, 5, tzinfo=UTC)),
        ("2022-06-21T11:08:05", None),  # without a zone it could be any instant
        (None, None),
        ("", None),
    ],
)
def test_times_are_instants_whatever_zone_they_are_written_in(text, expected):
    assert instant(text) == expected


@pytest.mark.row("N3")
async def test_an_edit_by_a_person_arrives_signed_and_is_read(remedy_server, remedy):
    messages = []

    async def receive(request: web.Request) -> web.Response:
        messages.append((dict(request.headers), await request.read()))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hooks/remedy/acme", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/remedy/acme"
    remedy_server.system.configure({"webhook_url": url, "webhook_secret": WEBHOOK_SECRET})
    ticket = await remedy.create(draft_of())
    assert messages == []  # the filter is silent about our own account

    await remedy_server.system.edit("change", ticket.number, {"ServiceCI": "Payments", "comment": "hm", "by": "Mary"})

    events = [remedy.parse_webhook(*one, now=SystemClock().now())[0] for one in messages]
    by_table = {event.table: event for event in events}
    assert set(by_table) == {"CHG:Infrastructure Change", "CHG:WorkLog"}
    assert {(event.external_id, event.by, event.ours) for event in events} == {(ticket.external_id, "Mary", False)}
    assert by_table["CHG:Infrastructure Change"].changes == {"ServiceCI": FieldChange("", "Payments")}
    await runner.cleanup()


BODY = json.dumps({"form": "CHG:Infrastructure Change", "request": "CRQ000000000101"}).encode()


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({}, BODY, "no webhook-id"),
        (signed(BODY, key=b"another key"), BODY, "signature"),
        (signed(BODY), BODY + b" ", "signature"),
        (signed(BODY, at=NOW - timedelta(minutes=6)), BODY, "five minutes"),
    ],
)
def test_a_message_that_proves_nothing_is_rejected(remedy, headers, body, reason):
    with pytest.raises(WebhookRejected, match=reason):
        remedy.parse_webhook(headers, body, now=NOW)


async def test_without_a_secret_no_message_is_accepted(remedy_server):
    unsigned = connect(settings_of(remedy_server, webhook_secret=None))

    with pytest.raises(WebhookRejected, match="No webhook secret"):
        unsigned.parse_webhook(signed(BODY), BODY, now=NOW)
    await unsigned.close()
