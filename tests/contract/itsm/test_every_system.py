"""What every ticket connector does, over real HTTP against its simulated system: the protocol's promises, one by one."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from pydantic import SecretStr

from connectors.itsm.base import (
    Health,
    NotSent,
    Refused,
    TicketFile,
    TicketKind,
    TicketState,
    WebhookRejected,
)
from connectors.itsm.registry import CONNECTORS, connector
from connectors.itsm.rehearsal import DryRun, rehearse_create, rehearse_update
from core.clock import SystemClock
from sandbox.faults import Fault
from tests.contract.itsm.bench import EVERY_STATE, OTHER_SECRET, WEBHOOK_SECRET, make_draft, patch, told, until_done
from tests.contract.itsm.jira_bench import JiraBench

pytestmark = pytest.mark.row("N1", "N2", "N4", "N6")
RECORD = TicketFile("REQ-1042-decision.json", "application/json", '{\n  "by": "Zoë"\n}\n'.encode())


# What a ticket goes through


async def test_a_ticket_is_created_with_its_number_its_address_and_its_key(bench, connected, draft):
    ticket = await connected.create(draft)

    record = bench.one(draft.key)
    assert (ticket.external_id, ticket.number, ticket.label) == (record.id, record.number, record.label)
    assert (ticket.state, ticket.kind) == (TicketState.OPEN, TicketKind.CHANGE)
    assert ticket.url.startswith(bench.url)


async def test_creating_again_with_the_same_key_finds_the_ticket(bench, connected, draft):
    first = await connected.create(draft)

    assert await connected.create(draft) == first
    assert await connected.find_by_key(TicketKind.CHANGE, draft.key) == first
    assert len(bench.with_key(draft.key)) == 1


async def test_no_ticket_has_an_unused_key(connected):
    assert await connected.find_by_key(TicketKind.CHANGE, "nobody-used-this") is None


async def test_of_several_tickets_with_one_key_the_oldest_counts_and_the_others_are_cancelled(bench, connected):
    for _ in range(3):
        await bench.plant("request-2")

    found = await connected.find_by_key(TicketKind.CHANGE, "request-2")
    again = await connected.find_by_key(TicketKind.CHANGE, "request-2")

    oldest, *doubles = bench.with_key("request-2")
    assert found == again
    assert found is not None
    assert (found.number, found.state) == (oldest.number, TicketState.OPEN)
    assert [one.label for one in doubles] == [bench.cancelled] * 2
    reason = f"Created twice by an interrupted call; {oldest.number} is the one that counts."
    assert [one.notes for one in doubles] == [(reason,)] * 2


async def test_an_approved_request_walks_its_change_to_the_end(bench, connected, draft):
    ticket = await connected.create(draft)
    seen = {}
    for target in EVERY_STATE:
        step = patch(target, target.value, note=f"now {target.value}", by="Ann Lee", close_notes="All good.")
        moved = await connected.update(ticket, step)
        seen[target] = (moved.state, moved.label)

    assert seen == bench.life
    assert bench.one(draft.key).walked == bench.walked
    assert bench.one(draft.key).notes == tuple(f"now {target.value}" for target in EVERY_STATE)


async def test_a_file_is_attached_once_however_often_it_is_sent(bench, connected, draft):
    ticket = await connected.create(draft)
    other = TicketFile("REQ-1042-evidence.json", "application/json", b"[]")
    for file in (RECORD, other, RECORD):
        await connected.attach(ticket, file)

    assert bench.capabilities.attachments
    assert sorted(bench.attached(ticket)) == [(RECORD.name, len(RECORD.content)), (other.name, 2)]


async def test_no_file_is_doubled_when_the_answer_is_lost_after_it_was_kept(bench, impatient, draft):
    ticket = await impatient.create(draft)
    calls = 2 if bench.slug == "remedy" else 1  # looking for a file and writing it share an address there
    bench.fail(Fault.COMMIT_THEN_TIMEOUT, calls, match=bench.attaching)

    await until_done(lambda: impatient.attach(ticket, RECORD))

    assert bench.met() == calls
    assert bench.attached(ticket) == [(RECORD.name, len(RECORD.content))]


@pytest.mark.parametrize("target", EVERY_STATE)
async def test_one_step_to_any_state_takes_all_steps_between(bench, connected, draft, target):
    ticket = await connected.create(draft)

    moved = await connected.update(ticket, patch(target, note="at once", by="Ann Lee"))

    assert (moved.state, moved.label) == bench.life[target]
    walked = bench.one(draft.key).walked
    assert walked == bench.walked[: len(walked)]


async def test_repeating_an_update_changes_nothing(bench, connected, draft):
    ticket = await connected.create(draft)
    step = patch(TicketState.APPROVED, note="approved by all")
    first = await connected.update(ticket, step)
    before = bench.one(draft.key)

    assert await connected.update(ticket, step) == first
    assert bench.one(draft.key) == before


async def test_a_ticket_that_is_further_than_asked_stays_where_it_is(connected, draft):
    ticket = await connected.create(draft)
    await connected.update(ticket, patch(TicketState.IMPLEMENTING))

    assert (await connected.update(ticket, patch(TicketState.APPROVED, "event-2"))).state is TicketState.IMPLEMENTING


async def test_a_rejected_request_leaves_its_reason_and_a_rejected_ticket(bench, connected, draft):
    ticket = await connected.create(draft)
    await connected.update(ticket, patch(TicketState.IN_APPROVAL))

    moved = await connected.update(ticket, patch(TicketState.REJECTED, "event-2", note="No owner.", by="Lee Wong"))

    assert (moved.state, moved.label) == (TicketState.REJECTED, bench.rejected)
    assert bench.one(draft.key).notes[0] == "No owner."


@pytest.mark.parametrize(
    "before", [TicketState.OPEN, TicketState.IN_APPROVAL, TicketState.APPROVED, TicketState.IMPLEMENTING]
)
async def test_a_change_is_cancelled_from_every_state_before_its_end(bench, connected, draft, before):
    ticket = await connected.create(draft)
    await connected.update(ticket, patch(before))

    moved = await connected.update(ticket, patch(TicketState.CANCELLED, "event-2", note="withdrawn"))

    assert (moved.state, moved.label) == (TicketState.CANCELLED, bench.cancelled)


async def test_a_change_that_people_cancelled_is_not_revived(bench, connected, draft):
    ticket = await connected.create(draft)
    await bench.cancel(ticket)

    with pytest.raises(Refused, match="was cancelled"):
        await connected.update(ticket, patch(TicketState.APPROVED))
    assert bench.one(draft.key).label == bench.cancelled


async def test_a_closed_change_cannot_be_cancelled_and_says_so(bench, connected, draft):
    ticket = await connected.create(draft)
    await connected.update(ticket, patch(TicketState.CLOSED))

    with pytest.raises(Refused, match=bench.one(draft.key).number):
        await connected.update(ticket, patch(TicketState.CANCELLED, "event-2"))


async def test_a_note_is_written_once_however_often_it_is_sent(bench, connected, draft):
    ticket = await connected.create(draft)
    for _ in range(3):
        await connected.comment(ticket, "The security review is done.", key="event-5")
    await connected.comment(ticket, "The security review is done.", key="event-6")
    await connected.comment(ticket, "", key="event-7")

    assert bench.one(draft.key).notes == ("The security review is done.",) * 2


async def test_an_incident_is_created_worked_on_resolved_and_closed(bench):
    desk = bench.incidents() if isinstance(bench, JiraBench) else bench
    connected = desk.connect()
    ticket = await connected.create(make_draft("incident-2", TicketKind.INCIDENT, {"impact": "high"}))
    seen = {}
    for target in desk.incident:
        moved = await connected.update(ticket, patch(target, target.value, note="restarted"))
        seen[target] = (moved.state, moved.label)
    await connected.close()

    assert seen == desk.incident
    assert len(desk.with_key("incident-2", TicketKind.INCIDENT)) == 1


async def test_calls_side_by_side_never_mix_their_records(bench, connected):
    keys = [f"parallel-{number}" for number in range(8)]
    patient = bench.connect()
    tickets = await asyncio.gather(*(patient.create(make_draft(key)) for key in keys))
    again = await asyncio.gather(*(patient.find_by_key(TicketKind.CHANGE, key) for key in keys))
    await patient.close()

    assert list(again) == tickets
    assert [bench.one(key).id for key in keys] == [ticket.external_id for ticket in tickets]


async def test_a_requester_whom_the_system_does_not_know_is_left_out(bench, connected):
    await connected.create(make_draft("who"))

    assert len(bench.with_key("who")) == 1


# What would be sent


async def test_a_rehearsed_creation_shows_the_write_without_its_secrets_and_leaves_nothing(bench, connected):
    found = await rehearse_create(connected, make_draft("tried-1"))
    assert bench.with_key("tried-1") == []
    await connected.create(make_draft("tried-1"))

    (call,) = found.calls
    body = json.dumps(call.body)
    assert call.method == "POST"
    assert re.search(bench.creation, unquote(urlsplit(call.url).path))
    assert [text for text in ("tried-1", "REQ-1042: create agent invoice-reader") if text not in body] == []
    assert call.headers["Authorization"] == "***"
    assert len(bench.with_key("tried-1")) == 1  # with the rehearsal over, writes are meant again


async def test_a_rehearsed_update_shows_the_note_and_the_first_move_and_leaves_nothing(bench, connected, draft):
    ticket = await connected.create(draft)
    before = bench.one(draft.key)
    found = await rehearse_update(connected, ticket, patch(TicketState.IN_APPROVAL, note="REQ-1042: opened"))

    note, move = found.calls
    assert "REQ-1042: opened" in json.dumps(note.body)
    assert move.url != note.url or move.body != note.body
    assert found.is_open
    assert bench.one(draft.key) == before


async def test_a_rehearsal_of_what_is_there_already_writes_nothing(connected, draft):
    await connected.create(draft)

    assert await rehearse_create(connected, draft) == DryRun((), is_open=False)


# What people do there comes back


async def test_the_first_question_only_marks_the_place(connected, draft):
    await connected.create(draft)

    changes, cursor = await told(connected, None)

    assert changes == []
    assert await told(connected, cursor) == ([], cursor)


async def test_what_a_person_does_is_told_once_with_its_note(bench, connected, draft):
    ticket = await connected.create(draft)
    _, cursor = await told(connected, None)
    await bench.note(ticket, "Budget cut.")
    await bench.cancel(ticket)

    changes, cursor = await told(connected, cursor)

    (change,) = changes
    assert (change.key, change.ticket.state, change.by, change.ours) == (
        draft.key,
        TicketState.CANCELLED,
        bench.person,
        False,
    )
    assert [(note.text, note.author) for note in change.notes] == [("Budget cut.", bench.person)]
    assert await told(connected, cursor) == ([], cursor)


async def test_what_people_approve_there_is_told_as_approved(bench, connected, draft):
    ticket = await connected.create(draft)
    await connected.update(ticket, patch(TicketState.IN_APPROVAL))
    _, cursor = await told(connected, None)
    await bench.approve(ticket)

    (change,), _ = await told(connected, cursor)

    assert (change.ticket.state, change.ours) == (TicketState.APPROVED, False)


async def test_what_people_close_there_is_told_as_closed(bench, connected, draft):
    ticket = await connected.create(draft)
    await connected.update(ticket, patch(TicketState.IMPLEMENTED))
    _, cursor = await told(connected, None)
    await bench.finish(ticket)

    (change,), _ = await told(connected, cursor)

    assert (change.ticket.state, change.by, change.ours) == (TicketState.CLOSED, bench.person, False)


async def test_our_own_writes_are_marked_as_echoes_and_our_notes_left_out(connected, draft):
    _, cursor = await told(connected, None)
    ticket = await connected.create(draft)
    await connected.update(ticket, patch(TicketState.IN_APPROVAL, note="opened"))

    changes, _ = await told(connected, cursor)

    assert [(change.ours, change.notes, change.ticket.kind) for change in changes] == [(True, (), TicketKind.CHANGE)]


async def test_several_changes_come_oldest_first(bench, connected):
    _, cursor = await told(connected, None)
    tickets = [await connected.create(make_draft(f"order-{number}")) for number in range(3)]
    for ticket in reversed(tickets):
        await bench.note(ticket, "seen")

    changes, _ = await told(connected, cursor)

    assert {change.key for change in changes} == {"order-0", "order-1", "order-2"}
    assert [change.at for change in changes] == sorted(change.at for change in changes)


async def test_tickets_of_others_are_none_of_ours(bench, connected):
    _, cursor = await told(connected, None)
    await bench.add_stranger()

    assert (await told(connected, cursor))[0] == []


async def test_a_foreign_cursor_is_refused(connected):
    for cursor in ("{}", "garbage", '{"until": "yesterday", "seen": []}', "[1]"):
        with pytest.raises(Refused) as refused:
            await connected.changes_since(cursor)
        assert refused.value.field == "cursor"


@pytest.fixture
async def message(bench, connected, draft, receiver):
    """(the ticket, headers and body of what the system told when a person cancelled it)."""
    ticket = await connected.create(draft)
    bench.send_webhooks(receiver.url, WEBHOOK_SECRET)
    await bench.cancel(ticket)
    await receiver.until(bool)
    return ticket, *receiver.messages[-1]


async def test_an_edit_by_a_person_arrives_signed_and_is_read(bench, connected, message):
    ticket, headers, body = message

    (event,) = connected.parse_webhook(headers, body, now=SystemClock().now())

    assert (event.external_id, event.number) == (ticket.external_id, ticket.number)
    assert (event.by, event.ours) == (bench.person, False)
    assert event.delivery_id


async def test_a_message_that_proves_nothing_is_rejected(bench, connected, message):
    _, headers, body = message
    now = SystemClock().now()
    other = bench.connect(webhook_secret=SecretStr(OTHER_SECRET))
    unsigned = bench.connect(webhook_secret=None)
    rejected: list[tuple[Any, dict[str, str], bytes, Any]] = [
        (connected, {}, body, now),
        (connected, headers, body + b" ", now),
        (connected, headers, body, now + timedelta(days=1)),
        (connected, headers, body, now - timedelta(days=1)),
        (other, headers, body, now),
        (unsigned, headers, body, now),
    ]

    for system, given, raw, when in rejected:
        with pytest.raises(WebhookRejected):
            system.parse_webhook(given, raw, now=when)
    await other.close()
    await unsigned.close()


async def test_the_doctor_finds_nothing_wrong_with_a_good_connection(connected):
    result = await connected.check()

    assert result.is_usable
    assert {finding.health for finding in result.findings} == {Health.OK}
    assert len(result.findings) > 4


async def test_a_closed_connection_says_so_and_leaves_no_thread(bench, draft):
    before = threading.active_count()
    closed = bench.connect()
    await closed.create(draft)
    await closed.close()

    with pytest.raises(NotSent, match="is closed"):
        await closed.find_by_key(TicketKind.CHANGE, "any")
    assert threading.active_count() <= before + 1  # asyncio's own default executor may have started one


def test_settings_do_not_show_their_secrets(bench):
    assert bench.secret not in repr(bench.settings())


def test_a_key_that_could_be_read_as_a_query_is_no_key():
    for key in ("a^ORactive=true", 'a" OR project = "X', "x" * 101, ""):
        with pytest.raises(ValueError, match="delivery key"):
            make_draft(key)


def test_the_registry_knows_every_system_by_name():
    for slug, declared in CONNECTORS.items():
        assert (connector(slug), declared.slug) == (declared, slug)
    with pytest.raises(LookupError, match=f"no ticket system 'servicelater'. Known: {', '.join(sorted(CONNECTORS))}"):
        connector("servicelater")
