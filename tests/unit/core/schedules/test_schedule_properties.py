"""Whatever the zone and the season: every working day has its digest, at its own hour, once (B9)."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendars import WEEKDAYS
from core.schedules import rules
from core.tenants import WeeklyReport

# Half hours, quarter hours, clocks that change by half an hour (Lord Howe), at midnight (Beirut), across the date line.
ZONES = st.sampled_from(
    ("UTC", "Europe/Prague", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
     "Asia/Beirut", "America/St_Johns", "Pacific/Apia", "Pacific/Honolulu", "Africa/Casablanca", "Europe/Dublin")
)  # fmt: skip
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
NOWS = st.integers(0, 7 * 366 * 24 * 3600).map(lambda seconds: FIRST + timedelta(seconds=seconds))
MORNINGS = st.times(time(5), time(11)).map(lambda at: at.replace(second=0, microsecond=0))
ANY_TIME = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@pytest.mark.row("B9")
@given(MORNINGS, ZONES, NOWS)
def test_the_next_digest_is_later_on_a_working_day_and_at_the_hour_that_was_chosen(at, zone, now):
    found = rules.next_digest(at, zone, after=now)
    there = found.astimezone(ZoneInfo(zone))
    assert now < found <= now + timedelta(days=4, hours=1)
    assert there.weekday() < 5
    assert there.time() == at  # no zone changes its clocks between five and eleven


@given(MORNINGS, ZONES, NOWS)
def test_at_the_next_digests_instant_exactly_it_is_due_and_until_then_none_is(at, zone, now):
    found = rules.next_digest(at, zone, after=now)
    due = rules.digest_today(at, zone, now=found)
    assert due.at == found
    assert due.is_due(found, not_before=now)
    before = found - timedelta(seconds=1)
    earlier = rules.digest_today(at, zone, now=before)
    assert earlier is None or not earlier.is_due(before, not_before=max(now, due.at))


@given(MORNINGS, ZONES, NOWS)
def test_walking_from_digest_to_digest_no_day_comes_twice_and_none_is_left_out(at, zone, now):
    days, instant = [], now
    for _step in range(7):
        instant = rules.next_digest(at, zone, after=instant)
        days.append(instant.astimezone(ZoneInfo(zone)).date())
    gaps = {(later - earlier).days for earlier, later in pairwise(days)}
    assert gaps <= {1, 3}


@given(MORNINGS, ZONES, NOWS)
def test_the_digest_before_the_next_one_is_the_one_that_led_to_it(at, zone, now):
    first = rules.next_digest(at, zone, after=now)
    second = rules.next_digest(at, zone, after=first)
    assert rules.digest_before(rules.digest_today(at, zone, now=second), at, zone) == first


@pytest.mark.row("P8")
@given(st.sampled_from(WEEKDAYS), ANY_TIME, ZONES, NOWS)
def test_the_next_report_is_within_a_week_on_its_day_and_due_when_it_comes(day, at, zone, now):
    plan = WeeklyReport(day=day, at=at)
    found = rules.next_report(plan, zone, after=now)
    assert now < found <= now + timedelta(days=8)
    report = rules.report_this_week(plan, zone, now=found)
    assert report.is_due(found, not_before=now)
    assert WEEKDAYS[report.day.weekday()] == day
    since, until = rules.week_before(report, zone)
    assert since < until <= found
