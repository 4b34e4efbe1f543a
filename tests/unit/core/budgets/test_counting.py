"""What a budget counts is what was charged, to the last digit (C2)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.budgets.charging import counts_of
from core.budgets.periods import Period, PeriodKind, Scheme
from core.budgets.state import Budget, Terms
from core.costs import Charge, spent_of
from core.ids import uuid7

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.row("C2")
def test_long_amounts_are_counted_without_rounding():
    budget = Budget(uuid7(), 1, Terms("All", Decimal(100), "USD"), (Scheme(AT, Period(PeriodKind.YEAR), "UTC"),))
    amounts = [Decimal("1855.807240889116370672283073642"), Decimal("0.0000000000000000000000000000001")]
    charges = [Charge("a", AT, "p", "bot", "gpu", "compute", Decimal(1), amount, "USD") for amount in amounts]
    (count,) = counts_of([budget], spent_of(charges))
    assert (count.spent, count.charges) == (Decimal("1855.8072408891163706722830736420001"), 2)
