"""What people do in ServiceNow comes back: by polling, which is the truth, and by signed nudges."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.itsm.base import FieldChange, TicketPatch, TicketState, WebhookRejected
from connectors.itsm.servicenow.client import ServiceNowClient
from core.changes import TaskState, TaskStep
from core.clock import SystemClock
from core.tickets import ShownTask
from tests.contract.itsm.bench import WEBHOOK_SECRET, make_draft

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
KEY = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))


def signed(body: bytes, *, identity: str = "msg_1", at: datetime = NOW, key: bytes = KEY) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    digest = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"Webhook-Id": identity, "Webhook-Timestamp": stamp, "Webhook-Signature": signature}


async def drained(servicenow: Any, cursor: str | None) -> tuple[list[Any], str]:
    page = await servicenow.changes_since(cursor)
    return list(page.changes), page.cursor


async def test_an_approvers_refusal_arrives_with_its_reason(instance, servicenow, draft):
    ticket = await servicenow.create(draft)
    await servicenow.update(ticket, TicketPatch("event-1", TicketState.IN_APPROVAL))
    _, cursor = await drained(servicenow, None)
    asked = next(one for one in instance.records("sysapproval_approver") if one["display"]["approver"] == "Luke Wilson")
    decision = {"state": "rejected", "comments": "Not this quarter.", "sys_updated_by": "luke.wilson"}
    await instance.system.edit("sysapproval_approver", asked["sys_id"], decision)

    (change,), _ = await drained(servicenow, cursor)

    assert (change.ticket.state, change.ours) == (TicketState.REJECTED, False)
    assert [note.text for note in change.notes] == ["Luke Wilson - Rejected: Not this quarter."]


async def test_many_changes_are_read_page_by_page_although_some_rows_are_hidden(instance, servicenow, monkeypatch):
    monkeypatch.setattr("connectors.itsm.servicenow.walking.PAGE_ROWS", 4)
    _, cursor = await drained(servicenow, None)
    tickets = [await servicenow.create(make_draft(f"page-{number}", fields={})) for number in range(11)]
    for hidden in tickets[1:4]:
        await instance.system.edit("change_request", hidden.external_id, {"u_restricted": True})

    changes, cursor = await drained(servicenow, cursor)

    expected = {ticket.number for ticket in (tickets[0], *tickets[4:])}
    assert {change.ticket.number for change in changes} == expected
    assert len(changes) == len(expected)


@pytest.mark.row("N1", "X6")
async def test_what_is_touched_while_pages_are_read_hides_nothing_behind_it(instance, servicenow, monkeypatch):
    monkeypatch.setattr("connectors.itsm.servicenow.walking.PAGE_ROWS", 4)
    seconds = itertools.count()
    monkeypatch.setattr(instance.system._instance, "clock", lambda: NOW + timedelta(seconds=next(seconds)))
    _, cursor = await drained(servicenow, None)
    tickets = [await servicenow.create(make_draft(f"page-{number}", fields={})) for number in range(11)]
    asked, select = itertools.count(1), ServiceNowClient.select

    async def touched_meanwhile(client, table, *args, **kwargs):
        page = await select(client, table, *args, **kwargs)
        if table == "change_request" and next(asked) == 1:  # somebody is busy with what stood on the first page
            for ticket in tickets[:2]:
                await instance.system.edit(table, ticket.external_id, {"category": "Software"})
        return page

    monkeypatch.setattr(ServiceNowClient, "select", touched_meanwhile)
    changes, _ = await drained(servicenow, cursor)

    assert sorted(change.ticket.number for change in changes) == sorted(ticket.number for ticket in tickets)


async def test_an_edit_by_a_person_arrives_signed_and_is_read(instance, servicenow, draft, receiver):
    instance.system.configure({"webhook_url": receiver.url, "webhook_secret": WEBHOOK_SECRET})
    ticket = await servicenow.create(draft)
    assert receiver.messages == []  # the rule is silent about our own account

    await instance.system.edit("change_request", ticket.external_id, {"state": "Canceled"})

    (headers, body) = receiver.messages[0]
    (event,) = servicenow.parse_webhook(headers, body, now=SystemClock().now())
    assert (event.table, event.external_id, event.number) == ("change_request", ticket.external_id, ticket.number)
    assert (event.operation, event.by, event.ours) == ("update", "beth.anglin", False)
    assert event.changes == {"state": FieldChange("-5", "4")}
    assert instance.system.describe()["webhook"]["last"][0]["status"] == 204


async def test_a_receiver_that_is_not_there_does_not_disturb_the_edit(instance, servicenow, draft):
    instance.system.configure({"webhook_url": "http://127.0.0.1:9/nobody", "webhook_secret": WEBHOOK_SECRET})
    ticket = await servicenow.create(draft)

    edited = await instance.system.edit("change_request", ticket.external_id, {"category": "Software"})

    assert edited["category"] == "Software"
    assert "error" in instance.system.describe()["webhook"]["last"][0]


async def test_the_simulated_rule_may_also_tell_of_our_own_writes(instance, servicenow, draft, receiver):
    instance.system.configure({"webhook_url": receiver.url, "webhook_secret": WEBHOOK_SECRET, "webhook_all": True})
    ticket = await servicenow.create(draft)
    await instance.system.edit("change_request", ticket.external_id, {"category": "Software"})

    events = [servicenow.parse_webhook(*message, now=SystemClock().now())[0] for message in receiver.messages]

    assert {(event.operation, event.ours) for event in events} == {("insert", True), ("update", False)}


BODY = json.dumps({"table": "change_request", "sys_id": "0" * 32, "sys_mod_count": "3"}).encode()


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({}, BODY, "no webhook-id"),
        (signed(BODY, key=b"another key"), BODY, "signature"),
        (signed(BODY), BODY + b" ", "signature"),
        ({**signed(BODY), "Webhook-Id": "msg_2"}, BODY, "signature"),
        (signed(BODY, at=NOW - timedelta(minutes=6)), BODY, "five minutes"),
        (signed(BODY, at=NOW + timedelta(minutes=6)), BODY, "five minutes"),
        ({**signed(BODY), "Webhook-Timestamp": "now"}, BODY, "no webhook-id or webhook-timestamp"),
    ],
)
def test_a_message_that_proves_nothing_is_rejected(servicenow, headers, body, reason):
    with pytest.raises(WebhookRejected, match=reason):
        servicenow.parse_webhook(headers, body, now=NOW)


def test_during_a_key_rotation_any_signature_is_enough(servicenow):
    headers = signed(BODY)
    headers["Webhook-Signature"] = f"v1,AAAA v1a,BBBB {headers['Webhook-Signature']}"

    (event,) = servicenow.parse_webhook(headers, BODY, now=NOW)

    assert (event.delivery_id, event.version) == ("msg_1", 3)


@pytest.mark.row("G3", "X8")
async def test_whoever_closed_a_task_answers_for_it_whoever_touched_it_since(instance, servicenow, draft):
    ticket = await servicenow.create(draft)
    cursor = (await servicenow.changes_since(None)).cursor
    step = ShownTask("subject:testing", TaskStep.TESTING, "Test", "Load test.", TaskState.OPEN)
    (shown,) = await servicenow.show_tasks(ticket, [step])
    closed = {"state": "Closed", "close_code": "successful", "close_notes": "Done.", "sys_updated_by": "luke.wilson"}
    await instance.system.edit("change_task", shown.external_id, closed)
    await instance.system.edit("change_task", shown.external_id, {"work_notes": "?", "sys_updated_by": "beth.anglin"})

    (told,) = [one for one in (await servicenow.changes_since(cursor)).tasks if one.external_id == shown.external_id]

    assert (told.account, told.words, told.is_ours) == ("luke.wilson", "Done.", False)
