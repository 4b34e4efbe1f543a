"""Which months are read at night (C10)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.costs.checks import MonthNow
from core.costs.comparing import to_compare

TODAY = date(2026, 3, 3)
NIGHT = datetime(2026, 3, 3, 2, tzinfo=UTC)
FIRSTS = [date(2023 + number // 12, number % 12 + 1, 1) for number in range(39)]
MONTHS = st.lists(st.sampled_from(FIRSTS), unique=True, max_size=12).map(sorted)


def as_compared(month, *, days_ago=1):
    return MonthNow(month, "same", "same", NIGHT - timedelta(days=days_ago))


@pytest.mark.row("C10")
@given(MONTHS)
def test_as_many_nights_as_there_are_months_read_each_of_them(months):
    known = {month: as_compared(month) for month in months}
    read = set()
    for night in range(len(months)):
        for each in to_compare(list(known.values()), today=TODAY):
            read.add(each.month)
            known[each.month] = as_compared(each.month, days_ago=-night)
    assert read == set(months)


@pytest.mark.row("C10")
@given(MONTHS, st.sets(st.sampled_from(FIRSTS)))
def test_all_that_have_changed_are_read_the_latest_two_and_one_more(months, changed):
    now = [MonthNow(month, "new", "old", NIGHT) if month in changed else as_compared(month) for month in months]
    read = {each.month for each in to_compare(now, today=TODAY)}
    needed = {month for month in months if month in changed or month >= date(2026, 2, 1)}
    assert needed <= read
    assert len(read - needed) == min(1, len(set(months) - needed))
