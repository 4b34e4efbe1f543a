"""When a change may be done: windows, freezes, collisions, and the first time that is accepted (G6)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.approvals.risk import RiskLevel
from core.changes.policy import ChangePolicy, Freeze, Scope, Window
from core.changes.timetable import Planned, Span, first_accepted, obstacles, occurrences, told, told_at
from core.dependencies import read_resource
from core.errors import InvalidInput

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
NIGHTLY = Window("Nightly", frozenset({"tuesday", "thursday"}), time(22), time(4))
AUDIT_WEEK = Freeze("Audit week", datetime(2026, 3, 9), datetime(2026, 3, 14), allows=frozenset({"security_patch"}))  # noqa: DTZ001


def at(day, hour, minute=0):
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def change(starts, hours=1.0, *, number=1, kind="agent_update", resources=("service:Payments",), felt=None):
    span = Span(starts, starts + timedelta(hours=hours))
    return Planned(UUID(int=number), f"CHG-{number}", kind, RiskLevel.LOW, resources, felt or resources, span)


def policy(*, windows=(), freezes=()):
    return ChangePolicy(types={}, matrix={}, windows=windows, freezes=freezes)


def kinds(found):
    return [(each.kind, each.name) for each in found]


@pytest.mark.row("G6")
@pytest.mark.parametrize(
    ("starts", "hours", "fits"),
    [
        (at(1, 22), 6, True),
        (at(2, 1), 3, True),  # after midnight it is still Tuesday's
        (at(1, 21, 59), 1, False),
        (at(2, 3), 1.5, False),
        (at(2, 22), 1, False),  # Wednesday
        (at(3, 23), 2, True),
    ],
)
def test_a_change_lies_in_one_opening_of_a_window(starts, hours, fits):
    found = obstacles(policy(windows=(NIGHTLY,)), change(starts, hours), (), time_zone="UTC")
    assert kinds(found) == ([] if fits else [("window", "Nightly (tuesday, thursday 22:00-04:00)")])


@pytest.mark.row("G6")
def test_where_no_window_is_about_it_any_time_will_do():
    window = Window("Nightly", NIGHTLY.days, NIGHTLY.starts, NIGHTLY.ends, Scope(frozenset({"infrastructure_change"})))
    assert obstacles(policy(windows=(window,)), change(at(0, 12)), (), time_zone="UTC") == ()


@pytest.mark.row("G6")
def test_a_window_is_where_the_tenant_is_also_when_clocks_change():
    sunday = Window("Sundays", frozenset({"sunday"}), time(1), time(5))
    around = Span(datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC))
    (opening,) = occurrences(sunday, around, "Europe/Zurich")  # clocks go from 2 to 3 that night
    assert opening == Span(datetime(2026, 3, 29, 0, tzinfo=UTC), datetime(2026, 3, 29, 3, tzinfo=UTC))


@pytest.mark.row("G6")
def test_a_freeze_covers_everything_but_what_it_allows():
    frozen = policy(freezes=(AUDIT_WEEK,))
    assert kinds(obstacles(frozen, change(at(8, 10)), (), time_zone="UTC")) == [("freeze", "Audit week")]
    assert obstacles(frozen, change(at(8, 10), kind="security_patch"), (), time_zone="UTC") == ()
    assert obstacles(frozen, change(at(6, 23), hours=1), (), time_zone="UTC") == ()  # ends as it begins


@pytest.mark.row("G6", "G4")
@pytest.mark.parametrize(
    ("ours", "our_reach", "theirs", "common"),
    [
        ("service:Payments", (), "service:Payments", ("service:Payments",)),
        ("agent:invoice-reader", ("service:Payments",), "service:Payments", ("service:Payments",)),
        ("service:Payments", (), "service:Ledger", ()),
    ],
)
def test_changes_collide_where_one_touches_what_the_other_touches_or_is_felt_by(ours, our_reach, theirs, common):
    mine = change(at(1, 10), resources=(ours,), felt=(ours, *our_reach))
    other = change(at(1, 10, 30), number=2, resources=(theirs,))
    for first, second in ((mine, other), (other, mine)):
        found = obstacles(policy(), first, [second], time_zone="UTC")
        assert [each.shared for each in found] == ([common] if common else [])


@pytest.mark.row("G6")
def test_one_that_begins_as_the_other_ends_does_not_collide():
    assert obstacles(policy(), change(at(1, 11)), [change(at(1, 10), number=2)], time_zone="UTC") == ()


@pytest.mark.row("G6")
def test_the_answer_names_everything_in_the_way_and_the_first_time_that_is_accepted():
    rules = policy(windows=(NIGHTLY,), freezes=(AUDIT_WEEK,))
    other = change(at(15, 22), hours=2, number=2)  # in the first window after the freeze
    wanted = change(at(8, 12), hours=3)
    assert kinds(obstacles(rules, wanted, [other], time_zone="UTC")) == [
        ("freeze", "Audit week"),
        ("window", "Nightly (tuesday, thursday 22:00-04:00)"),
    ]
    found = first_accepted(rules, wanted, [other], not_before=at(7, 0), time_zone="UTC")
    assert found == Span(at(16, 0), at(16, 3))  # the same night, once the other has ended


@pytest.mark.row("G6")
def test_what_fits_into_no_window_has_no_time():
    found = first_accepted(
        policy(windows=(NIGHTLY,)), change(at(1, 22), hours=7), [], not_before=MONDAY, time_zone="UTC"
    )
    assert found is None


hours = st.integers(0, 24 * 14)


@pytest.mark.row("G6")
@given(wanted=hours, length=st.integers(1, 6), others=st.lists(st.tuples(hours, st.integers(1, 30)), max_size=8))
def test_a_time_that_is_offered_is_accepted(wanted, length, others):
    planned = [
        change(MONDAY + timedelta(hours=starts), hours=long, number=number)
        for number, (starts, long) in enumerate(others, start=2)
    ]
    rules = policy(windows=(NIGHTLY,), freezes=(AUDIT_WEEK,))
    asked = change(MONDAY + timedelta(hours=wanted), hours=length)
    found = first_accepted(rules, asked, planned, not_before=MONDAY, time_zone="Europe/Zurich")
    assert found is not None
    assert found.length == timedelta(hours=length)
    there = change(found.starts_at, hours=length)
    assert obstacles(rules, there, planned, time_zone="Europe/Zurich") == ()


@pytest.mark.row("G4")
@pytest.mark.parametrize("text", ["Payments", "srvice:Payments", "service:", "service:" + "x" * 121])
def test_what_names_no_resource_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        read_resource(text)
    assert refused.value.accepted


@pytest.mark.row("G6")
def test_a_span_into_another_year_says_so_at_both_its_ends():
    freeze = Span(datetime(2026, 12, 20, 17, tzinfo=UTC), datetime(2027, 1, 3, 23, tzinfo=UTC))
    assert told(freeze, "Europe/Zurich") == "Sun 20 Dec 2026 18:00 to Mon 4 Jan 2027 00:00 Europe/Zurich"
    assert told_at(freeze.starts_at, "Europe/Zurich") == "Sun 20 Dec 2026 18:00 Europe/Zurich"
