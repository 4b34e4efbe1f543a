"""Declared ticket systems: the two files of the documentation, run against small servers over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from config.yamlfile import parse_yaml
from connectors.itsm.base import (
    ConnectorError,
    Health,
    NotSent,
    OutcomeUnknown,
    Refused,
    Throttled,
    Ticket,
    TicketDraft,
    TicketKind,
    TicketPatch,
    TicketState,
    WebhookRejected,
)
from connectors.itsm.custom import Custom, declared, load
from connectors.itsm.mapping import limits_for, read_mapping
from connectors.itsm.rehearsal import rehearse_create, rehearse_update
from core.clock import SystemClock
from sandbox.faults import Fault
from tests.contract.itsm.desks import SECRETS, Desk, example, serving
from tests.contract.itsm.glpi import Glpi

EVERY_STATE = (
    TicketState.IN_APPROVAL, TicketState.APPROVED, TicketState.IMPLEMENTING, TicketState.IMPLEMENTED,
    TicketState.CLOSED,
)  # fmt: skip


@pytest.fixture(autouse=True)
def secrets_set(monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def desk_file(desk, tmp_path) -> AsyncIterator[Path]:
    async with serving(desk, tmp_path, name="desk.yaml") as file:
        yield file


@pytest.fixture
async def on_desk(desk_file) -> AsyncIterator[Custom]:
    system = Custom(load(desk_file))
    yield system
    await system.close()


@pytest.fixture
def glpi() -> Glpi:
    return Glpi()


@pytest.fixture
async def on_glpi(glpi, tmp_path) -> AsyncIterator[Custom]:
    async with serving(glpi, tmp_path, name="glpi.yaml") as file:
        system = Custom(load(file))
        yield system
        await system.close()


def draft_of(key: str = "request-1", kind: TicketKind = TicketKind.CHANGE, **fields: str) -> TicketDraft:
    return TicketDraft(key, kind, "REQ-7: create agent", 'Because "so".', "dana@example.com", fields)


def patch(target: TicketState, key: str = "event-1", **more: Any) -> TicketPatch:
    return TicketPatch(key=key, target=target, **more)


async def until_done(work: Any, *, attempts: int = 40) -> Any:
    for _ in range(attempts):
        try:
            return await work()
        except (NotSent, Throttled, OutcomeUnknown):
            continue
    pytest.fail(f"not done after {attempts} attempts")


@pytest.mark.row("N4")
async def test_a_ticket_is_made_as_the_file_says(desk, on_desk):
    ticket = await on_desk.create(draft_of(risk="high"))

    (row,) = desk.with_key("request-1")
    assert ticket == Ticket(
        "1", "T-1", "https://desk.example.com/tickets/1", TicketState.OPEN, label="new", kind=TicketKind.CHANGE
    )
    assert (row["type"], row["title"], row["text"]) == ("rfc", "REQ-7: create agent", 'Because "so".')
    assert row["priority"] == 1
    assert "service" not in row  # there is none, so nothing is said of it


@pytest.mark.row("N4")
async def test_a_ticket_walks_every_state_and_carries_each_note_once(desk, on_desk):
    ticket = await on_desk.create(draft_of())
    seen = []
    for number, target in enumerate(EVERY_STATE):
        step = patch(target, f"event-{number}", note=f"now {target}")
        await on_desk.update(ticket, step)
        seen.append((await on_desk.update(ticket, step)).state)

    (row,) = desk.with_key("request-1")
    assert tuple(seen) == EVERY_STATE
    assert row["walked"] == ["new", "review", "approved", "in_progress", "done", "closed"]
    assert [one["text"].splitlines()[0] for one in desk.comments["1"]] == [f"now {target}" for target in EVERY_STATE]


async def test_one_step_to_closed_takes_all_steps_between_and_says_why(desk, on_desk):
    ticket = await on_desk.create(draft_of())

    await on_desk.update(ticket, patch(TicketState.CLOSED, close_notes="All good."))

    (row,) = desk.with_key("request-1")
    assert (len(row["walked"]), row["resolution"]) == (6, "All good.")


@pytest.mark.parametrize("state", ["cancelled", "rejected"])
async def test_what_people_ended_is_not_pushed_on(desk, on_desk, state):
    ticket = await on_desk.create(draft_of())
    desk.touch(desk.tickets["1"], "mary", status=state)

    with pytest.raises(Refused, match=f"T-1 was {state} there"):
        await on_desk.update(ticket, patch(TicketState.APPROVED))


async def test_what_is_closed_is_not_cancelled(desk, on_desk):
    ticket = await on_desk.create(draft_of())
    await on_desk.update(ticket, patch(TicketState.CLOSED))

    with pytest.raises(Refused, match="is closed and stays so"):
        await on_desk.update(ticket, patch(TicketState.CANCELLED, "event-2"))


async def test_a_state_that_the_file_does_not_know_is_named(desk, on_desk):
    ticket = await on_desk.create(draft_of())
    desk.touch(desk.tickets["1"], "mary", status="parked")

    with pytest.raises(Refused, match="is in state 'parked', which is not known here; add it to 'states.read'"):
        await on_desk.update(ticket, patch(TicketState.APPROVED))


@pytest.mark.row("N6")
async def test_of_several_tickets_with_one_key_the_oldest_counts_and_the_others_are_cancelled(desk, on_desk):
    for key in ("a", "b", "c"):
        await on_desk.create(draft_of(key))
    for row in desk.tickets.values():
        row["external_ref"] = "twice"

    found = await on_desk.find_by_key(TicketKind.CHANGE, "twice")

    assert found is not None
    assert found.number == "T-1"
    assert [row["status"] for row in desk.tickets.values()] == ["new", "cancelled", "cancelled"]
    assert await on_desk.find_by_key(TicketKind.CHANGE, "twice") == found


@pytest.mark.row("N6")
@pytest.mark.parametrize(
    ("fault", "when_reading", "when_writing"),
    [
        (Fault.RATE_LIMITED, Throttled, Throttled),
        (Fault.SERVER_ERROR, NotSent, OutcomeUnknown),
        (Fault.TIMEOUT, NotSent, OutcomeUnknown),
        (Fault.COMMIT_THEN_TIMEOUT, NotSent, OutcomeUnknown),
        (Fault.DOWN, NotSent, OutcomeUnknown),
        (Fault.BAD_JSON, NotSent, OutcomeUnknown),
    ],
)
async def test_each_fault_is_one_failure(desk, on_desk, fault, when_reading, when_writing):
    desk.faults.add("desk", fault, 1, match="/tickets")
    with pytest.raises(ConnectorError) as reading:
        await on_desk.find_by_key(TicketKind.CHANGE, "k")
    desk.faults.add("desk", Fault.SLOW, 1, 0.0, match="/tickets")  # the question by key
    desk.faults.add("desk", fault, 1, match="/tickets")
    with pytest.raises(ConnectorError) as writing:
        await on_desk.create(draft_of())

    assert (type(reading.value), type(writing.value)) == (when_reading, when_writing)


@pytest.mark.row("N6")
@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("name", ["desk", "glpi"])
async def test_nothing_is_doubled_whatever_happens_at_any_call(desk, on_desk, glpi, on_glpi, name, fault):
    server, system = {"desk": (desk, on_desk), "glpi": (glpi, on_glpi)}[name]

    async def life() -> None:
        ticket = await until_done(lambda: system.create(draft_of()))
        for number, target in enumerate(EVERY_STATE):
            step = patch(target, f"event-{number}", note=f"now {target}")
            await until_done(lambda step=step: system.update(ticket, step))

    for skipped in range(4):
        for _ in range(skipped):
            server.faults.add(name, Fault.SLOW, 1, 0.0)
        server.faults.add(name, fault, 1, 0.0)
    await life()

    (row,) = server.with_key("request-1")
    notes = server.comments["1"] if name == "desk" else server.followups[row["id"]]
    texts = [one.get("text", one.get("content")).splitlines()[0] for one in notes]
    assert texts == [f"now {target}" for target in EVERY_STATE]
    if name == "desk":
        assert row["walked"] == ["new", "review", "approved", "in_progress", "done", "closed"]
    assert all(one["left"] == 0 for one in server.faults.listing())


async def test_the_systems_own_words_and_field_reach_the_person(desk, on_desk):
    with pytest.raises(Refused) as refused:
        await on_desk.create(TicketDraft("k", TicketKind.CHANGE, "", "", ""))

    assert (refused.value.reason, refused.value.field) == ("Ticket desk refused this: A title is needed.", "title")


async def test_a_kind_that_the_file_does_not_name_is_refused(desk_file):
    desk_file.write_text(
        desk_file.read_text().replace("kinds: [change, emergency_change, incident]", "kinds: [change]")
    )
    system = Custom(load(desk_file))

    with pytest.raises(Refused, match="takes no incident; its file names change"):
        await system.create(draft_of(kind=TicketKind.INCIDENT))
    assert not declared(desk_file, slug="desk").capabilities.incidents
    await system.close()


async def test_an_answer_without_its_list_does_not_pass_for_an_empty_one(desk_file):
    desk_file.write_text(desk_file.read_text().replace("  answer: tickets\n", "  answer: items\n"))
    system = Custom(load(desk_file))

    with pytest.raises(Refused, match="without the list that the file says stands there"):
        await system.create(draft_of())
    await system.close()


@pytest.mark.row("N3")
async def test_the_doctor_says_how_each_mapped_field_stands(desk_file):
    text = "fields: {cost_centre: {direction: in, fact: resource.cost_centre}, reason: '{request.reference}'}"
    mapping = read_mapping(parse_yaml(text, file="map.yaml"), limits_for(declared(desk_file, slug="desk")))
    system = Custom(load(desk_file), mapping)

    found = [one for one in (await system.check()).findings if one.subject.startswith("Mapped")]

    assert [(one.subject, one.health, one.message) for one in found] == [
        ("Mapped field cost_centre of Ticket desk", Health.OK, "It is there."),
        ("Mapped field reason of Ticket desk", Health.OK, "It is there and can be written."),
    ]
    await system.close()


@pytest.mark.row("N4")
async def test_what_people_do_comes_back_once(desk, on_desk):
    ticket = await on_desk.create(draft_of())
    cursor = (await on_desk.changes_since(None)).cursor
    assert (await on_desk.changes_since(cursor)).changes == ()
    await on_desk.comment(ticket, "from us", key="event-1")
    desk.note("1", "from Mary", "mary")
    desk.touch(desk.tickets["1"], "mary", status="review")

    page = await on_desk.changes_since(cursor)

    (change,) = page.changes
    assert (change.key, change.ticket.state, change.by, change.ours) == (
        "request-1", TicketState.IN_APPROVAL, "mary", False,
    )  # fmt: skip
    assert [(note.author, note.text, note.internal) for note in change.notes] == [("mary", "from Mary", True)]
    assert (await on_desk.changes_since(page.cursor)).changes == ()


async def test_our_own_hand_is_marked_as_an_echo_and_strangers_are_left_alone(desk, on_desk):
    cursor = (await on_desk.changes_since(None)).cursor
    ticket = await on_desk.create(draft_of())
    await on_desk.update(ticket, patch(TicketState.APPROVED))
    await on_desk.create(draft_of("other"))
    desk.tickets["2"]["external_ref"] = None

    assert [(one.key, one.ours) for one in (await on_desk.changes_since(cursor)).changes] == [("request-1", True)]


async def test_every_page_of_changes_is_read(desk, on_desk):
    cursor = (await on_desk.changes_since(None)).cursor
    keys = [f"request-{number}" for number in range(45)]
    for key in keys:
        await on_desk.create(draft_of(key))

    assert sorted(one.key for one in (await on_desk.changes_since(cursor)).changes) == sorted(keys)


def test_a_signed_message_is_read_and_any_other_rejected(tmp_path, monkeypatch):
    file = tmp_path / "desk.yaml"
    file.write_text(example("desk.yaml"))
    system = Custom(load(file))
    message = {"event": "updated", "actor": "mary", "ticket": {"id": 7, "number": "T-7"}}
    headers, body = Desk().signed(message)

    (event,) = system.parse_webhook(headers, body, now=SystemClock().now())

    assert (event.external_id, event.number, event.operation, event.by, event.ours) == (
        "7", "T-7", "updated", "mary", False,
    )  # fmt: skip
    for given, raw in (({}, body), (headers, body + b" "), ({"x-desk-signature": "sha256="}, body)):
        with pytest.raises(WebhookRejected, match="signature"):
            system.parse_webhook(given, raw, now=SystemClock().now())


async def test_the_doctor_says_whether_it_answers(desk_file, monkeypatch):
    monkeypatch.setenv("DESK_TOKEN", "another")
    system = Custom(load(desk_file))
    (finding,) = (await system.check()).findings
    assert (finding.health, finding.message) == (
        Health.FAILED, "Ticket desk does not accept the credentials: No valid token.",
    )  # fmt: skip
    await system.close()
    monkeypatch.setenv("DESK_TOKEN", SECRETS["DESK_TOKEN"])
    system = Custom(load(desk_file))
    assert [(one.subject, one.health) for one in (await system.check()).findings] == [
        ("Address and credentials", Health.OK), ("Our own account", Health.OK), ("Tickets by number", Health.OK),
        ("What was touched", Health.OK), ("Approvals", Health.OK),
    ]  # fmt: skip
    await system.close()


# GLPI


@pytest.mark.row("N4")
async def test_glpi_makes_a_ticket_out_of_numbers_within_an_envelope(glpi, on_glpi):
    ticket = await on_glpi.create(draft_of(risk="high"))

    (row,) = glpi.with_key("request-1")
    assert (row["type"], row["urgency"], row["name"]) == (2, 4, "REQ-7: create agent")
    assert ticket == Ticket(
        "15", "15", "https://glpi.example.com/front/ticket.form.php?id=15", TicketState.OPEN, label="1",
        kind=TicketKind.CHANGE,
    )  # fmt: skip
    assert await on_glpi.create(draft_of(risk="high")) == ticket
    assert len(glpi.tickets) == 1


@pytest.mark.row("N4")
async def test_glpi_tickets_are_followed_up_and_closed(glpi, on_glpi):
    ticket = await on_glpi.create(draft_of())
    seen = [
        (await on_glpi.update(ticket, patch(target, f"event-{number}", note=f"now {target}"))).state
        for number, target in enumerate(EVERY_STATE)
    ]

    assert tuple(seen) == EVERY_STATE
    assert glpi.tickets[15]["status"] == 6
    assert [one["is_private"] for one in glpi.followups[15]] == [1] * len(EVERY_STATE)


async def test_a_session_that_ended_is_opened_again_and_the_last_is_closed(glpi, tmp_path):
    async with serving(glpi, tmp_path, name="glpi.yaml") as file:
        system = Custom(load(file))
        await system.create(draft_of("a"))
        glpi.sessions.clear()
        await system.create(draft_of("b"))
        assert len(glpi.sessions) == 1
        await system.close()

    assert len(glpi.sessions) == 0
    assert glpi.calls.count("GET /apirest.php/initSession") == 2


async def test_local_times_without_a_zone_are_placed_and_old_ones_end_the_look(glpi, on_glpi):
    ticket = await on_glpi.create(draft_of())
    cursor = (await on_glpi.changes_since(None)).cursor
    glpi.write(15, "from Jeanne", 3)
    glpi.touch(glpi.tickets[15], 3, status=4)
    for number in range(120):
        stranger = {"id": 1000 + number, "status": 1, "externalid": "", "date": "2001-01-01 00:00:00",
                    "date_mod": "2001-01-01 00:00:00", "users_id_lastupdater": 3, "type": 1}  # fmt: skip
        glpi.tickets[stranger["id"]] = stranger
    before = len(glpi.calls)

    page = await on_glpi.changes_since(cursor)

    (change,) = page.changes
    assert (change.ticket.external_id, change.ticket.state, change.by) == (
        ticket.external_id,
        TicketState.IN_APPROVAL,
        "3",
    )
    assert [(note.author, note.text) for note in change.notes] == [("3", "from Jeanne")]
    assert abs((SystemClock().now() - change.at).total_seconds()) < 60
    assert len(glpi.calls) - before == 3  # one page of tickets, the followups of one of them, one page of validations
    assert (await on_glpi.changes_since(page.cursor)).changes == ()


async def test_the_end_of_the_range_is_the_end_and_no_failure(glpi, on_glpi):
    for number in range(50):
        await on_glpi.create(draft_of(f"request-{number}"))

    assert (await on_glpi.changes_since(None)).changes == ()
    assert glpi.calls[-1].startswith("GET /apirest.php/Ticket")


async def test_a_wrong_user_token_is_refused(glpi, tmp_path, monkeypatch):
    monkeypatch.setenv("GLPI_AUTHORIZATION", "user_token wrong")
    async with serving(glpi, tmp_path, name="glpi.yaml") as file:
        system = Custom(load(file))
        with pytest.raises(Refused, match="does not accept the credentials") as refused:
            await system.create(draft_of())
        assert refused.value.field == "auth"
        await system.close()


# What would be sent


@pytest.mark.row("N1")
async def test_a_rehearsal_on_a_declared_system_shows_no_secret_and_leaves_nothing(desk, on_desk, glpi, on_glpi):
    for place, system in ((desk, on_desk), (glpi, on_glpi)):
        before = str(place.tickets)
        found = await rehearse_create(system, draft_of("request-3", risk="high"))

        (call,) = found.calls
        assert "REQ-7: create agent" in str(call.body)
        assert {value for name, value in call.headers.items() if name != "Content-Type"} <= {"***", "application/json"}
        assert [secret for secret in SECRETS.values() if secret in str(call)] == []
        assert str(place.tickets) == before


@pytest.mark.row("N1")
async def test_a_rehearsed_move_on_a_declared_system_shows_its_note_first(desk, on_desk):
    ticket = await on_desk.create(draft_of("request-4"))
    found = await rehearse_update(on_desk, ticket, patch(TicketState.IN_APPROVAL, note="opened"))

    assert "opened" in str(found.calls[0].body)
    assert (await on_desk.find_by_key(TicketKind.CHANGE, "request-4")) == ticket


@pytest.mark.row("N4")
async def test_fields_that_the_file_does_not_let_us_write_are_read_and_refused_by_name(desk_file):
    text = desk_file.read_text()
    (write,) = [line for line in text.splitlines(keepends=True) if '"{values}"' in line]
    desk_file.write_text(text.replace(write, ""))
    assert declared(desk_file, slug="desk").capabilities.fields is False
    on_desk = Custom(load(desk_file))
    try:
        ticket = await on_desk.create(draft_of())
        with pytest.raises(Refused, match="declares no 'fields.write'"):
            await on_desk.write(ticket, {"reason": "x"})
        with pytest.raises(Refused, match="It has: reason, cost_centre") as read:
            await on_desk.read(ticket.kind, ticket.external_id, ("cost_center",))
        assert read.value.field == "cost_center"
    finally:
        await on_desk.close()
