"""Which weeks the change calendar shows (G6)."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from web.console.changing import _monday, _on

NOW = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)  # a Wednesday there, a Thursday in Zurich
ZURICH = ZoneInfo("Europe/Zurich")


@pytest.mark.row("G6")
@pytest.mark.parametrize(
    ("text", "monday"),
    [
        ("", datetime(2026, 3, 2, tzinfo=ZURICH)),
        ("2026-03-29", datetime(2026, 3, 23, tzinfo=ZURICH)),
        ("yesterday", datetime(2026, 3, 2, tzinfo=ZURICH)),
        ("9999-12-31", datetime(2026, 3, 2, tzinfo=ZURICH)),
        ("0001-01-01", datetime(2026, 3, 2, tzinfo=ZURICH)),
    ],
)
def test_a_calendar_begins_with_the_monday_of_the_day_that_is_asked_for(text, monday):
    assert _monday(text, now=NOW, place=ZURICH) == monday


@pytest.mark.row("G6")
@pytest.mark.parametrize(
    ("completed_at", "ended_at", "days"),
    [
        (None, None, [28, 29]),
        (datetime(2026, 11, 28, 14, tzinfo=UTC), None, [28]),
        (None, datetime(2026, 11, 28, 14, tzinfo=UTC), [28]),
        (datetime(2026, 11, 29, 3, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC), [28, 29]),
        (datetime(2026, 11, 27, 9, tzinfo=UTC), None, [27]),
    ],
    ids=["planned", "done sooner", "ended sooner", "reviewed later", "done before its time"],
)
def test_a_change_stands_on_the_days_that_it_takes(completed_at, ended_at, days):
    starts_at, ends_at = datetime(2026, 11, 28, 13, 35, tzinfo=UTC), datetime(2026, 11, 29, 13, 35, tzinfo=UTC)
    change = SimpleNamespace(starts_at=starts_at, ends_at=ends_at, completed_at=completed_at, ended_at=ended_at)
    november = [datetime(2026, 11, day, tzinfo=UTC) for day in range(26, 31)]
    assert [day.day for day in november if _on(day, (change,))] == days
