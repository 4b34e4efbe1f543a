"""When a morning's digest, a week's report and a night's walk are due, where somebody lives (B9, N1, P8)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from core.schedules import rules
from core.tenants import WeeklyReport

EIGHT_THIRTY = time(8, 30)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.row("B9")
@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Asia/Singapore", utc(2026, 11, 27, 0, 30)),
        ("Europe/Prague", utc(2026, 11, 27, 7, 30)),
        ("America/New_York", utc(2026, 11, 27, 13, 30)),
        ("Nowhere/AtAll", utc(2026, 11, 27, 8, 30)),
    ],
)
def test_a_digest_is_due_at_the_persons_own_half_past_eight(zone, at):
    assert rules.next_digest(EIGHT_THIRTY, zone, after=at - timedelta(hours=5)) == at
    found = rules.digest_today(EIGHT_THIRTY, zone, now=at)
    assert (found.day, found.at) == (date(2026, 11, 27), at)
    assert found.is_due(at, not_before=LONG_AGO)
    assert not found.is_due(at - timedelta(seconds=1), not_before=LONG_AGO)


def test_after_fridays_digest_comes_mondays_and_nothing_at_the_weekend():
    friday, monday = utc(2026, 11, 27, 7, 30), utc(2026, 11, 30, 7, 30)
    assert rules.next_digest(EIGHT_THIRTY, "Europe/Prague", after=friday) == monday
    assert rules.digest_today(EIGHT_THIRTY, "Europe/Prague", now=utc(2026, 11, 28, 9)) is None
    assert rules.digest_before(rules.digest_on(date(2026, 11, 30), EIGHT_THIRTY, "Europe/Prague"), EIGHT_THIRTY,
                               "Europe/Prague") == friday  # fmt: skip


def test_after_noon_a_digest_is_not_due_any_more():
    found = rules.digest_today(EIGHT_THIRTY, "Europe/Prague", now=utc(2026, 11, 27, 9))
    assert found.is_due(utc(2026, 11, 27, 10, 59, 59), not_before=LONG_AGO)
    assert not found.is_due(utc(2026, 11, 27, 11), not_before=LONG_AGO)


def test_what_lay_before_the_tenant_or_the_choice_was_never_expected():
    found = rules.digest_today(EIGHT_THIRTY, "UTC", now=utc(2026, 11, 27, 9))
    assert found.is_due(utc(2026, 11, 27, 9), not_before=utc(2026, 11, 27, 8, 30))
    assert not found.is_due(utc(2026, 11, 27, 9), not_before=utc(2026, 11, 27, 8, 31))


def test_across_a_change_of_clocks_the_hour_stays():
    before = rules.digest_on(date(2026, 10, 23), EIGHT_THIRTY, "Europe/Prague")  # a Friday; clocks go back on Sunday
    after = rules.digest_on(date(2026, 10, 26), EIGHT_THIRTY, "Europe/Prague")
    assert (before.at, after.at) == (utc(2026, 10, 23, 6, 30), utc(2026, 10, 26, 7, 30))


@pytest.mark.row("P8")
def test_a_report_is_due_on_its_day_for_the_seven_days_before():
    plan, zone = WeeklyReport(), "Europe/Zurich"
    now = utc(2026, 11, 30, 8)  # Monday, 09:00 there
    report = rules.report_this_week(plan, zone, now=now)
    assert (report.day, report.at) == (date(2026, 11, 30), now)
    assert report.is_due(now, not_before=LONG_AGO)
    assert report.is_due(now + timedelta(hours=23), not_before=LONG_AGO)
    assert not report.is_due(now + timedelta(hours=24), not_before=LONG_AGO)
    assert rules.week_before(report, zone) == (utc(2026, 11, 22, 23), utc(2026, 11, 29, 23))


@pytest.mark.row("P8")
def test_before_its_hour_and_on_other_days_the_next_report_is_the_next():
    plan = WeeklyReport(day="friday", at=time(16, 30))
    friday = utc(2026, 11, 27, 16, 30)
    assert rules.next_report(plan, "UTC", after=utc(2026, 11, 24, 9)) == friday
    assert rules.next_report(plan, "UTC", after=utc(2026, 11, 27, 9)) == friday
    assert rules.next_report(plan, "UTC", after=friday) == friday + timedelta(days=7)
    assert not rules.report_this_week(plan, "UTC", now=utc(2026, 11, 27, 9)).is_due(
        utc(2026, 11, 27, 9), not_before=LONG_AGO
    )


def test_a_week_in_which_clocks_change_is_told_whole():
    report = rules.report_this_week(WeeklyReport(), "Europe/Zurich", now=utc(2026, 10, 26, 9))
    since, until = rules.week_before(report, "Europe/Zurich")
    assert until - since == timedelta(days=7, hours=1)


@pytest.mark.row("N1")
@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("UTC", utc(2026, 11, 27, 2, 30)),
        ("Asia/Singapore", utc(2026, 11, 26, 18, 30)),
        ("America/New_York", utc(2026, 11, 27, 7, 30)),
    ],
)
def test_a_walk_is_due_at_half_past_two_where_the_tenant_is_and_for_four_hours(zone, at):
    found = rules.night(zone, now=at)
    assert (found.day, found.at, found.until) == (date(2026, 11, 27), at, at + timedelta(hours=4))
    assert found.is_due(at, not_before=LONG_AGO)
    assert found.is_due(at + timedelta(hours=3, minutes=59), not_before=LONG_AGO)
    assert not found.is_due(at + timedelta(hours=4), not_before=LONG_AGO)
    assert rules.next_night(zone, after=at) == at + timedelta(days=1)


@pytest.mark.row("N1")
def test_before_half_past_two_it_is_still_the_night_before_which_is_over():
    now = utc(2026, 11, 27, 2, 29, 59)
    found = rules.night("UTC", now=now)
    assert (found.day, found.is_due(now, not_before=LONG_AGO)) == (date(2026, 11, 26), False)
    assert rules.next_night("UTC", after=now) == utc(2026, 11, 27, 2, 30)


@pytest.mark.row("N1")
def test_a_night_that_has_no_half_past_two_has_its_walk_all_the_same_and_one_that_has_two_has_one():
    forward = rules.night("Europe/Prague", now=utc(2026, 3, 29, 4))  # 02:00 becomes 03:00
    assert (forward.day, forward.at) == (date(2026, 3, 29), utc(2026, 3, 29, 1, 30))
    back = rules.next_night("Europe/Prague", after=utc(2026, 10, 24, 12))  # 03:00 becomes 02:00
    assert back == utc(2026, 10, 25, 0, 30)
    assert rules.next_night("Europe/Prague", after=back) == utc(2026, 10, 26, 1, 30)
    assert rules.night("Europe/Prague", now=back + timedelta(hours=1)).at == back


@pytest.mark.row("N1")
def test_a_tenant_that_began_in_the_night_waits_for_the_next_one():
    now = utc(2026, 11, 27, 3)
    assert not rules.night("UTC", now=now).is_due(now, not_before=utc(2026, 11, 27, 2, 31))
