"""Times as people write them, in their zone (B1)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.changes import read_time
from core.errors import InvalidInput


def test_a_time_is_read_as_the_clocks_of_the_zone_show_it():
    assert read_time("2026-03-03 22:00", "Europe/Berlin", where="at") == datetime(2026, 3, 3, 21, tzinfo=UTC)
    assert read_time("2026-03-03T22:00Z", "Europe/Berlin", where="at") == datetime(2026, 3, 3, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone"),
    [("soon", "UTC"), ("0001-01-01 00:00", "Asia/Tokyo"), ("9999-12-31 23:00", "America/New_York")],
)
def test_what_is_no_time_or_lies_beyond_what_is_counted_is_refused(text, zone):
    with pytest.raises(InvalidInput) as refused:
        read_time(text, zone, where="at")
    assert refused.value.where == "at"
