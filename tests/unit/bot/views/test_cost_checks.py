"""What administrators read of sums of costs that are not the ledger's."""

from __future__ import annotations

import pytest

from bot.plain import text_of
from bot.views.cost_checks import cost_check_card
from core.costs import Check
from tests.factories import START

DIFFERENCE = {
    "day": "2026-03-01",
    "project": "search",
    "agent": "",
    "meter": "cpu_hours",
    "meter_class": "compute_costs",
    "currency": "USD",
    "ledger": "0.10",
    "rollup": "0.100001",
}


@pytest.mark.row("C10")
def test_it_says_how_many_differ_which_and_what_to_do():
    said = text_of(cost_check_card(Check(START, 12, 1, False, (DIFFERENCE,))))
    assert "1 sum of costs is not what the ledger says (12 lines)." in said
    assert "countersign costs reconcile --repair" in said
    assert "2026-03-01 · search · cpu_hours: 0.100001 USD for 0.10 USD" in said


@pytest.mark.row("C10")
def test_of_many_the_first_are_named():
    said = text_of(cost_check_card(Check(START, 12, 9, True, (DIFFERENCE,) * 9)))
    assert "9 sums of costs are not what the ledger says" in said
    assert "they were made anew" in said
    assert "… and 4 more" in said
