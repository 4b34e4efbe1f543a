"""Durations and counts in words."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.times import counted, due, in_words

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(), "less than a minute"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(hours=10, minutes=5), "10 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 days"),
        (timedelta(days=400), "400 days"),
        (timedelta(hours=-3), "3 h"),
    ],
)
def test_a_duration_is_said_in_its_largest_fitting_unit(duration, words):
    assert in_words(duration) == words


def test_what_is_due_says_how_long_there_is_and_what_is_late_says_by_how_much():
    assert due(NOW + timedelta(hours=3), now=NOW) == "due in 3 h"
    assert due(NOW - timedelta(minutes=20), now=NOW) == "overdue by 20 min"
    assert due(NOW, now=NOW) == "overdue by less than a minute"


def test_counts_agree_with_their_noun():
    assert [counted(number, "request") for number in (0, 1, 2)] == ["0 requests", "1 request", "2 requests"]
    assert counted(2, "bypass", "bypasses") == "2 bypasses"
