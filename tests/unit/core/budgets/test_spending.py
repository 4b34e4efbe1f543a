"""Whether something may be spent, as budgets stand and with what is reserved of them (C5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.budgets.periods import Window
from core.budgets.rules import Guarded
from core.budgets.spending import Spend, judge, left_of
from core.budgets.state import SPEND, Budget, Control, Effect, Standing, Terms
from core.costs import Charge

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MARCH = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
STOP = (Control(Effect.STOP, actions=(SPEND,)),)


def budget(used="0", *, number=1, limit="10", controls=STOP, **standing):
    terms = Terms(name="Care", amount=Decimal(limit), currency="USD", controls=controls)
    return Guarded(
        Budget(UUID(int=number), 1000 + number, terms, ()),
        Standing(MARCH, Decimal(limit), spent=Decimal(used), **standing),
    )


def charge(amount):
    return Charge("u", NOW, "care", "bot", "", "", Decimal(1), Decimal(amount), "USD")


def judged(amount, *guarded, held=None):
    held = {UUID(int=number): Decimal(value) for number, value in (held or {}).items()}
    return judge(guarded, charge(amount), held, paced={}, now=NOW)


@pytest.mark.row("C5")
@pytest.mark.parametrize(
    ("used", "held", "amount", "spend", "left"),
    [
        ("0", "0", "10", Spend.ALLOW, "0"),  # what exactly reaches the limit
        ("0", "0", "10.000001", Spend.DENY, "10"),
        ("4", "5", "1", Spend.ALLOW, "0"),
        ("4", "5", "1.01", Spend.DENY, "1"),
        ("10", "0", "0.000001", Spend.DENY, "0"),
        ("12", "0", "1", Spend.DENY, "-2"),
    ],
)
def test_what_is_used_and_reserved_and_asked_for_never_exceeds_the_limit(used, held, amount, spend, left):
    # rules 38
    found = judged(amount, budget(used), held={1: held})
    assert (found.spend, found.left) == (spend, Decimal(left))


@pytest.mark.row("C5", "R3")
def test_a_refusal_names_the_budget_its_limit_what_is_used_and_reserved_and_when_it_resets():
    found = judged("2", budget("7.5"), held={1: "1"})
    assert (found.spend, found.code) == (Spend.DENY, "budgets.exceeded")
    assert found.reason == (
        "Budget BUD-1001 'Care': 7.50 USD of 10.00 USD are used and 1.00 reserved, so 2.00 USD more may not be spent. "
        "It resets in 29 days (2026-04-01T00:00:00Z); a raise lifts it."
    )


@pytest.mark.row("C5")
@pytest.mark.parametrize(
    ("control", "spend", "code"),
    [
        (Control(Effect.STOP, Decimal(50), (SPEND,)), Spend.DENY, "budgets.exceeded"),
        (Control(Effect.QUEUE, Decimal(50), (SPEND,)), Spend.DENY, "budgets.queued"),
        (Control(Effect.WARN, Decimal(50), (SPEND,)), Spend.ALLOW, "budgets.warned"),
        (Control(Effect.THROTTLE, Decimal(50), (SPEND,), 6), Spend.ALLOW, "budgets.within"),
        (Control(Effect.STOP, Decimal(50)), Spend.DENY, "budgets.exceeded"),  # without actions: spending too
        (Control(Effect.STOP, Decimal(50), ("agent.create",)), Spend.ALLOW, "budgets.within"),
    ],
)
def test_each_control_that_holds_for_spending_does_its_own(control, spend, code):
    # rules 39
    found = judged("6", budget(controls=(control,)))
    assert (found.spend, found.code) == (spend, code)
    assert judged("5", budget(controls=(control,))).code == "budgets.within"


@pytest.mark.row("C5")
def test_a_throttle_lets_a_burst_through_and_then_says_when():
    control = Control(Effect.THROTTLE, Decimal(50), (SPEND,), 6)
    worked_off = NOW + timedelta(hours=1)
    found = judged("6", budget(controls=(control,), spending_paced_until=worked_off))
    assert (found.spend, found.code) == (Spend.THROTTLE, "budgets.throttled")
    assert found.next_at == NOW + timedelta(minutes=10)


@pytest.mark.row("C5")
def test_of_several_budgets_the_strongest_holds_else_the_tightest_is_named():
    wide, tight = budget("1", limit="100"), budget("1", number=2, limit="5")
    allowed = judged("2", wide, tight)
    assert (allowed.guarded, allowed.left) == (tight, Decimal(2))
    denied = judged("5", wide, tight)
    assert (denied.spend, denied.guarded) == (Spend.DENY, tight)
    assert judged("1").guarded is None


AMOUNTS = st.decimals("0.01", "30", places=2)


@pytest.mark.row("C5")
@given(used=AMOUNTS, held=AMOUNTS, amount=AMOUNTS, at=st.integers(1, 100))
def test_it_is_allowed_exactly_where_enough_is_left(used, held, amount, at):
    of = budget(str(used), controls=(Control(Effect.STOP, Decimal(at), (SPEND,)),))
    found = judged(str(amount), of, held={1: str(held)})
    assert found.is_allowed == (left_of(of, held) >= amount)


@pytest.mark.row("C3", "C5")
@pytest.mark.parametrize("at", [100, 50])
def test_what_is_left_of_a_large_budget_is_known_to_its_last_digit(at):
    # as many digits as a budget may have, and more than Python's own 28
    limit, half, grain = "246913578024691356.246913578024691356", "123456789012345678.123456789012345678", "1e-18"
    control = Control(Effect.STOP, Decimal(at), (SPEND,))
    used = half if at == 100 else "0"
    of = budget(used, limit=limit, controls=(control,))
    assert left_of(of, Decimal(0)) == Decimal(half)
    assert (judged(half, of).spend, judged(half, of).left) == (Spend.ALLOW, 0)
    assert judged(half, of, held={1: grain}).spend is Spend.DENY
