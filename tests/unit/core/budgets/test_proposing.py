"""What somebody says of a budget: taken as it is meant, or refused with its place and what is accepted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bot.conversation.shape import Field, field_of
from core.budgets import Proposal, typed_amount
from core.budgets.errors import InvalidBudget, NothingToRaise
from core.budgets.policy import BudgetPolicy
from core.budgets.proposing import new_terms, period_in
from core.costs.errors import InvalidUsage
from core.costs.usage import Usage, check
from core.money import Money

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def said(**more):
    return Proposal(amount=Money(Decimal(5), "USD"), **more)


@pytest.mark.row("C2", "C4")
@pytest.mark.parametrize(("text", "amount"), [("1500", "1500"), (" 1500.00 ", "1500.00"), ("0.5", "0.5")])
def test_an_amount_is_digits_and_a_point_before_the_cents(text, amount):
    assert str(typed_amount(text, where="to")) == amount


@pytest.mark.row("C2", "C4")
@pytest.mark.parametrize("text", ["1,50", "1,000", "1,000.00", "1.000,00"])
def test_an_amount_with_a_comma_is_refused_rather_than_guessed(text):
    with pytest.raises(InvalidBudget, match="A comma can be read in two ways") as refused:
        typed_amount(text, where="to")
    assert (refused.value.where, refused.value.accepted) == ("to", ("1500", "1500.00"))


@pytest.mark.parametrize("text", ["", "ten", "nan", "-5", "1e5", "1_000", "1 000", "1'000", "\u0661\u0665", "9" * 19])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(InvalidBudget, match="That is no amount"):
        typed_amount(text, where="amount")


@pytest.mark.row("C4", "B5")
def test_what_is_wrong_with_the_amount_of_a_raise_stands_at_the_amount():
    form = [Field("to", True, False), Field("lasts", False, False), Field("reason", True, False)]
    with pytest.raises(InvalidBudget) as refused:
        typed_amount("1,50", where="to")
    assert field_of(refused.value, form) == "to"
    assert field_of(NothingToRaise("It has 10.00 USD already.", where="to"), form) == "to"
    assert field_of(refused.value, [Field("person", False, False)]) == "person"


@pytest.mark.row("C2", "C3")
@pytest.mark.parametrize("name", ["project", "agent"])
@pytest.mark.parametrize("text", ["care\u202e", "two\nlines", "zero\u200bwidth", "x" * 201])
def test_a_name_under_which_no_usage_can_be_told_is_refused(name, text):
    with pytest.raises(InvalidUsage):
        check(Usage("u", "cpu_hours", Decimal(1), NOW, **{name: text}), now=NOW)
    with pytest.raises(InvalidBudget, match="No usage is told under such a name") as refused:
        new_terms(BudgetPolicy(), said(**{name: text}), {})
    assert refused.value.where == name


@pytest.mark.row("C2")
@pytest.mark.parametrize("name", ["project", "agent", "meter_class"])
@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_name_is_not_taken_for_everything(name, text):
    with pytest.raises(InvalidBudget, match="An empty name") as refused:
        new_terms(BudgetPolicy(), said(**{name: text}), {})
    assert (refused.value.where, bool(refused.value.accepted)) == (name, True)


@pytest.mark.row("C2")
@pytest.mark.parametrize("period", [None, "month"])
@pytest.mark.parametrize(("name", "value"), [("days", 10), ("first", date(2026, 1, 5))])
def test_days_of_a_calendar_period_are_refused(period, name, value):
    with pytest.raises(InvalidBudget, match="custom period") as refused:
        period_in(said(period=period, **{name: value}))
    assert (refused.value.where, refused.value.accepted) == (name, ("with period: custom",))


@pytest.mark.row("C2")
@pytest.mark.parametrize("roll_over", [None, "none"])
def test_a_cap_on_what_is_not_carried_over_is_refused(roll_over):
    with pytest.raises(InvalidBudget, match="Nothing is carried over") as refused:
        new_terms(BudgetPolicy(), said(roll_over=roll_over, roll_over_cap=Money(Decimal(1), "USD")), {})
    assert (refused.value.where, refused.value.accepted) == ("roll_over_cap", ("with roll_over: carry",))
