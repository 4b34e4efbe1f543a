"""How planned dates of tickets are read (G6)."""

from __future__ import annotations

import pytest

from core.tickets import spelled
from core.tickets.times import instant

pytestmark = pytest.mark.row("G6")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-03 22:00:00", "2026-03-03T22:00:00+00:00"),  # ServiceNow: UTC, and says so nowhere
        ("2026-03-03T22:00:00.000+0000", "2026-03-03T22:00:00+00:00"),
        ("2026-03-03T23:00:00+01:00", "2026-03-03T22:00:00+00:00"),
        ("2026-03-03", "2026-03-03"),
        ("", ""),
        ("next week", "next week"),
    ],
)
def test_a_time_is_told_by_its_instant_however_a_system_spells_it(text, said):
    assert spelled(text) == said


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-05:00", "9999-12-31 23:00:00"])
def test_what_some_zone_cannot_count_is_no_instant(text):
    assert instant(text) is None
    assert spelled(text) == text


@pytest.mark.parametrize("text", ["2026-03-03", "20260303", "", "tomorrow 10:00"])
def test_what_says_no_time_of_day_is_no_instant(text):
    assert instant(text) is None
