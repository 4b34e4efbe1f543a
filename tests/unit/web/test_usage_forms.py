"""Usage as CloudEvents: by which id it is known (C3)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from web.api.usage import CloudEventIn, usage_of

names = st.text(alphabet="a/#%235", min_size=1, max_size=8)


def usage_id(source, event_id):
    told = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": "cpu_hours",
        "time": datetime(2026, 3, 2, tzinfo=UTC).isoformat(),
        "data": {"quantity": "1"},
    }
    (usage,) = usage_of(CloudEventIn.model_validate(told))
    return usage.id


@pytest.mark.row("C3")
@given(names, names, names, names)
@example("/runs", "7#1", "/runs#7", "1")
@example("/runs", "7#1", "/runs", "7%231")
@example("/runs", "7%231", "/runs", "7%25231")
def test_events_of_different_source_or_id_are_different_usage(source, event_id, other_source, other_id):
    is_same = (source, event_id) == (other_source, other_id)
    assert (usage_id(source, event_id) == usage_id(other_source, other_id)) == is_same


@pytest.mark.row("C3")
def test_an_id_without_a_number_sign_stands_as_it_is_behind_its_source():
    assert usage_id("/runners/7", "a%20b?c=50%") == "/runners/7#a%20b?c=50%"
