"""Names below an axis of time stand apart, in the order of time, at hours and days as people there count them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.charts.ticks import ticks

WIDTH = 330  # pixels of the axis; the names of amounts beside it are short or long
LETTER = 6.6  # pixels, on the average of digits and letters of 13 pixels
ZONES = st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "America/Sao_Paulo"])


def begins(day, zone):
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


@given(first=st.dates(date(2020, 1, 1), date(2030, 1, 1)), days=st.integers(1, 1100), zone=ZONES)
def test_names_do_not_touch_however_long_the_period_is_and_stand_within_it(first, days, zone):
    starts, ends = begins(first, zone), begins(first + timedelta(days=days), zone)
    named = ticks(starts, ends, zone=zone)
    assert named
    assert all(starts <= each.at < ends for each in named)
    for before, after in pairwise(named):
        apart = (after.at - before.at) / (ends - starts) * WIDTH
        assert apart > LETTER * (len(before.name) + len(after.name)) / 2, (before, after)


@pytest.mark.parametrize(
    ("first", "last", "names"),
    [
        (date(2026, 11, 24), date(2026, 11, 25), ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]),
        (
            date(2026, 11, 23),
            date(2026, 11, 30),
            ["Mon 23", "Tue 24", "Wed 25", "Thu 26", "Fri 27", "Sat 28", "Sun 29"],
        ),
        (date(2026, 11, 1), date(2026, 12, 1), ["1 Nov", "8 Nov", "15 Nov", "22 Nov", "29 Nov"]),
        (
            date(2026, 10, 1),
            date(2027, 1, 1),
            ["1 Oct", "15 Oct", "29 Oct", "12 Nov", "26 Nov", "10 Dec", "24 Dec"],
        ),
        (date(2026, 1, 1), date(2027, 1, 1), ["Jan", "Mar", "May", "Jul", "Sep", "Nov"]),
        (date(2026, 11, 5), date(2027, 12, 10), ["Feb 2027", "May 2027", "Aug 2027", "Nov 2027"]),
    ],
)
def test_each_period_has_names_of_its_own_kind(first, last, names):
    zone = "America/New_York"
    assert [each.name for each in ticks(begins(first, zone), begins(last, zone), zone=zone)] == names


def test_a_day_begins_when_it_begins_there():
    zone = "America/New_York"
    named = ticks(begins(date(2026, 11, 1), zone), begins(date(2026, 12, 1), zone), zone=zone)
    assert [each.at.hour for each in named] == [4, 5, 5, 5, 5]  # summer time ends on the first
