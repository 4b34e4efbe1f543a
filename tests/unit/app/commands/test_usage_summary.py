"""What an import says at its end leaves nothing out (C3, C10)."""

from __future__ import annotations

import pytest

from app.commands.usage import summary

FOUND = {
    "rows": 9,
    "skipped": 0,
    "accepted": 7,
    "duplicates": 2,
    "of_no_cost": 0,
    "credits": 0,
    "credited": {},
    "errors": 0,
    "reported": 0,
    "report": None,
}


@pytest.mark.row("C3")
def test_a_file_of_which_all_was_taken_is_told_in_a_line():
    assert summary(FOUND) == ["9 rows: 7 new, 2 known before, 0 gone through by an earlier run, 0 that cannot be taken"]


@pytest.mark.row("C10")
def test_credits_free_rows_and_a_report_that_is_cut_are_told():
    found = {
        **FOUND,
        "of_no_cost": 4,
        "credits": 3,
        "credited": {"EUR": "-3.00", "USD": "-2.51"},
        "errors": 250_000,
        "reported": 100_000,
        "report": "bill.csv.errors.csv",
    }
    assert summary(found)[1:] == [
        "Of no cost: 4",
        "Credits left out: 3, together -3.00 EUR, -2.51 USD",
        "Why (the first 100000 of them): bill.csv.errors.csv",
    ]
