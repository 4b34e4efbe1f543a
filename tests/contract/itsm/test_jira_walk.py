"""Pure parts of the Jira connector: the next step of an issue, states, texts, and what screens ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.itsm.base import CloseCode, Refused, TicketKind, TicketPatch, TicketState
from connectors.itsm.jira import JiraSettings
from connectors.itsm.jira.mapping import state_of, ticket_state
from connectors.itsm.jira.screens import answers, shaped
from connectors.itsm.jira.text import document, read, written
from connectors.itsm.jira.walk import (
    ENDS,
    PROGRESS,
    Answer,
    Arrived,
    Decision,
    Goal,
    Held,
    Offer,
    Position,
    Stuck,
    Take,
    nearest,
    next_step,
)
from connectors.itsm.jira.wire import Approval, ScreenField, Status, Transition
from sandbox.jira import adf

ALL = frozenset(TicketState)
ASKED = Approval("1", "CAB approval", may_answer=True, awaited=("Us",))
STRANGERS = Approval("1", "CAB approval", may_answer=False, awaited=("Mia Krystof", "Noah Park"))


def offer(name: str, state: TicketState) -> Offer:
    return Offer(Transition(name, f"To {name}", Status(name, name, "indeterminate"), ()), state)


def at(state: TicketState, *, approval: Approval | None = None, existing: frozenset[TicketState] = ALL) -> Position:
    return Position("OPS-1", Status("here", "Here", "indeterminate"), state, approval, existing)


positions = st.builds(
    Position,
    st.just("OPS-1"),
    st.just(Status("here", "Here", "new")),
    st.sampled_from(TicketState),
    st.sampled_from([None, ASKED, STRANGERS]),
    st.sampled_from([ALL, frozenset(), frozenset({TicketState.OPEN, TicketState.IMPLEMENTING, TicketState.CLOSED})]),
)
goals = st.builds(Goal, st.sampled_from(TicketState), st.booleans(), st.booleans())
offers = st.lists(st.builds(offer, st.sampled_from("abcdefgh"), st.sampled_from(TicketState)), max_size=5)


@given(positions, goals, offers, st.sets(st.sampled_from("abcdefgh")))
def test_a_step_is_offered_leads_nowhere_twice_and_never_back_or_beyond(position, goal, offered, visited):
    step = next_step(position, goal, offered, visited)

    if isinstance(step, Take):
        assert step.offer in offered
        if goal.target in ENDS:
            assert step.offer.state in {*ENDS, TicketState.CLOSED}
        else:
            assert step.offer.transition.to.id not in visited
            assert PROGRESS.index(position.state) <= PROGRESS.index(step.offer.state) <= PROGRESS.index(goal.target)


@given(positions, goals, offers)
def test_nothing_moves_an_issue_that_people_stopped(position, goal, offered):
    stopped = replace(position, state=TicketState.CANCELLED)

    assert isinstance(next_step(stopped, goal, offered, ()), Arrived if goal.target in ENDS else Stuck)


@given(positions, offers)
def test_an_approval_is_answered_or_left_to_those_who_are_asked(position, offered):
    open_ = replace(position, state=TicketState.IN_APPROVAL, approval=STRANGERS, existing=ALL)

    assert isinstance(next_step(open_, Goal(TicketState.APPROVED), offered, ()), Held)
    assert isinstance(next_step(open_, Goal(TicketState.IN_APPROVAL), offered, ()), Arrived)
    ours = replace(open_, approval=ASKED)
    assert next_step(ours, Goal(TicketState.CLOSED), offered, ()) == Answer(ASKED, Decision.APPROVE)
    assert next_step(ours, Goal(TicketState.REJECTED), offered, ()) == Answer(ASKED, Decision.DECLINE)


def test_a_change_goes_through_approval_and_an_emergency_straight():
    ways = [offer("Work", TicketState.IMPLEMENTING), offer("Ask", TicketState.IN_APPROVAL)]

    walked = next_step(at(TicketState.OPEN), Goal(TicketState.IMPLEMENTING), ways, ())
    straight = next_step(at(TicketState.OPEN), Goal(TicketState.IMPLEMENTING, is_direct=True), ways, ())

    assert (walked, straight) == (Take(ways[1]), Take(ways[0]))


def test_the_way_leads_sideways_where_nothing_leads_on_and_never_in_a_circle():
    resume = offer("Resume", TicketState.IMPLEMENTING)
    goal = Goal(TicketState.IMPLEMENTED)

    assert next_step(at(TicketState.IMPLEMENTING), goal, [resume], {"here"}) == Take(resume)
    assert isinstance(next_step(at(TicketState.IMPLEMENTING), goal, [resume], {"here", "Resume"}), Stuck)


@pytest.mark.parametrize(("is_success", "expected"), [(True, "Completed"), (False, "Failed")])
def test_the_end_says_whether_the_work_succeeded(is_success, expected):
    ways = [offer("Failed", TicketState.CLOSED), offer("Completed", TicketState.CLOSED)]

    step = next_step(at(TicketState.IMPLEMENTED), Goal(TicketState.CLOSED, is_success=is_success), ways, ())

    assert isinstance(step, Take)
    assert step.offer.transition.to.name == expected


def test_what_is_possible_is_named_where_no_way_leads_there():
    ways = [offer("Canceled", TicketState.CANCELLED)]

    step = next_step(at(TicketState.OPEN), Goal(TicketState.APPROVED), ways, ())

    assert step == Stuck(
        "OPS-1 is in Here, and nothing that Jira offers our account leads towards approved: To Canceled (to Canceled)."
    )


@pytest.mark.parametrize(
    ("target", "existing", "expected"),
    [
        (TicketState.IMPLEMENTED, {TicketState.OPEN, TicketState.IMPLEMENTING}, TicketState.IMPLEMENTING),
        (TicketState.APPROVED, {TicketState.OPEN, TicketState.IMPLEMENTING}, TicketState.OPEN),
        (TicketState.CLOSED, {TicketState.OPEN}, TicketState.CLOSED),
        (TicketState.APPROVED, set(), TicketState.APPROVED),
    ],
)
def test_a_state_that_a_workflow_lacks_is_replaced_by_the_one_before(target, existing, expected):
    assert nearest(target, frozenset(existing)) is expected


def test_a_workflow_with_one_end_for_all_ends_there_and_tells_by_the_resolution():
    simple = frozenset({TicketState.OPEN, TicketState.IMPLEMENTING, TicketState.CLOSED})
    done = offer("Done", TicketState.CLOSED)

    assert next_step(at(TicketState.OPEN, existing=simple), Goal(TicketState.CANCELLED), [done], ()) == Take(done)
    assert next_step(at(TicketState.CLOSED, existing=simple), Goal(TicketState.CANCELLED), [], ()) == Arrived()
    status = Status("10001", "Done", "done")
    found = [ticket_state(TicketKind.CHANGE, status, said, {}, {}) for said in ("Won't Do", "Declined", "Done", "Odd")]
    assert found == [TicketState.CANCELLED, TicketState.REJECTED, TicketState.CLOSED, TicketState.CLOSED]


@pytest.mark.parametrize(
    ("status", "own", "expected"),
    [
        (
            Status("1", "Peer Review", "indeterminate"),
            {"peer review": TicketState.IN_APPROVAL},
            TicketState.IN_APPROVAL,
        ),
        (Status("1", "Awaiting CAB approval", "indeterminate"), {}, TicketState.IN_APPROVAL),
        (Status("1", "Warten", "indeterminate"), {}, TicketState.IMPLEMENTING),
        (Status("1", "Fertig", "done"), {}, TicketState.CLOSED),
        (Status("1", "Neu", "new"), {}, TicketState.OPEN),
        (Status("1", "Odd", "undefined"), {}, TicketState.OPEN),
        (Status("1", "Resolved", "done"), {}, TicketState.CLOSED),
    ],
)
def test_a_status_is_read_by_the_settings_then_by_its_name_then_by_its_category(status, own, expected):
    assert state_of(TicketKind.CHANGE, status, own) is expected


def test_a_resolved_incident_awaits_its_closing():
    assert state_of(TicketKind.INCIDENT, Status("5", "Resolved", "done"), {}) is TicketState.IMPLEMENTED


def screen(id_: str, **more: Any) -> ScreenField:
    given = {"name": id_.capitalize(), "required": False, "has_default": False, "type": "string", "items": "",
             "custom": "", "choices": ()}  # fmt: skip
    return ScreenField(id_, **{**given, **more})


def settings(**more: Any) -> JiraSettings:
    return JiraSettings(url="https://x.example", access_token="t", project="OPS", **more)


def move(*fields: ScreenField) -> Transition:
    return Transition("1", "Complete", Status("1", "Done", "done"), fields)


@pytest.mark.parametrize(
    ("target", "close_code", "expected"),
    [
        (TicketState.CLOSED, CloseCode.SUCCESSFUL, "Done"),
        (TicketState.CLOSED, CloseCode.UNSUCCESSFUL, "Failed"),
        (TicketState.REJECTED, CloseCode.SUCCESSFUL, "Declined"),
        (TicketState.CANCELLED, CloseCode.SUCCESSFUL, "Won't do"),
    ],
)
def test_a_resolution_is_chosen_from_what_the_screen_offers(target, close_code, expected):
    asked = screen("resolution", required=True, choices=("Declined", "Done", "Failed", "Won't do"))

    found = answers("OPS-1", move(asked), TicketPatch("k", target, close_code=close_code), settings())

    assert found == {"resolution": {"name": expected}}


def test_what_else_a_move_asks_for_comes_from_the_settings_or_is_named():
    reason = screen("customfield_1", name="Pending reason", required=True, type="option", choices=("Vendor", "Other"))
    known = settings(move_fields={"customfield_1": {"value": "Other"}})

    assert answers("OPS-1", move(reason), TicketPatch("k", TicketState.CLOSED), known) == {
        "customfield_1": {"value": "Other"}
    }
    with pytest.raises(Refused, match=r"'Complete' of OPS-1 asks for Pending reason \(Vendor, Other\)") as refused:
        answers("OPS-1", move(reason), TicketPatch("k", TicketState.CLOSED), settings())
    assert refused.value.field == "customfield_1"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (screen("a", type="option", choices=("Low", "High")), "high", {"value": "High"}),
        (screen("a", type="option", choices=("Low",)), "high", None),
        (screen("priority", type="priority", choices=("High",)), "high", {"name": "High"}),
        (screen("a", type="array", items="option", choices=("Production",)), "production", [{"value": "Production"}]),
        (screen("a"), "x" * 300, "x" * 255),
        (screen("labels", type="array", items="string"), "two words", ["two-words"]),
        (screen("a", type="number"), "12.5", 12.5),
        (screen("a", type="number"), "many", None),
        (screen("a", type="date"), "2026-11-23T10:00:00+00:00", "2026-11-23"),
        (screen("a", type="datetime"), "2026-11-23T11:00:00+01:00", "2026-11-23T10:00:00.000+0000"),
        (screen("a", type="datetime"), "tomorrow", None),
        (screen("a", type="user"), "ann", None),
    ],
)
def test_a_fact_takes_the_shape_of_its_field_or_is_left_out(field, value, expected):
    assert shaped(field, value, is_cloud=False) == expected


@given(st.text())
def test_every_text_makes_a_valid_document_that_reads_the_same(text):
    made = document(text)

    assert adf.flaw(made) is None
    words = "\n\n".join(read(made).split("\n\n"))
    assert words.split() == text.split()


def test_paragraphs_and_lines_are_kept_on_cloud():
    made = written("one\ntwo\n\nthree", is_cloud=True)

    assert read(made) == "one\ntwo\n\nthree"
    assert len(made["content"]) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see [here|https://evil.example]", r"see \[here|https://evil.example\]"),
        ("{code}x{code}", r"\{code\}x\{code\}"),
        ("!picture.png!", r"\!picture.png!"),
        ("* one\n# two\n- three", "\\* one\n\\# two\n\\- three"),
        ("h1. Title", r"\h1. Title"),
        ("Done! At 5 - 6 pm, a*b, C:\\temp", "Done! At 5 - 6 pm, a*b, C:\\temp"),
    ],
)
def test_markup_in_our_texts_is_only_text_on_data_center(text, expected):
    assert written(text, is_cloud=False) == expected


def test_a_long_text_is_shortened_to_what_a_field_takes():
    assert len(written("x" * 50_000, is_cloud=False)) == 16_000
