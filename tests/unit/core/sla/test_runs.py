"""What is left of an error budget day by day in a report (S8, D21)."""

from __future__ import annotations

from array import array
from datetime import UTC, date, datetime, timedelta

import pytest

from core.sla.measuring import Measuring
from core.sla.objective import Bound, Metric, Objective
from core.sla.runs import run_of
from core.sla.series import FULL, PER_HOUR, Series, Slice, minute_of
from core.sla.windows import LAST_30_DAYS, Span, Unit, Window

START = datetime(2026, 3, 1, tzinfo=UTC)
MONTH = Window(unit=Unit.MONTH)


def series(days: int, *, down: tuple[int, ...] = ()) -> Series:
    """Busy every minute from START on; on the days `down` (from 0) nothing works in the hour from noon."""
    hours = {}
    for hour in range(days * 24):
        is_down = hour // 24 in down and hour % 24 == 12
        shares = array("H", [0 if is_down else FULL] * PER_HOUR).tobytes()
        hours[minute_of(START) + hour * PER_HOUR] = Slice(PER_HOUR, PER_HOUR if is_down else 0, b"", shares)
    return Series({}, hours, minute_of(START))


def left(window: Window, days: int, *, until: int, down: tuple[int, ...], zone: str = "UTC") -> tuple:
    objective = Objective(
        name="availability", metric=Metric.AVAILABILITY, bound=Bound(">=", 0.99), window=window, service="payments"
    )
    span, whole = Span(START, START + timedelta(days=days)), Span(START, START + timedelta(days=until))
    found = run_of(Measuring("payments", series(days, down=down), (objective,), span, 5), whole, zone=zone)
    return [each.left for each in found.days], found.resets, found.over


@pytest.mark.row("S8")
def test_a_months_budget_burns_by_what_was_down_and_counts_the_days_to_come():
    shares, resets, over = left(MONTH, 4, until=31, down=(1,))
    allowed = 31 * 1440 * 0.01
    assert shares == [1.0, *[pytest.approx(1 - 60 / allowed)] * 3]
    assert (resets, over) == ((), "each calendar month")


@pytest.mark.row("S8")
def test_a_budget_of_the_calendar_begins_anew_with_its_period():
    shares, resets, over = left(MONTH, 33, until=33, down=(1, 31))
    assert shares[30] == pytest.approx(1 - 60 / (31 * 1440 * 0.01))
    assert shares[31] == pytest.approx(1 - 60 / (30 * 1440 * 0.01))  # April's
    assert (resets, over) == ((date(2026, 4, 1),), "each calendar month")


@pytest.mark.row("S8")
def test_a_rolling_budget_is_that_of_the_reports_whole_time():
    shares, resets, over = left(LAST_30_DAYS, 10, until=10, down=(0, 5))
    assert shares[-1] == pytest.approx(1 - 120 / (10 * 1440 * 0.01))
    assert (resets, over) == ((), "the 10 days of this report")


@pytest.mark.row("S8")
def test_a_quarter_that_began_before_the_report_is_judged_over_its_time():
    objective_window = Window(unit=Unit.YEAR)
    shares, resets, over = left(objective_window, 31, until=31, down=(3,))
    assert shares[-1] == pytest.approx(1 - 60 / (31 * 1440 * 0.01))
    assert (resets, over) == ((), "the 31 days of this report")
