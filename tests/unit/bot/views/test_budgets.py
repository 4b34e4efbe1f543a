"""Messages of budgets (C4)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.plain import text_of
from bot.views.budgets import budget_card, budgets_card, control_words, slowed_words
from core.budgets import SPEND, Control, Effect
from core.roles.permissions import ACTION_PERMISSIONS
from tests.unit.bot.samples import NOW, budget


@pytest.mark.row("C4", "C5")
def test_the_living_message_says_nothing_of_what_is_reserved_as_nobody_keeps_that_true_there():
    assert budget_card(budget(reserved=Decimal("12.34")), None, now=NOW) == budget_card(budget(), None, now=NOW)


@pytest.mark.row("C5")
def test_whoever_slows_a_budget_down_that_stops_is_told_that_it_still_does():
    slowed = replace(budget(), standing=replace(budget().standing, throttle_per_hour=6))
    assert slowed_words(slowed) == "*BUD-1003* lets at most 6 governed actions an hour through until its period ends."
    stops = replace(slowed, controls_now=(Control(Effect.THROTTLE, per_hour=6), Control(Effect.STOP)))
    assert slowed_words(stops).endswith(" until its period ends. Still it stops every governed action, and spending.")


@pytest.mark.row("C5")
def test_a_throttle_of_governed_actions_alone_does_not_say_that_it_slows_spending_down():
    actions = (*ACTION_PERMISSIONS,)
    assert control_words(Control(Effect.THROTTLE, actions=actions, per_hour=6)) == (
        "slows down every governed action to 6 an hour"
    )
    assert control_words(Control(Effect.STOP, actions=(*actions, SPEND))) == "stops every governed action, and spending"
    assert control_words(Control(Effect.STOP, actions=("agent.deploy", SPEND))) == "stops Deploy agent, spending"


@pytest.mark.row("B1", "C2")
def test_a_list_with_nothing_in_it_says_what_there_is_none_of():
    assert text_of(budgets_card((), title="Budgets that you own", none="You own no budget.")) == "You own no budget."
    assert text_of(budgets_card((), title="Budgets")).startswith("No budget. Whoever manages budgets makes one")
