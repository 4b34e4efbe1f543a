"""What is done with a budget on its page (C2, C4, C5)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import quote

from aiohttp import web

from core import budgets as core_budgets
from core.budgets import BudgetView, ControlIn, Proposal, typed_amount
from core.errors import CountersignError, InvalidInput, NotFound
from core.money import Money
from web.console import budgets
from web.console.budgets import PLACE
from web.console.forms import Form, read_form
from web.console.front import Look, see_other

_CURRENCY: Final = "USD"


async def create(look: Look) -> web.Response:
    """`POST /console/budgets`: a new one."""
    form = await read_form(look.request, look.visitor)
    try:
        said = _proposal(form, form.text("currency").strip().upper() or _CURRENCY)
        view = await core_budgets.create(look.database, look.house.budgets, look.actor, said)
    except CountersignError as error:
        return await budgets.listed(look, error=error, typed=form)
    return see_other(f"{PLACE}/{view.reference}?done=created")


async def act(look: Look) -> web.Response:
    """`POST /console/budgets/{reference}/{what}`: what the button says has happened, or why not."""
    form = await read_form(look.request, look.visitor)
    view, what = await budgets.found(look), look.request.match_info["what"]
    try:
        await _act(look, view, what, form)
    except CountersignError as error:
        return await budgets.shown(look, view, error=error, form=what, typed=form)
    return see_other(f"{PLACE}/{view.reference}?done={quote(what, safe='')}")


async def _act(look: Look, view: BudgetView, what: str, form: Form) -> None:
    house, actor, currency = (look.database, look.house.budgets), look.actor, view.terms.currency
    match what:
        case "change":
            await core_budgets.update(*house, actor, view.id, _proposal(form, currency))
        case "raise" | "ask":
            raised = core_budgets.raise_at_once if what == "raise" else core_budgets.ask_raise
            to = Money(_decimal(form, "to"), currency)
            lasts = form.text("lasts") or "period"
            await raised(*house, actor, view.id, to=to, lasts=lasts, reason=form.text("reason"))
        case "reset":
            await core_budgets.reset(*house, actor, view.id, reason=form.text("reason"))
        case "unreset":
            await core_budgets.undo_reset(*house, actor, view.id)
        case "acknowledge":
            await core_budgets.acknowledge(*house, actor, view.id)
        case "throttle":
            rate = form.text("per_hour").strip()
            if rate and not (rate.isascii() and rate.isdigit() and len(rate) <= 6):
                raise InvalidInput("Say how many an hour.", where="per_hour", accepted=("6",))
            await core_budgets.throttle(*house, actor, view.id, per_hour=int(rate) if rate else None)
        case "lift":
            await core_budgets.lift_throttle(*house, actor, view.id)
        case "end":
            await core_budgets.end(*house, actor, view.id)
        case "restore":
            await core_budgets.restore(*house, actor, view.id)
        case _:
            raise NotFound("There is no such page.")


def _proposal(form: Form, currency: str) -> Proposal:
    """What the form says; an empty field says nothing."""

    def text(name: str) -> str | None:
        return form.text(name).strip() or None

    period = text("period")
    does = text("does")
    actions = [each for each in form.texts("actions") if each]
    rate = text("per_hour")
    return Proposal(
        name=text("name"),
        amount=Money(_decimal(form, "amount"), currency) if text("amount") else None,
        period=period,
        days=_whole(form, "days") if text("days") else None,
        first=form.day("first") if text("first") else None,
        project=text("project"),
        agent=text("agent"),
        meter_class=text("meter_class"),
        roll_over=text("roll_over"),
        roll_over_cap=Money(_decimal(form, "roll_over_cap"), currency) if text("roll_over_cap") else None,
        thresholds=[_percent(each) for each in (text("thresholds") or "").replace(",", " ").split()] or None,
        owners=[each.strip() for each in (text("owners") or "").replace(",", " ").split()] or None,
        controls=[ControlIn(does, actions=actions, per_hour=_whole(form, "per_hour") if rate else None)]
        if does
        else None,
    )


def _decimal(form: Form, name: str) -> Decimal:
    return typed_amount(form.text(name), where=name)


def _percent(text: str) -> Decimal:
    try:
        return Decimal(text.removesuffix("%"))
    except InvalidOperation as exc:
        raise InvalidInput("Thresholds are per cent.", where="thresholds", accepted=("50 80 100",)) from exc


def _whole(form: Form, name: str) -> int:
    text = form.text(name).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise InvalidInput("That is no whole number.", where=name, accepted=("10",))
    return int(text)
