"""Which weeks the change calendar shows (G6)."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from web.console.changing import _monday

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
