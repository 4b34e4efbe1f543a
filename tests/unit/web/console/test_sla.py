"""Service levels in the browser: what needs no database."""

from __future__ import annotations

from datetime import datetime

import pytest

from web.console.sla import period_words


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-10-01T00:00:00+00:00", "2026-11-01T00:00:00+00:00", "October 2026"),
        ("2026-09-30T23:00:00+00:00", "2026-10-31T23:00:00+00:00", "October 2026"),
        ("2026-02-01T05:00:00+00:00", "2026-03-01T05:00:00+00:00", "February 2026"),
        ("2026-10-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00", "Q4 2026"),
        ("2025-12-31T11:00:00+00:00", "2026-12-31T11:00:00+00:00", "2026"),
        ("2026-10-04T22:00:00+00:00", "2026-10-05T22:00:00+00:00", "5 Oct 2026"),
        ("2026-10-05T00:00:00+00:00", "2026-10-12T00:00:00+00:00", "the week of 5 Oct 2026"),
    ],
)
def test_a_period_is_called_what_people_call_it(start, end, words):
    assert period_words(datetime.fromisoformat(start), datetime.fromisoformat(end)) == words
