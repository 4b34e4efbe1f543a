"""Modals of budgets."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from bot import actions
from bot.actions import Target
from bot.cards import Form, Option, SelectInput, TextInput
from bot.views.budgets import budget_details_card
from core.budgets import BudgetView, amount_words

REASON_MAX: Final = 1000  # characters; what the core takes
_ROUND: Final = Decimal("1.25")  # what is suggested: a quarter more
LASTS: Final = (Option("period", "For this period"), Option("always", "From now on"))


def raise_form(budget: BudgetView) -> Form:
    """How much it should have, for how long, and why; those who decide are asked."""
    currency = budget.terms.currency
    suggested = (max(budget.standing.limit, budget.standing.used) * _ROUND).quantize(Decimal(1))
    return Form(
        callback_id=actions.FORM_BUDGET_RAISE,
        title="Ask for a raise",
        submit="Ask",
        memo=Target(budget.id).encode(),
        blocks=(
            TextInput(
                "to",
                f"New limit, {currency}",
                initial=f"{suggested:f}",
                hint=f"It has {amount_words(budget.standing.limit)} {currency} now.",
                max_chars=30,
            ),
            SelectInput("lasts", "How long", LASTS, initial="period"),
            TextInput("reason", "Why", is_multiline=True, max_chars=REASON_MAX),
        ),
    )


def budget_details_form(budget: BudgetView, *, now: datetime, console: str) -> Form:
    """Everything about one budget; nothing to submit."""
    card = budget_details_card(budget, now=now, console=console)
    return Form(callback_id=actions.BUDGET_DETAILS, title=budget.reference, blocks=card.blocks)
