"""When the month's report comes, whatever the month, the zone and the day (E2)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.schedules import rules
from core.tenants import MonthlyReport

ZONES = st.sampled_from(["UTC", "Europe/Zurich", "America/New_York", "Pacific/Kiritimati"])
MOMENTS = st.integers(0, 4 * 365 * 24 * 60).map(lambda each: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=each))


@pytest.mark.row("E2")
@given(now=MOMENTS, zone=ZONES, day=st.integers(1, 28), hour=st.integers(0, 23))
def test_a_report_comes_once_in_each_month_and_tells_of_the_one_before(now, zone, day, hour):
    plan = MonthlyReport(day=day, at=time(hour))
    latest, following = rules.report_this_month(plan, zone, now=now), rules.next_monthly_report(plan, zone, after=now)
    assert latest.day.day == day
    assert following > now
    assert rules.month_before(latest).day == 1
    assert timedelta() < latest.day - rules.month_before(latest) <= timedelta(days=31 + 28)
    after = rules.report_this_month(plan, zone, now=following)
    assert after.at == following
    assert after.day in (latest.day, (latest.day.replace(day=1) + timedelta(days=31)).replace(day=day))
