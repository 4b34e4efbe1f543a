"""What an agent is worth against what it costs (C9)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.finance.roi import Benefit, BenefitKind, Estimate, Payback, month_shares, return_of

FIRST = date(2026, 3, 1)


def benefit(quantity, *, kind=BenefitKind.COST_AVOIDED, rate=1, low=None, high=None, on=FIRST, until=None, key=""):
    likely = Decimal(quantity)
    estimate = Estimate(Decimal(low) if low else likely, likely, Decimal(high) if high else likely)
    return Benefit(
        key=key or f"{kind}",
        title=key or f"{kind}",
        kind=kind,
        quantity=estimate,
        rate=Decimal(rate),
        starts_on=on,
        ends_on=until,
    )


def daily(cost, days, first=FIRST):
    return {first + timedelta(days=number): Decimal(cost) for number in range(days)}


@pytest.mark.row("C9")
def test_time_saved_is_hours_by_their_rate_and_the_return_is_net_over_cost():
    hours = benefit(40, kind=BenefitKind.TIME_SAVED, rate=50)
    found = return_of([hours], daily("10", 31), since=FIRST, until=date(2026, 4, 1))
    assert (found.benefit, found.running_cost, found.net) == (2000, 310, 1690)
    assert found.ratio == Decimal("5.451612903226")


@pytest.mark.row("C9")
def test_a_benefit_counts_by_the_days_of_each_month_on_which_it_holds():
    half = benefit(310, on=date(2026, 3, 17), until=date(2026, 4, 4))
    found = return_of([half], {}, since=FIRST, until=date(2026, 5, 1))
    assert found.benefit == 150 + 31  # 15 of 31 days, and 3 of 30
    assert found.ratio is None  # nothing was spent


@pytest.mark.row("C9")
def test_payback_is_the_day_from_which_on_the_gains_cover_what_was_spent():
    put_in = benefit(300, kind=BenefitKind.INVESTMENT)
    gain = benefit(930)  # 30 a day in March
    found = return_of([put_in, gain], daily(10, 31), since=FIRST, until=date(2026, 4, 1))
    assert found.payback == Payback(is_reached=True, on=date(2026, 3, 15), after_days=14)
    assert found.investment == 300


@pytest.mark.row("C9")
def test_what_has_not_paid_back_does_so_at_the_pace_of_late_or_never():
    put_in = benefit(3000, kind=BenefitKind.INVESTMENT)
    slow = return_of([put_in, benefit(930)], daily(10, 31), since=FIRST, until=date(2026, 4, 1)).payback
    assert not slow.is_reached
    assert slow.on == date(2026, 7, 23)  # 2,380 are left, and a day of April gains 31 less 10: the 114th day from then
    assert return_of([put_in, benefit(300)], daily(10, 31), since=FIRST, until=date(2026, 4, 1)).payback == Payback(
        is_reached=False, on=None, after_days=None
    )
    assert return_of([put_in], daily(10, 31), since=FIRST, until=date(2026, 4, 1)).payback is None


@pytest.mark.row("C9")
def test_what_the_return_hangs_on_most_stands_first():
    sure = benefit(1000, low=990, high=1010, key="sure")
    vague = benefit(1000, low=200, high=2000, key="vague")
    found = return_of([sure, vague], daily(10, 31), since=FIRST, until=date(2026, 4, 1)).sensitivity
    assert [each.key for each in found] == ["vague", "running_cost", "sure"]
    assert found[0].return_low == Decimal("2.870967741935")  # (1,200 - 310) / 310
    assert found[1].return_low > found[1].return_high  # dearer is worse


@given(st.dates(date(2024, 1, 1), date(2027, 1, 1)), st.integers(0, 500), st.integers(0, 500))
@pytest.mark.row("C9")
def test_a_span_is_worth_what_its_parts_are(since, first, second):
    middle, until = since + timedelta(days=first), since + timedelta(days=first + second)
    each = benefit("123.45", on=date(2025, 2, 3), until=date(2026, 2, 17))
    parts = each.worth(since, middle, each.quantity.likely) + each.worth(middle, until, each.quantity.likely)
    assert parts == each.worth(since, until, each.quantity.likely)


@pytest.mark.row("C9")
def test_a_whole_month_is_a_month_whatever_its_length():
    assert sum(month_shares(date(2028, 1, 1), date(2029, 1, 1))) == 12
