"""What people say of costs: cost centres and what belongs to them, and what agents are worth (C9, C10)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from core.access import Permission
from core.budgets import typed_amount
from core.charts import tornado_chart
from core.errors import CountersignError, InvalidInput, NotFound
from core.finance import (
    BenefitKind,
    Declared,
    SubjectKind,
    Turn,
    assign,
    declare_benefit,
    list_assignments,
    list_benefits,
    list_cost_centres,
    payback_words,
    put_cost_centre,
    unassign,
    withdraw_benefit,
)
from web.console.costs import PLACE, returns_of
from web.console.forms import Form, read_form
from web.console.front import Look, see_other
from web.problems import status_of

CENTRES: Final = "/console/costs/centres"
ROI: Final = "/console/costs/roi"
SAID: Final[Mapping[str, str]] = {
    "put": "The cost centre is there.",
    "assign": "It belongs there from that day on.",
    "unassign": "That was never said.",
    "declare": "It counts from its first day on.",
    "withdraw": "It counts no more, on no day.",
}


async def centres(look: Look) -> web.Response:
    """`GET /console/costs/centres`: every centre, and what belongs to it from which day on."""
    return await _centres(look)


async def put_centre(look: Look) -> web.Response:
    """`POST /console/costs/centres/{put|assign|unassign}`: what was said holds, or why not."""
    form, what = await read_form(look.request, look.visitor), look.request.match_info["what"]
    try:
        await _change_centres(look, what, form)
    except NotFound as error:
        if what not in ("assign", "unassign"):
            raise
        return await _centres(look, error=error, failed=what, typed=form)
    except CountersignError as error:
        return await _centres(look, error=error, failed=what, typed=form)
    return see_other(f"{CENTRES}?done={what}")


async def roi(look: Look) -> web.Response:
    """`GET /console/costs/roi?agent=…`: what agents are worth against what they cost, and what was said of them."""
    return await _roi(look)


async def declare(look: Look) -> web.Response:
    """`POST /console/costs/benefits`: what an agent is worth, or what was put into it."""
    form = await read_form(look.request, look.visitor)
    try:
        view = await declare_benefit(look.database, look.house.rates, look.actor, _declared(form))
    except CountersignError as error:
        return await _roi(look, error=error, typed=form)
    return see_other(f"{ROI}?agent={quote(view.agent, safe='')}&done=declare")


async def withdraw(look: Look) -> web.Response:
    """`POST /console/costs/benefits/{id}/withdraw`: it counts no more."""
    await read_form(look.request, look.visitor)
    try:
        chosen = UUID(look.request.match_info["id"])
    except ValueError:
        raise NotFound("There is no such benefit here.") from None
    await withdraw_benefit(look.database, look.actor, chosen)
    return see_other(f"{ROI}?done=withdraw")


async def _centres(
    look: Look, *, error: CountersignError | None = None, failed: str = "", typed: Form | None = None
) -> web.Response:
    return look.page(
        "costs_centres.html",
        place=PLACE,
        centres=await list_cost_centres(look.database, look.actor),
        turns=await list_assignments(look.database, look.actor),
        kinds=tuple(SubjectKind),
        today=look.sight.now.date().isoformat(),
        **_answered(look, error, typed),
        failed=failed,
    )


async def _roi(look: Look, *, error: CountersignError | None = None, typed: Form | None = None) -> web.Response:
    found = await returns_of(look)
    chosen = next((each for each in found.agents if each.agent == look.query("agent")), None)
    return look.page(
        "costs_roi.html",
        place=PLACE,
        found=found,
        chosen=chosen,
        chart=tornado_chart(chosen, found.currency) if chosen else None,
        payback=payback_words,
        benefits=await list_benefits(look.database, look.actor),
        kinds=tuple(BenefitKind),
        today=look.sight.now.date().isoformat(),
        **_answered(look, error, typed),
    )


def _answered(look: Look, error: CountersignError | None, typed: Form | None) -> dict[str, Any]:
    """What a page says of the last form, and what was typed where that was refused."""
    return {
        "status": status_of(error.kind) if error else 200,
        "message": error.sentence() if error else "",
        "said": "" if error else SAID.get(look.query("done"), ""),
        "typed": typed.typed() if typed else {},
        "may_change": look.may(Permission.MODIFY_CONFIG),
    }


async def _change_centres(look: Look, what: str, form: Form) -> None:
    database, actor = look.database, look.actor
    match what:
        case "put":
            await put_cost_centre(database, actor, form.text("code").strip(), form.text("title"))
        case "assign":
            turn = Turn(_kind(form), form.text("subject"), form.day("starts_on"), form.text("cost_centre"))
            await assign(database, actor, turn)
        case "unassign":
            await unassign(database, actor, _kind(form), form.text("subject"), form.day("starts_on"))
        case _:
            raise NotFound("There is no such page.")


def _kind(form: Form) -> SubjectKind:
    kinds = tuple(map(str, SubjectKind))
    if form.text("kind") not in kinds:
        raise InvalidInput("A project or an agent belongs to a cost centre.", where="kind", accepted=kinds)
    return SubjectKind(form.text("kind"))


def _declared(form: Form) -> Declared:
    """What the form says; an empty field says nothing."""

    def figure(name: str) -> Decimal | None:
        return typed_amount(form.text(name), where=name) if form.text(name).strip() else None

    return Declared(
        agent=form.text("agent").strip(),
        kind=form.text("kind"),
        title=form.text("title"),
        likely=typed_amount(form.text("likely"), where="likely"),
        low=figure("low"),
        high=figure("high"),
        rate=figure("hourly_rate"),
        currency=form.text("currency").strip().upper(),
        starts_on=form.day("starts_on"),
        ends_on=form.day("ends_on") if form.text("ends_on").strip() else None,
        evidence=form.text("evidence"),
    )
