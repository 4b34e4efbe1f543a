"""Working time over nights, weekends, holidays and the days on which clocks change (P3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendars import WEEKDAYS, WorkingCalendar, calendar_from_json

ZURICH = WorkingCalendar("Europe/Zurich", time(9), time(17), country="CH-ZH")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Zurich"))


@pytest.mark.row("P3")
@pytest.mark.parametrize(
    ("since", "hours", "due"),
    [
        ("2026-03-02T10:00", 4, "2026-03-02T14:00"),  # within a Monday
        ("2026-03-02T15:00", 4, "2026-03-03T11:00"),  # over a night
        ("2026-03-06T16:00", 2, "2026-03-09T10:00"),  # over a weekend
        ("2026-03-07T12:00", 8, "2026-03-09T17:00"),  # asked on a Saturday
        ("2026-04-02T16:00", 2, "2026-04-07T10:00"),  # over Easter
        ("2026-03-27T16:00", 2, "2026-03-30T10:00"),  # over the night in which clocks change
        ("2026-03-02T06:00", 8, "2026-03-02T17:00"),  # before work
    ],
)
def test_only_working_time_counts(since, hours, due):
    assert ZURICH.add(local(since), timedelta(hours=hours)) == local(due)


@pytest.mark.row("P3")
def test_hours_that_a_change_of_clocks_leaves_out_do_not_count():
    """On 29 March 2026 there is no half past two in Zürich: 02:30 would come after 03:00."""
    nightly = WorkingCalendar("Europe/Zurich", time(2, 30), time(3), days=frozenset(WEEKDAYS))
    since = local("2026-03-28T02:30")
    assert nightly.add(since, timedelta(minutes=45)) == local("2026-03-30T02:45")
    assert nightly.between(since, local("2026-03-30T02:45")) == timedelta(minutes=45)


def test_a_day_on_which_the_firm_is_closed_does_not_count():
    calendar = WorkingCalendar("UTC", closed=frozenset({date(2026, 3, 3)}))
    assert calendar.add(datetime(2026, 3, 2, 17, tzinfo=UTC), timedelta(hours=2)) == datetime(2026, 3, 4, 9, tzinfo=UTC)


def test_a_reminder_counts_working_time_too_and_never_comes_before_the_question():
    asked, due = local("2026-03-06T15:00"), local("2026-03-09T11:00")
    assert ZURICH.subtract(due, timedelta(hours=3), not_before=asked) == local("2026-03-06T16:00")
    assert ZURICH.subtract(due, timedelta(hours=30), not_before=asked) == asked


instants = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  made aware
durations = st.timedeltas(timedelta(seconds=1), timedelta(hours=200))


@given(instants, durations)
def test_what_is_added_has_passed(since, worked):
    due = ZURICH.add(since, worked)
    assert ZURICH.between(since, due) == worked
    assert due - since >= worked


@given(instants, durations, durations)
def test_adding_twice_is_adding_the_sum(since, first, second):
    assert ZURICH.add(ZURICH.add(since, first), second) == ZURICH.add(since, first + second)


def test_a_calendar_survives_the_database():
    assert calendar_from_json(ZURICH.to_json()) == ZURICH
