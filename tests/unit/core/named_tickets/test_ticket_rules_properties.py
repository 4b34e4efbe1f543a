"""Whether a ticket stands for a request, and whether a grant that rests on one holds now (X6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.named_tickets import (
    FRESH_FOR,
    OPEN_STATES,
    Asked,
    Desk,
    MustName,
    NamedTicket,
    Standing,
    TicketFacts,
    TicketKind,
    TicketNeed,
    TicketState,
    Window,
    barrier,
    read_ticket,
    ticket_verdict,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ASKED = Asked("dana@example.com", "invoice-reader")
NEED = TicketNeed()
RIGHT = TicketFacts(
    external_id="46e2",
    number="CHG0030001",
    url="https://itsm.example/CHG0030001",
    kind=TicketKind.CHANGE,
    state=TicketState.APPROVED,
    label="Scheduled",
    requesters=("Dana@example.com", "dana"),
    resources=("Payments", "Invoice-Reader"),
    text="Bring it live",
    starts_at=NOW + timedelta(hours=1),
    ends_at=NOW + timedelta(hours=5),
)
TICKET = NamedTicket(
    request_id=UUID(int=1),
    system="servicenow",
    number="CHG0030001",
    standing=Standing.HOLDS,
    facts=RIGHT,
    holds_from=RIGHT.starts_at,
    holds_until=RIGHT.ends_at,
    checked_at=NOW,
    accepted_at=NOW,
)

pytestmark = pytest.mark.row("X6")
instants = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def verdict(facts, need=NEED, *, asked=ASKED, now=NOW):
    return ticket_verdict(need, facts, asked, number="CHG0030001", title="ServiceNow", now=now)


def test_a_ticket_that_is_all_that_is_asked_for_holds_within_its_window():
    found = verdict(RIGHT)
    assert (found.holds, found.reasons) == (True, ())
    assert (found.holds_from, found.holds_until) == (RIGHT.starts_at, RIGHT.ends_at)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": TicketState.CLOSED, "label": "Closed"},
         "CHG0030001 is closed; it must be: open, in approval, approved or implementing."),
        ({"state": TicketState.IMPLEMENTED, "label": "Review"},
         "CHG0030001 is implemented (Review); it must be: open, in approval, approved or implementing."),
        ({"requesters": ("lee@example.com",)}, "CHG0030001 does not name dana@example.com as its requester."),
        ({"requesters": ()}, "CHG0030001 does not name dana@example.com as its requester."),
        ({"resources": ("Payments",)}, "CHG0030001 does not name the agent invoice-reader."),
        ({"ends_at": None}, "CHG0030001 has no planned end, and its window is to bound the grant."),
        ({"starts_at": NOW - timedelta(days=2), "ends_at": NOW - timedelta(hours=1)},
         "The window of CHG0030001 ended at 2026-03-02 08:00 UTC."),
        ({"starts_at": NOW + timedelta(days=1)}, "The window of CHG0030001 ends before it begins."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_words(changes, said):
    assert verdict(replace(RIGHT, **changes)).reasons == (said,)


def test_everything_that_is_wrong_is_said_at_once():
    wrong = replace(RIGHT, state=TicketState.CANCELLED, label="Canceled", requesters=(), resources=(), ends_at=None)
    assert len(verdict(wrong).reasons) == 4


def test_a_ticket_that_is_not_there_does_not_hold():
    assert verdict(None).reasons == ("ServiceNow has no ticket CHG0030001, or does not show it to our account.",)


@pytest.mark.parametrize(
    ("text", "names_it"),
    [
        ("Bring invoice-reader live", True),
        ("INVOICE-READER: new model.", True),
        ("For 'invoice-reader'.", True),
        ("For invoice-reader-2", False),
        ("For my-invoice-reader", False),
        ("For invoice-readers", False),
        ("For invoice-reader.test", False),
        ("For invoice", False),
        ("", False),
    ],
)
def test_a_resource_is_named_by_a_whole_word_only(text, names_it):
    assert verdict(replace(RIGHT, resources=(), text=text)).holds == names_it


def test_of_kinds_only_those_that_are_asked_for_count():
    need = replace(NEED, kinds=(TicketKind.EMERGENCY_CHANGE, TicketKind.INCIDENT))
    assert verdict(RIGHT, need).reasons == ("CHG0030001 must be: emergency change or incident; it is: change.",)
    strange = verdict(replace(RIGHT, kind=None), need)
    assert strange.reasons == ("CHG0030001 must be: emergency change or incident; it is: something else.",)


@given(ends_at=st.none() | instants, window=st.sampled_from([Window.INFORMS, Window.IGNORED]), now=instants)
def test_a_window_that_bounds_nothing_is_never_a_reason(ends_at, window, now):
    found = verdict(replace(RIGHT, ends_at=ends_at), replace(NEED, window=window), now=now)
    assert (found.holds, found.holds_from, found.holds_until) == (True, None, None)


@given(state=st.sampled_from(TicketState), starts_at=st.none() | instants, ends_at=st.none() | instants, now=instants)
def test_a_ticket_holds_only_if_it_is_open_and_its_window_is_still_to_end(state, starts_at, ends_at, now):
    found = verdict(replace(RIGHT, state=state, starts_at=starts_at, ends_at=ends_at), now=now)
    is_right = state in OPEN_STATES and ends_at is not None and ends_at > now
    assert found.holds == (is_right and (starts_at is None or starts_at < ends_at))


@given(
    kinds=st.sets(st.sampled_from(TicketKind)),
    states=st.sets(st.sampled_from(TicketState), min_size=1),
    names=st.sets(st.sampled_from(MustName)),
    window=st.sampled_from(Window),
)
def test_a_need_reads_back_as_it_was_stored(kinds, states, names, window):
    need = TicketNeed(kinds=tuple(kinds), states=tuple(states), names=tuple(names), window=window)
    assert TicketNeed.from_json(need.to_json()) == need


@given(starts_at=st.none() | instants, ends_at=st.none() | instants)
def test_facts_read_back_as_they_were_stored(starts_at, ends_at):
    facts = replace(RIGHT, starts_at=starts_at, ends_at=ends_at)
    assert TicketFacts.from_json(facts.to_json()) == facts


@given(now=instants, checked_at=instants)
def test_a_grant_holds_only_within_the_window_and_while_the_system_has_confirmed_it_lately(now, checked_at):
    found = barrier(replace(TICKET, checked_at=checked_at), now=now)
    within = TICKET.holds_from <= now < TICKET.holds_until
    assert (found is None) == (within and now - checked_at <= FRESH_FOR)


@pytest.mark.parametrize("standing", [Standing.ASKED, Standing.REFUSED])
def test_a_grant_whose_ticket_does_not_stand_is_suspended_whatever_the_time(standing):
    reasons = ("CHG0030001 is canceled.",) if standing is Standing.REFUSED else ()
    now = NOW + timedelta(hours=2)
    found = barrier(replace(TICKET, standing=standing, reasons=reasons, checked_at=now), now=now)
    assert found is not None
    assert found.code == "approvals.ticket_fell"
    if reasons:
        helps = "It can be used once its ticket stands again, or whoever asked names another."
        assert found.message == f"The approval is suspended. CHG0030001 is canceled. {helps}"


DESKS = (Desk("servicenow", "ServiceNow"), Desk("jira", "Jira"))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("servicenow:CHG0030001", ("servicenow", "CHG0030001")),
        (" Jira: OPS-12 ", ("jira", "OPS-12")),
        ({"system": "jira", "number": "OPS-12"}, ("jira", "OPS-12")),
    ],
)
def test_a_ticket_is_read_as_it_is_written(value, read):
    found = read_ticket(value, NEED, DESKS)
    assert (found.system, found.number, found.problem) == (*read, "")


def test_with_one_system_its_name_may_be_left_out():
    assert read_ticket("CHG1", NEED, DESKS[:1]).system == "servicenow"
    assert read_ticket("CHG1", replace(NEED, systems=("servicenow",)), DESKS).system == "servicenow"


@pytest.mark.parametrize(
    ("value", "need", "problem", "accepted"),
    [
        ("CHG1", NEED, "In which system is CHG1?", ("servicenow:CHG1", "jira:CHG1")),
        ({"system": "remedy", "number": "CRQ1"}, NEED, "A ticket in 'remedy' does not count here.",
         ("servicenow", "jira")),
        ("jira:GOV-1", replace(NEED, systems=("servicenow",)), "A ticket in 'jira' does not count here.",
         ("servicenow",)),
        ("Remedy: CRQ1", NEED, "A ticket in 'remedy' does not count here.", ("servicenow", "jira")),
        ("servicnow:CHG1", NEED, "A ticket in 'servicnow' does not count here.", ("servicenow", "jira")),
        ({"system": "jira"}, NEED, "This is not the number of a ticket.", None),
        ("CHG 1; DROP", NEED, "This is not the number of a ticket.", None),
        ("x" * 101, NEED, "This is not the number of a ticket.", None),
        (["CHG1"], NEED, "The ticket is neither text nor an object.", None),
        (5, NEED, "The ticket is neither text nor an object.",
         ('"CHG0030001"', '{"system": "servicenow", "number": "CHG0030001"}')),
        (False, NEED, "The ticket is neither text nor an object.", None),
        ("CRQ1", replace(NEED, systems=("remedy",)),
         "The policy asks for a ticket in remedy, and none is connected.", ()),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_what_is_accepted(value, need, problem, accepted):
    found = read_ticket(value, need, DESKS)
    assert found.problem == problem
    if accepted is not None:
        assert found.accepted == accepted


@pytest.mark.parametrize(
    ("value", "where", "problem", "accepted"),
    [
        ({"number": "CHG1", "foo": 1}, "foo", "A ticket has no 'foo'.", ("system", "number")),
        ({"number": 5}, "number", "The ticket's number is not text.", None),
        ({"system": ["jira"], "number": "GOV-1"}, "system", "The ticket's system is not text.", None),
        ({"system": None, "number": "GOV-1"}, "system", "The ticket's system is not text.", None),
    ],
)
def test_what_is_wrong_with_a_ticket_written_as_an_object_is_named_by_its_place(value, where, problem, accepted):
    found = read_ticket(value, NEED, DESKS)
    assert (found.where, found.problem) == (where, problem)
    if accepted is not None:
        assert found.accepted == accepted


def test_a_number_may_hold_a_colon_where_its_system_is_named():
    assert read_ticket("jira:GOV:1", NEED, DESKS).number == "GOV:1"


def test_a_need_says_itself_in_words():
    need = TicketNeed(
        systems=("servicenow",),
        kinds=(TicketKind.CHANGE, TicketKind.EMERGENCY_CHANGE),
        states=(TicketState.APPROVED, TicketState.IMPLEMENTING),
    )
    assert need.in_words() == (
        "Needs an open change or emergency change in servicenow (approved or implementing) that names the requester "
        "and the resource; its planned window bounds the grant."
    )
