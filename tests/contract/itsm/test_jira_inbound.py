"""Jira's signed nudges: which are ours, which prove nothing, and what they tell."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.itsm.base import FieldChange, TicketPatch, TicketState, WebhookRejected
from connectors.itsm.jira import Jira, connect
from connectors.itsm.jira.webhooks import read_webhook
from connectors.itsm.jira.wire import Person
from core.clock import SystemClock
from tests.contract.itsm.bench import WEBHOOK_SECRET
from tests.contract.itsm.jira_bench import JiraBench, jira_bench

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
OWN = Person("5b10a", "countersign@example.com", "countersign@example.com")

pytestmark = pytest.mark.row("N2")


@pytest.fixture(params=["cloud", "datacenter"])
async def site(request) -> AsyncIterator[JiraBench]:
    async with jira_bench(request.param) as bench:
        yield bench


@pytest.fixture
async def connected(site) -> AsyncIterator[Jira]:
    system = connect(site.settings())
    yield system
    await system.close()


def body(**changes: Any) -> bytes:
    stamp = int(NOW.timestamp() * 1000)
    given = {"timestamp": stamp, "webhookEvent": "jira:issue_updated", "issue": {"id": "10001", "key": "GOV-2"}}
    return json.dumps({**given, **changes}).encode()


def signed(raw: bytes, secret: str = WEBHOOK_SECRET) -> dict[str, str]:
    return {"x-hub-signature": f"sha256={hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}"}


def read(raw: bytes, headers: dict[str, str] | None = None, *, now: datetime = NOW) -> Any:
    return read_webhook(signed(raw) if headers is None else headers, raw, secret=WEBHOOK_SECRET, own=OWN, now=now)


async def test_what_a_person_did_tells_from_what_we_did(site, connected, draft, receiver):
    await connected.changes_since((await connected.changes_since(None)).cursor)  # so that it knows its own account
    site.send_webhooks(receiver.url, WEBHOOK_SECRET)
    ticket = await connected.create(draft)
    await connected.update(ticket, TicketPatch("event-1", TicketState.IN_APPROVAL, note="opened"))
    await site.system.edit("issue", ticket.external_id, {"comment": "Looks fine.", "status": "Approved"})
    # created; our comment and its update; our move; a person's comment and its update; their move; the property is none
    await receiver.until(lambda messages: len(messages) >= 7)

    events = [
        event
        for headers, raw in receiver.messages
        for event in connected.parse_webhook(headers, raw, now=SystemClock().now())
    ]

    ours = [(event.table, event.operation) for event in events if event.ours]
    theirs = [(event.table, event.operation) for event in events if not event.ours]
    assert sorted(ours) == [
        ("comment", "comment_created"),
        ("issue", "jira:issue_created"),
        ("issue", "jira:issue_updated"),
        ("issue", "jira:issue_updated"),
    ]
    assert sorted(theirs) == [
        ("comment", "comment_created"),
        ("issue", "jira:issue_updated"),
        ("issue", "jira:issue_updated"),
    ]
    assert {event.external_id for event in events} == {ticket.external_id}
    assert len({event.delivery_id for event in events}) == len(events)
    moves = [event.changes["status"] for event in events if "status" in event.changes]
    assert FieldChange("Waiting for Approval", "Approved") in moves


async def test_a_site_that_tries_again_sends_the_same_identity(receiver, draft):
    async with jira_bench("cloud") as site:
        connected = connect(site.settings())
        site.send_webhooks(receiver.url, WEBHOOK_SECRET)
        ticket = await connected.create(draft)
        await receiver.until(bool)
        (event,) = connected.parse_webhook(*receiver.messages[0], now=SystemClock().now())
        again = {**receiver.messages[0][0], "X-Atlassian-Webhook-Retry": "3"}
        late = SystemClock().now() + timedelta(minutes=75)
        (repeated,) = connected.parse_webhook(again, receiver.messages[0][1], now=late)
        await connected.close()

    assert event.external_id == ticket.external_id
    assert repeated == event


@pytest.mark.parametrize(
    ("raw", "headers", "reason"),
    [
        (body(), {}, "no X-Hub-Signature"),
        (body(), signed(body(), "another"), "does not fit"),
        (body(), {"X-Hub-Signature": signed(body())["x-hub-signature"].removeprefix("sha256=")}, "does not fit"),
        (body(), {"X-Hub-Signature": "sha256=é"}, "does not fit"),
        (body(timestamp=int((NOW - timedelta(hours=3)).timestamp() * 1000)), None, "older than two hours"),
        (body(timestamp=int((NOW + timedelta(minutes=6)).timestamp() * 1000)), None, "newer than five minutes"),
    ],
)
def test_a_message_that_proves_nothing_is_rejected(raw, headers, reason):
    with pytest.raises(WebhookRejected, match=reason):
        read(raw, headers)


def test_what_is_not_followed_is_no_event():
    assert read(body(webhookEvent="issuelink_created")) == ()
    assert read(body(webhookEvent="issue_property_set")) == ()


def test_a_comment_on_data_center_names_its_issue_by_its_address():
    address = "https://jira.example/rest/api/2/issue/10007/comment/10100"
    comment = {"self": address, "author": {"name": "mia"}, "updateAuthor": {"name": "noah", "displayName": "Noah"}}

    (event,) = read(body(webhookEvent="comment_created", issue=None, comment=comment))

    assert (event.external_id, event.number, event.by, event.table) == ("10007", "", "Noah", "comment")
    assert (
        event.delivery_id
        == hashlib.sha256(body(webhookEvent="comment_created", issue=None, comment=comment)).hexdigest()
    )


@pytest.mark.parametrize(
    ("user", "ours"),
    [
        ({"accountId": "5b10a"}, True),
        ({"accountId": "other", "emailAddress": "Countersign@example.com"}, True),
        ({"accountId": "other", "displayName": "countersign@example.com"}, False),
        ({}, False),
    ],
)
def test_our_account_is_known_by_id_or_address_and_never_by_a_shown_name(user, ours):
    (event,) = read(body(user=user))

    assert event.ours is ours
