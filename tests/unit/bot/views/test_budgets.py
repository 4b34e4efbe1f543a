"""Messages of budgets (C4)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.views.budgets import budget_card
from tests.unit.bot.samples import NOW, budget


@pytest.mark.row("C4", "C5")
def test_the_living_message_says_nothing_of_what_is_reserved_as_nobody_keeps_that_true_there():
    assert budget_card(budget(reserved=Decimal("12.34")), None, now=NOW) == budget_card(budget(), None, now=NOW)
