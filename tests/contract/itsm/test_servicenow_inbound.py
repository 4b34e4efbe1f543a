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
from connectors.itsm.cursor import Cursor, read_cursor
from connectors.itsm.servicenow.client import ServiceNowClient
from core.changes import TaskState, TaskStep
from core.clock import SystemClock
from core.tickets import Decision, ShownTask
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
    _ticket, asked, cursor = await waiting_for_luke(instance, servicenow, draft)
    decision = {"state": "rejected", "comments": "Not this quarter.", "sys_updated_by": "luke.wilson"}
    await instance.system.edit("sysapproval_approver", asked["sys_id"], decision)

    (change,), cursor = await drained(servicenow, cursor)

    assert (change.ticket.state, change.ours) == (TicketState.REJECTED, False)
    (told,) = [one for one in change.approvals if one.decision is Decision.REJECTED]
    assert (told.name, told.comment) == ("Luke Wilson", "Not this quarter.")
    copied = [(note.text, note.is_of_approval) for note in change.notes]
    assert copied == [("Luke Wilson - Rejected: Not this quarter.", True)]
    assert await drained(servicenow, cursor) == ([], cursor)


async def test_what_a_look_brings_after_its_approval_is_known_as_a_copy_of_it(instance, servicenow, draft):
    _ticket, asked, before = await waiting_for_luke(instance, servicenow, draft)
    approved = {"state": "approved", "comments": "Fine.", "sys_updated_by": "luke.wilson"}
    await instance.system.edit("sysapproval_approver", asked["sys_id"], approved)
    told_of_row, cursor = await drained(servicenow, before)
    # The same look again, which has heard of the approval already, and of its copy not yet.
    heard = read_cursor(cursor)
    rows = {one.id for change in told_of_row for one in change.approvals}
    known = Cursor(read_cursor(before).until, frozenset(one for one in heard.seen if any(id_ in one for id_ in rows)))

    (change,), _ = await drained(servicenow, known.text())

    assert change.approvals == ()
    assert [(note.text, note.is_of_approval) for note in change.notes] == [("Luke Wilson - Approved: Fine.", True)]


@pytest.mark.parametrize(
    ("field", "words"),
    [("work_notes", "Luke Wilson - Approved: Fine."), ("comments", "Luke Wilson - Approved: Not so fine.")],
)
async def test_what_only_looks_like_an_approvals_comment_is_a_note(instance, servicenow, draft, field, words):
    ticket, asked, cursor = await waiting_for_luke(instance, servicenow, draft)
    approved = {"state": "approved", "comments": "Fine.", "sys_updated_by": "luke.wilson"}
    await instance.system.edit("sysapproval_approver", asked["sys_id"], approved)
    await instance.system.edit("change_request", ticket.external_id, {field: words})

    changes, _ = await drained(servicenow, cursor)

    notes = [(note.text, note.internal) for one in changes for note in one.notes if not note.is_of_approval]
    assert notes == [(words, field == "work_notes")]


async def waiting_for_luke(instance, servicenow, draft):
    """A change on which Luke Wilson is asked by ServiceNow's own workflow, his row, and a cursor behind that."""
    ticket = await servicenow.create(draft)
    await servicenow.update(ticket, TicketPatch("event-1", TicketState.IN_APPROVAL))
    _, cursor = await drained(servicenow, None)
    rows = instance.records("sysapproval_approver")
    return ticket, next(one for one in rows if one["display"]["approver"] == "Luke Wilson"), cursor


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
