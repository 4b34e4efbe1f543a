"""A message that proves where it comes from and says nothing that we can take is told what it lacks (N1, X8).

Its signature is right: that is no forgery, and no reason to accuse anybody of one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from connectors.itsm.base import WebhookRejected
from connectors.itsm.custom import webhooks as custom
from connectors.itsm.custom.spec import WebhookKind
from connectors.itsm.jira import webhooks as jira
from connectors.itsm.jira.wire import Person
from connectors.itsm.remedy import webhooks as remedy
from connectors.itsm.servicenow import webhooks as servicenow
from connectors.messages import UnreadableMessage

pytestmark = pytest.mark.row("N1", "X8")
NOW = datetime(2026, 11, 28, tzinfo=UTC)
MS = int(NOW.timestamp() * 1000)
KEY = b"key"


def _signed(body):
    stamp = str(int(NOW.timestamp()))
    digest = base64.b64encode(hmac.new(KEY, f"m.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
    return {"webhook-id": "m", "webhook-timestamp": stamp, "webhook-signature": f"v1,{digest}"}


def of_servicenow(body):
    return servicenow.read_webhook(_signed(body), body, key=KEY, account="us", now=NOW)


def of_remedy(body):
    return remedy.read_webhook(_signed(body), body, key=KEY, account="us", now=NOW)


def of_jira(body):
    headers = {"x-hub-signature": f"sha256={hmac.new(KEY, body, hashlib.sha256).hexdigest()}"}
    return jira.read_webhook(headers, body, secret=KEY.decode(), own=Person("", ""), now=NOW)


def of_desk(body):
    declared = SimpleNamespace(
        kind=WebhookKind.BEARER, header="x-proof", id=("t", "id"), by=("by",), number=(), operation=()
    )
    return custom.read_webhook({"X-Proof": "key"}, body, declared=declared, secret=KEY, account="", now=NOW)


def issue(**said):
    return json.dumps({"timestamp": MS, "webhookEvent": "jira:issue_updated", "issue": {"id": "7"}, **said}).encode()


READERS = [of_servicenow, of_remedy, of_jira, of_desk]
NOTHING = [
    (b"<html>", "not JSON"),
    (b"\xff", "not JSON"),
    (b"[]", "no JSON object"),
    (b"[" * 5_000 + b"]" * 5_000, "nests more than 64"),
    (b'{"t":' * 900 + b"1" + b"}" * 900, "nests more than 64"),
    (b'{"number":"\\u0000"}', "U\\+0000"),
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(("body", "reason"), NOTHING)
def test_what_cannot_be_read_is_no_forgery(read, body, reason):
    with pytest.raises(UnreadableMessage, match=reason):
        read(body)


@pytest.mark.parametrize(
    ("read", "body", "where"),
    [
        (of_servicenow, b"{}", "sys_id"),
        (of_servicenow, b'{"sys_id":"x"}', "sys_id"),
        (of_remedy, b"{}", "request"),
        (of_remedy, b'{"request":"x\'"}', "request"),
        (of_desk, b"{}", "t.id"),
        (of_jira, b"{}", "timestamp"),
        (of_jira, issue(timestamp=True), "timestamp"),
        (of_jira, issue(issue=None), "issue.id"),
        (of_jira, issue(issue={"id": "../../x"}), "issue.id"),
    ],
)
def test_what_is_missing_is_named(read, body, where):
    with pytest.raises(UnreadableMessage) as refused:
        read(body)
    assert refused.value.where == where
    assert where in refused.value.message


def test_of_jira_an_empty_body_points_to_the_webhooks_settings():
    with pytest.raises(UnreadableMessage, match="do not exclude it"):
        of_jira(b"")


@pytest.mark.parametrize("updated", ["0001-01-01T00:00:00.000+1400", "9999-12-31T23:59:59.000-1400"])
def test_a_time_beyond_all_calendars_is_none(updated):
    (event,) = of_jira(issue(issue={"id": "7", "fields": {"updated": updated}}))
    assert event.version == MS
    (event,) = of_remedy(json.dumps({"request": "CRQ1", "last_modified_date": updated}).encode())
    assert event.version == 0


def test_a_timestamp_of_any_length_is_too_old_or_too_new():
    for stamp in (10**400, -(10**400), MS - 3 * 3_600_000):
        with pytest.raises(WebhookRejected, match="older than two hours"):
            of_jira(issue(timestamp=stamp))
