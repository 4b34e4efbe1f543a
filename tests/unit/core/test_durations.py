"""Durations as people write them (P3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.durations import LONGEST, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("24 hours", timedelta(hours=24)),
        ("48 hours", timedelta(hours=48)),
        ("30 minutes", timedelta(minutes=30)),
        ("1 day", timedelta(days=1)),
        ("2 days", timedelta(days=2)),
        ("1h30m", timedelta(minutes=90)),
        ("1 hour and 30 minutes", timedelta(minutes=90)),
        ("1 day, 12 hours", timedelta(hours=36)),
        ("1.5 hours", timedelta(minutes=90)),
        ("90s", timedelta(seconds=90)),
        ("2 Weeks", timedelta(weeks=2)),
        ("0.3 s", timedelta(milliseconds=300)),
        ("366 days", LONGEST),
    ],
)
def test_a_duration_is_read_as_people_write_it(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "soon", "24", "hours", "0 hours", "-1 hour", "1 fortnight", "367 days", "1h30", "1 hour foo", 24, None]
)
def test_anything_else_is_not_a_duration(text: object) -> None:
    assert parse_duration(text) is None


@given(st.integers(1, int(LONGEST.total_seconds()) * 1000))
def test_a_written_duration_reads_back_to_the_millisecond(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    parsed = parse_duration(text)
    assert parsed is None or timedelta() < parsed <= LONGEST
