"""Costs: budgets against what was spent, and what could cost less (C6, C11)."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from core.access import Permission
from core.errors import NotFound
from core.finance import (
    accept_recommendation,
    budget_variances,
    dismiss_recommendation,
    find_recommendations,
    list_recommendations,
)
from web.console.costs import PLACE
from web.console.forms import read_form
from web.console.front import Look, see_other

PAGE = "/console/costs/recommendations"


async def variance(look: Look) -> web.Response:
    """`GET /console/costs/variance`: each budget's running period, explained by price, volume and mix."""
    found = await budget_variances(look.database, look.house.rates, look.actor)
    return look.page("costs_variance.html", place=PLACE, found=found)


async def recommendations(look: Look) -> web.Response:
    """`GET /console/costs/recommendations?said=…`: open ones first, then what became of the others."""
    found = await list_recommendations(look.database, look.actor)
    return look.page(
        "costs_recommendations.html",
        place=PLACE,
        open=[each for each in found if each.state == "open"],
        settled=[each for each in found if each.state != "open"],
        may_change=look.may(Permission.MODIFY_CONFIG),
        said=look.query("said"),
    )


async def find(look: Look) -> web.Response:
    """`POST /console/costs/recommendations`: the ledger was looked through."""
    await read_form(look.request, look.visitor)
    found = await find_recommendations(look.database, look.house.rates, look.actor)
    return _told(f"{len(found)} open.")


async def settle(look: Look) -> web.Response:
    """`POST /console/costs/recommendations/{id}/{accept|dismiss}`."""
    form = await read_form(look.request, look.visitor)
    what = look.request.match_info["what"]
    try:
        chosen = UUID(look.request.match_info["id"])
    except ValueError:
        raise NotFound("There is no such recommendation here.") from None
    if what == "accept":
        done = await accept_recommendation(look.database, look.house.changes, look.actor, chosen)
        return see_other(f"/console/changes/{done.change}")
    if what == "dismiss":
        await dismiss_recommendation(look.database, look.actor, chosen, form.text("reason"))
        return _told("It is dismissed.")
    raise NotFound("There is no such page.")


def _told(words: str) -> web.Response:
    return see_other(f"{PAGE}?said={quote(words)}")
