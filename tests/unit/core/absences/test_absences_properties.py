"""Whatever the calendar: windows cover the same time as its events, and what is known becomes what it says."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.absences.calendar import read_absences
from core.absences.rules import (
    ABSENCES_MAX,
    BACK_OFF_MAX,
    LOOK_AHEAD,
    Known,
    Window,
    merged,
    next_poll,
    reconcile,
)

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
ZONES = ["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "UTC"]
windows = st.builds(
    lambda start, hours: Window(NOW + timedelta(hours=start), NOW + timedelta(hours=start + hours)),
    st.integers(-100, 1200),
    st.integers(1, 200),
)


@pytest.mark.row("X5")
@settings(max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2026, 3, 21), date(2026, 3, 30)),
    count=st.integers(1, 40),
    interval=st.integers(2, 4),
    hour=st.integers(4, 20),
)
def test_what_recurs_keeps_its_hour_on_the_wall_across_the_change_of_the_clocks(zone, day, count, interval, hour):
    feed = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\nBEGIN:VEVENT\nUID:1\nSUMMARY:OOO\n"
        f"DTSTART;TZID={zone}:{day:%Y%m%d}T{hour:02}0000\nDTEND;TZID={zone}:{day:%Y%m%d}T{hour + 2:02}0000\n"
        f"RRULE:FREQ=DAILY;INTERVAL={interval};COUNT={count}\nEND:VEVENT\nEND:VCALENDAR\n"
    ).encode()
    found = read_absences(feed, "UTC", since=NOW, until=NOW + LOOK_AHEAD)
    place = ZoneInfo(zone)
    days = [day + timedelta(days=interval * index) for index in range(count)]
    expected = [
        Window(
            datetime.combine(each, time(hour), place).astimezone(UTC),
            datetime.combine(each, time(hour + 2), place).astimezone(UTC),
        )
        for each in days
    ]
    assert list(found) == [each for each in expected if each.ends_at > NOW and each.starts_at < NOW + LOOK_AHEAD]


@given(st.lists(windows, max_size=12))
def test_merged_windows_cover_the_same_time_and_never_touch(found):
    result = merged(found)
    assert all(one.ends_at < other.starts_at for one, other in pairwise(result))
    for hour in range(-110, 1410, 3):
        at = NOW + timedelta(hours=hour)
        assert any(each.starts_at <= at < each.ends_at for each in found) == any(
            each.starts_at <= at < each.ends_at for each in result
        )


@given(st.lists(windows, max_size=8), st.lists(windows, max_size=8))
def test_what_is_known_becomes_what_the_calendar_says_from_now_on(before, after):
    known = [Known(UUID(int=number), window) for number, window in enumerate(merged(before)) if window.ends_at > NOW]
    what = reconcile(known, after, now=NOW)
    result = {each.id: each.window for each in known}
    result |= {each.id: each.window for each in what.moved}
    for each in what.ended:
        del result[each.id]
    left = sorted([*result.values(), *what.begun])
    wanted = [each for each in merged(after) if each.ends_at > NOW]
    assert [(max(each.starts_at, NOW), each.ends_at) for each in left] == [
        (max(each.starts_at, NOW), each.ends_at) for each in wanted
    ]


@given(st.lists(windows, max_size=8))
def test_reading_the_same_again_changes_nothing(found):
    begun = reconcile([], found, now=NOW).begun
    known = [Known(UUID(int=number), window) for number, window in enumerate(begun)]
    assert not reconcile(known, found, now=NOW)


def test_a_calendar_of_thousands_of_absences_is_cut_off():
    found = [Window(NOW + timedelta(hours=2 * hour), NOW + timedelta(hours=2 * hour + 1)) for hour in range(500)]
    assert len(reconcile([], found, now=NOW).begun) == ABSENCES_MAX


@given(st.integers(0, 400), st.floats(0, 1, exclude_max=True))
def test_a_feed_that_fails_is_asked_less_and_less_often_but_never_forgotten(failures, chance):
    every = timedelta(minutes=15)
    wait = next_poll(NOW, every, failures=failures, chance=chance) - NOW
    usual = min(every * 2 ** min(failures, 16), BACK_OFF_MAX)
    assert usual * 0.9 <= wait <= usual * 1.1
