"""Budgets: all of them, and one with its burn, its past and what can be done (C2, C4, C5)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from aiohttp import web

from core.budgets import BudgetFilter, BudgetView, Effect, PeriodKind, burn_of, get_budget, list_budgets, typed_amount
from core.charts import Chart, PictureFormat, Theme, burn_chart
from core.decisions import Supposition, suppose_limit
from core.errors import CountersignError, InvalidInput, NotFound
from core.roles.permissions import ACTION_PERMISSIONS
from web.console.forms import Form
from web.console.front import CONTENT_SECURITY_POLICY, Look
from web.problems import status_of

PLACE: Final = "/console/budgets"
ANSWERS: Final = {
    "created": "The budget counts from now on, with what its first period has cost so far.",
    "change": "The budget is changed, at once everywhere.",
    "raise": "The limit is raised; what was held up may go on.",
    "ask": "Those who decide have been asked.",
    "reset": "What was used counts no more in this period.",
    "unreset": "The reset is undone.",
    "acknowledge": "You look after it.",
    "throttle": "It is slowed down until its period ends.",
    "lift": "It goes at full speed again.",
    "end": "The budget is over; its periods stay to be seen.",
    "restore": "The budget counts again.",
}
_REFERENCE: Final = re.compile(r"(?:BUD-)?([0-9]{1,9})", re.IGNORECASE | re.ASCII)


async def budgets(look: Look) -> web.Response:
    """`GET /console/budgets`: those that are used most first."""
    return await listed(look)


async def listed(look: Look, *, error: CountersignError | None = None, typed: Form | None = None) -> web.Response:
    """The list, and the form of a new one with what was typed where that was refused."""
    sought, mine = look.query("q"), look.query("mine") == "1"
    found = await list_budgets(look.database, look.actor, BudgetFilter(contains=sought or None, is_mine=mine))
    return look.page(
        "budgets.html",
        place="budgets",
        status=_status(error),
        budgets=sorted(found, key=lambda each: each.standing.percent, reverse=True),
        sought=sought,
        mine=mine,
        periods=[each.value for each in PeriodKind],
        effects=[each.value for each in Effect],
        actions=tuple(ACTION_PERMISSIONS),
        message=error.sentence() if error else "",
        typed=typed.typed() if typed else {},
    )


async def budget(look: Look) -> web.Response:
    """`GET /console/budgets/{reference}`: how it burns, what it does, its past periods."""
    return await shown(look, await found(look))


async def found(look: Look) -> BudgetView:
    """The budget that the address names. Raises NotFound."""
    match = _REFERENCE.fullmatch(look.request.match_info["reference"])
    if match is None:
        raise NotFound("There is no such budget.")
    return await get_budget(look.database, look.actor, int(match[1]))


async def shown(
    look: Look, view: BudgetView, *, error: CountersignError | None = None, form: str = "", typed: Form | None = None
) -> web.Response:
    """The page of the budget; with what was typed where that was refused."""
    supposed, no_limit = None, ""
    try:
        supposed = await _supposed(look, view)
    except InvalidInput as refused:
        no_limit = refused.sentence()
    return look.page(
        "budget.html",
        place="budgets",
        status=_status(error),
        budget=view,
        standing=view.standing,
        currency=view.terms.currency,
        chart=await _chart(look, view),
        supposed=supposed,
        no_limit=no_limit,
        sought=look.query("limit"),
        periods=[each.value for each in PeriodKind],
        said=ANSWERS.get(look.query("done"), ""),
        message=error.sentence() if error else "",
        failed=form,
        typed=typed.typed() if typed else {},
    )


async def picture(look: Look) -> web.Response:
    """`GET /console/budgets/{reference}/burn.svg?theme=dark`: how it burns."""
    theme = Theme.DARK if look.query("theme") == Theme.DARK else Theme.LIGHT
    chart = await _chart(look, await found(look))
    return web.Response(
        body=await look.house.renderer.draw(chart, PictureFormat.SVG, theme),
        content_type=PictureFormat.SVG.media_type,
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"},
    )


async def _supposed(look: Look, view: BudgetView) -> Supposition | None:
    """What the limit that the address asks about would have meant; None if it asks about none. Raises InvalidInput."""
    text = look.query("limit").strip()
    if not text:
        return None
    limit = typed_amount(text, where="limit")
    return await suppose_limit(look.database, look.actor, view.id, limit=limit)


async def _chart(look: Look, view: BudgetView) -> Chart:
    async with look.database.tenant(look.actor.tenant) as tx:
        burn = await burn_of(tx, view)
    return burn_chart(view, burn, now=look.sight.now)


def _status(error: CountersignError | None) -> int:
    return status_of(error.kind) if error else HTTPStatus.OK
