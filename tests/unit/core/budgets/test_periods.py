"""The periods of a budget."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.budgets.periods import Period, PeriodKind, Scheme, Window, begun, calendar_window, changed, window_of

ZURICH = "Europe/Zurich"
PERIODS = [*(Period(kind) for kind in PeriodKind if kind != "custom"), Period(PeriodKind.CUSTOM, 10, date(2026, 1, 5))]
instants = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  given below


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.row("C2")
@pytest.mark.parametrize(
    ("period", "zone", "starts", "ends"),
    [
        (Period(PeriodKind.DAY), "UTC", "2026-03-11T00:00", "2026-03-12T00:00"),
        (Period(PeriodKind.WEEK), "UTC", "2026-03-09T00:00", "2026-03-16T00:00"),
        (Period(PeriodKind.MONTH), "UTC", "2026-03-01T00:00", "2026-04-01T00:00"),
        (Period(PeriodKind.QUARTER), "UTC", "2026-01-01T00:00", "2026-04-01T00:00"),
        (Period(PeriodKind.YEAR), "UTC", "2026-01-01T00:00", "2027-01-01T00:00"),
        (Period(PeriodKind.CUSTOM, 10, date(2026, 1, 5)), "UTC", "2026-03-06T00:00", "2026-03-16T00:00"),
        (Period(PeriodKind.MONTH), ZURICH, "2026-02-28T23:00", "2026-03-31T22:00"),  # daylight saving begins in it
        (Period(PeriodKind.DAY), "America/New_York", "2026-03-10T04:00", "2026-03-11T04:00"),
    ],
)
def test_a_period_is_the_whole_calendar_one_where_the_tenant_lives(period, zone, starts, ends):
    # rules 1, 3
    moment = at("2026-03-11T02:00") if zone != "UTC" and period.kind == "day" else at("2026-03-11T09:30")
    assert calendar_window(period, zone, moment) == Window(at(starts), at(ends))


@given(st.sampled_from(PERIODS), st.sampled_from(["UTC", ZURICH, "Asia/Kolkata"]), instants)
def test_periods_hold_their_first_instant_follow_each_other_and_leave_no_gap(period, zone, moment):
    # rule 2
    window = calendar_window(period, zone, moment)
    assert window.starts_at <= moment < window.ends_at
    assert window.holds(window.starts_at)
    assert not window.holds(window.ends_at)
    assert calendar_window(period, zone, window.ends_at).starts_at == window.ends_at
    assert calendar_window(period, zone, window.ends_at - timedelta(microseconds=1)) == window


@given(st.sampled_from(PERIODS), st.sampled_from(PERIODS), instants, instants, instants)
def test_whatever_was_changed_when_an_instant_lies_in_one_period_at_most(first, second, made, altered, moment):
    made, altered = sorted((made, altered))
    schemes = changed((begun(first, ZURICH, now=made),), second, ZURICH, now=altered)
    window = window_of(schemes, moment)
    assert (window is None) == (moment < schemes[0].since)
    if window is not None:
        assert window.holds(moment)
        assert not window.starts_at < altered < window.ends_at
        assert [Scheme.from_json(each.to_json()) for each in schemes] == list(schemes)


@pytest.mark.row("C2")
def test_a_change_of_period_ends_the_one_under_way_and_begins_the_next_at_that_instant():
    # rule 5
    noon = at("2026-03-11T12:00")
    schemes = changed((begun(Period(PeriodKind.DAY), "UTC", now=at("2026-03-11T08:00")),), Period(PeriodKind.MONTH), "UTC", now=noon)  # fmt: skip
    assert window_of(schemes, noon - timedelta(hours=1)) == Window(at("2026-03-11T00:00"), noon)
    assert window_of(schemes, noon) == Window(noon, at("2026-04-01T00:00"))
    assert window_of(schemes, at("2026-03-10T23:59")) is None
