"""Single fields of a ticket read and written, the same on every system, over real HTTP (N1, N3, N5)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.itsm.base import OutcomeUnknown, Refused, Ticket, TicketKind, TicketState
from connectors.itsm.custom import load
from connectors.itsm.custom.connector import Custom
from connectors.itsm.registry import CONNECTORS
from sandbox.faults import Fault
from tests.contract.itsm.bench import Bench, patch, until_done

pytestmark = pytest.mark.row("N1", "N3", "N4", "N5")


async def values(connected, ticket, *names):
    reading = await connected.read(ticket.kind, ticket.external_id, names)
    assert reading is not None
    return reading.fields


async def test_a_field_reads_as_it_was_written(bench: Bench, connected, draft):
    ticket = await connected.create(draft)

    after = await connected.write(ticket, {bench.field: "A first reason."})

    assert after.fields == {bench.field: "A first reason."} == await values(connected, ticket, bench.field)
    assert (after.key, after.ours) == (draft.key, True)


async def test_a_field_that_a_person_changed_reads_so_with_their_name_and_a_later_version(bench, connected, draft):
    ticket = await connected.create(draft)
    before = await connected.write(ticket, {bench.field: "Ours."})
    await bench.edit(ticket, {bench.field: "Theirs."})

    reading = await connected.read(ticket.kind, ticket.external_id, (bench.field,))

    assert (reading.fields, reading.by, reading.ours) == ({bench.field: "Theirs."}, bench.person, False)
    assert reading.account == bench.worker
    assert reading.version >= before.version
    assert reading.at >= before.at


async def test_what_is_not_named_keeps_its_value(bench, connected, draft):
    ticket = await connected.create(draft)
    await connected.write(ticket, {bench.field: "Stays."})

    await connected.write(ticket, {bench.other_field: "Moves."})

    found = await values(connected, ticket, bench.field, bench.other_field)
    assert found == {bench.field: "Stays.", bench.other_field: "Moves."}


async def test_a_blank_value_empties_its_field(bench, connected, draft):
    ticket = await connected.create(draft)
    await connected.write(ticket, {bench.field: "Something."})

    await connected.write(ticket, {bench.field: ""})

    assert await values(connected, ticket, bench.field) == {bench.field: ""}


async def test_writing_the_same_again_changes_nothing_people_would_see(bench, connected, draft):
    ticket = await connected.create(draft)
    for _ in range(3):
        await connected.write(ticket, {bench.field: "Once."})

    assert await values(connected, ticket, bench.field) == {bench.field: "Once."}
    assert bench.one(draft.key).notes == ()


async def test_a_field_that_the_system_does_not_have_is_refused_by_name(connected, draft):
    ticket = await connected.create(draft)

    with pytest.raises(Refused, match="u_nowhere") as read:
        await connected.read(ticket.kind, ticket.external_id, ("u_nowhere",))
    assert read.value.field == "u_nowhere"


async def test_a_ticket_that_is_gone_reads_as_none(connected, bench, draft):
    ticket = await connected.create(draft)
    await bench.delete(ticket)

    assert await connected.read(ticket.kind, ticket.external_id, (bench.field,)) is None
    assert await connected.with_key(TicketKind.CHANGE, draft.key) == ()


async def test_reading_says_where_the_ticket_stands(bench, connected, draft):
    ticket = await connected.create(draft)
    moved = await connected.update(ticket, patch(TicketState.APPROVED))

    reading = await connected.read(ticket.kind, ticket.external_id, ())

    assert reading.ticket == moved
    assert reading.fields == {}


async def test_all_tickets_with_one_key_are_told_oldest_first_and_left_alone(bench, connected):
    for _ in range(2):
        await bench.plant("request-2")

    found = await connected.with_key(TicketKind.CHANGE, "request-2")

    assert [one.number for one in found] == [one.number for one in bench.with_key("request-2")]
    assert {one.label for one in found} == {one.label for one in bench.with_key("request-2")} != {bench.cancelled}


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.COMMIT_THEN_TIMEOUT, Fault.DOWN])
async def test_a_write_that_failed_is_repeated_and_holds(bench, impatient, draft, fault):
    ticket = await impatient.create(draft)
    bench.fail(fault, 2, retry_after=0.0, match=bench.field_write(ticket))

    after = await until_done(lambda: impatient.write(ticket, {bench.field: "In the end."}))

    assert after.fields == {bench.field: "In the end."}


async def test_a_write_whose_answer_was_lost_may_have_happened(bench, impatient, draft):
    ticket = await impatient.create(draft)
    bench.fail(Fault.COMMIT_THEN_TIMEOUT, match=bench.field_write(ticket))

    with pytest.raises(OutcomeUnknown):
        await impatient.write(ticket, {bench.field: "Perhaps."})
    assert await values(impatient, ticket, bench.field) == {bench.field: "Perhaps."}


def test_every_built_in_system_says_that_it_keeps_fields():
    assert {slug: each.capabilities.fields for slug, each in CONNECTORS.items()} == dict.fromkeys(CONNECTORS, True)


async def test_a_ticket_of_another_kind_is_none(bench, connected):
    nobodys = "4242424" if bench.slug == "jira" else "0" * 32  # an id of the system's own shape
    nowhere = Ticket(nobodys, "0", "", TicketState.OPEN, kind=TicketKind.INCIDENT)
    assert await connected.read(nowhere.kind, nowhere.external_id, ()) is None


JIRA_TIMES = {"planned_start": "customfield_10022", "planned_end": "customfield_10023"}
DESK_TIMES = "{reason: reason, planned_start: planned_start, planned_end: planned_end}"
STARTS, ENDS = datetime(2026, 3, 3, 22, tzinfo=UTC), datetime(2026, 3, 3, 23, 30, tzinfo=UTC)


def planning(bench):
    """A connection that knows the system's fields for planned times."""
    if bench.slug == "jira":
        return bench.deciding().connect(fields=JIRA_TIMES)  # the screens of a service desk have them
    if bench.slug != "desk":
        return bench.connect()
    spec = bench.settings()
    text = spec.file.read_text().replace("{reason: reason, cost_centre: cost_centre}", DESK_TIMES)
    spec.file.write_text(text)
    return Custom(load(spec.file))


async def test_the_planned_times_of_a_change_stand_in_the_fields_that_its_system_has_for_them(bench, draft):
    connected = planning(bench)
    ticket = await connected.create(draft)
    names = connected.time_fields(TicketKind.CHANGE)

    for _ in range(2):
        await connected.write(ticket, dict(zip(names, (STARTS.isoformat(), ENDS.isoformat()), strict=True)))
    read = await connected.read(TicketKind.CHANGE, ticket.external_id, names)
    await connected.close()

    assert [instant(read.fields[name]) for name in names] == [STARTS, ENDS]
    assert connected.time_fields(TicketKind.INCIDENT) is None


async def test_a_system_whose_settings_name_no_such_fields_has_none(bench, connected):
    has_own = bench.slug in {"servicenow", "remedy"}
    assert (connected.time_fields(TicketKind.CHANGE) is not None) is has_own


def instant(text):
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
