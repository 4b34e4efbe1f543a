"""/budget as typed, clicked and submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from bot import actions
from bot.actions import Target
from bot.cards import Card, Form
from bot.commands import Intent, Verb
from bot.conversation.chat import Asker, Chat, Opening
from bot.views.answers import said
from bot.views.budget_forms import budget_details_form, raise_form
from bot.views.budgets import budget_details_card, budgets_card, forecast_card, slowed_words
from core.actor import Actor
from core.budgets import (
    BudgetFilter,
    acknowledge,
    ask_raise,
    get_budget,
    lift_throttle,
    list_budgets,
    reset,
    throttle,
    typed_amount,
)
from core.errors import InvalidInput
from core.money import Money

FORM_TITLES: Final[Mapping[str, str]] = {
    actions.BUDGET_RAISE: "Ask for a raise",
    actions.BUDGET_DETAILS: "Budget",
}
FORMS: Final = frozenset({actions.FORM_BUDGET_RAISE})


def opening_of(chat: Chat, asker: Asker, intent: Intent) -> Opening | None:
    """The form that the line opens; None where it is answered at once."""
    if intent.verb is not Verb.RAISE:
        return None

    async def form() -> Form:
        actor = await chat.platform.actor(asker.chat_user)
        return await form_of(chat, actor, actions.BUDGET_RAISE, intent.number or 0)

    return Opening(FORM_TITLES[actions.BUDGET_RAISE], form)


async def form_of(chat: Chat, actor: Actor, action_id: str, reference: UUID | int) -> Form:
    """The form behind a button, with what is true now."""
    budget = await get_budget(chat.database, actor, reference)
    if action_id == actions.BUDGET_DETAILS:
        return budget_details_form(budget, now=chat.now(), console=chat.console)
    return raise_form(budget)


async def on_budget(chat: Chat, actor: Actor, intent: Intent) -> Card:
    """The typed line is done."""
    database, console = chat.database, chat.console
    match intent.verb:
        case Verb.MINE:
            found = await list_budgets(database, actor, BudgetFilter(is_mine=True))
            return budgets_card(found, title="Budgets that you own", none="You own no budget.", console=console)
        case Verb.FIND:
            found = await list_budgets(database, actor, BudgetFilter(contains=intent.text))
            return budgets_card(found, title="Found", none="No budget is like that.", console=console)
        case Verb.WAITING | Verb.FORM:
            found = await list_budgets(database, actor, BudgetFilter())
            return budgets_card(found, title="Budgets", console=console)
        case _:
            budget = await get_budget(database, actor, intent.number or 0)
    match intent.verb:
        case Verb.FORECAST:
            return forecast_card(budget, now=chat.now())
        case Verb.RESET:
            budget = await reset(database, chat.budgets, actor, budget.id, reason=intent.text)
        case Verb.ACKNOWLEDGE:
            budget = await acknowledge(database, chat.budgets, actor, budget.id)
        case Verb.THROTTLE:
            budget = await throttle(database, chat.budgets, actor, budget.id, per_hour=_rate(intent.text))
        case Verb.LIFT:
            budget = await lift_throttle(database, chat.budgets, actor, budget.id)
        case _:
            pass
    return budget_details_card(budget, now=chat.now(), console=console)


async def on_button(chat: Chat, actor: Actor, action_id: str, target: Target) -> Card | None:
    """What the button promises has happened; None for one that is not of budgets."""
    database = chat.database
    match action_id:
        case actions.BUDGET_ACKNOWLEDGE:
            budget = await acknowledge(database, chat.budgets, actor, target.id)
            return said(f"You look after *{budget.reference}*.")
        case actions.BUDGET_THROTTLE:
            budget = await throttle(database, chat.budgets, actor, target.id)
            return said(slowed_words(budget))
        case actions.BUDGET_LIFT:
            budget = await lift_throttle(database, chat.budgets, actor, target.id)
            return said(f"*{budget.reference}* is not slowed down by hand any more.")
        case _:
            return None


async def submit_form(chat: Chat, actor: Actor, target: Target, values: Mapping[str, Any]) -> Card:
    """Those who decide about the raise are asked."""
    budget = await get_budget(chat.database, actor, target.id)
    budget = await ask_raise(
        chat.database,
        chat.budgets,
        actor,
        target.id,
        to=Money(typed_amount(values.get("to") or "", where="to"), budget.terms.currency),
        lasts=values.get("lasts") or "period",
        reason=values.get("reason") or "",
    )
    asked = budget.raise_asked
    if asked is None:  # it was approved at once
        return said(f"*{budget.reference}* is raised.")
    return said(f"*{asked.reference}* asks for the raise of *{budget.reference}*. You are told what comes of it.")


def _rate(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise InvalidInput("Say how many an hour, or nothing.", where="per_hour", accepted=("6",))
    return int(text)
