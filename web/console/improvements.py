"""Improvement plans and actions of service levels: what is to be done, by whom, and whether it helped (S6, S10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from core import sla
from core.access import Permission
from core.changes import read_time
from core.errors import CountersignError, InvalidInput, NotFound
from core.sla import ActionView, Effect, Metric, PlanView, value_words
from web.console.forms import Form, read_form
from web.console.front import Look, see_other
from web.problems import status_of

PAGE: Final = "/console/sla/improvements"
PLANS_SHOWN: Final = 20
ACTIONS_SHOWN: Final = 100
ANSWERS: Final = {
    "draft": "The plan is drafted.",
    "adopt": "The plan is adopted: its actions count from now on.",
    "close": "The plan is closed.",
    "action": "The action is agreed.",
    "take": "The action has an owner, who is reminded when it is due.",
    "finish": "The action is over. What it has changed is measured for a week from now on.",
}
_FIGURES: Final[Mapping[str, tuple[str, Metric]]] = {
    "error_rate": ("Error rate", Metric.ERROR_RATE),
    "response_time_p95": ("p95", Metric.RESPONSE_TIME),
    "unavailability": ("Availability", Metric.AVAILABILITY),
    "availability": ("Availability", Metric.AVAILABILITY),
}


async def improvements(look: Look) -> web.Response:
    """`GET /console/sla/improvements?service=…`: plans and actions, with everything that can be done."""
    return await _shown(look, look.query("service"))


async def act(look: Look) -> web.Response:
    """`POST /console/sla/improvements/{what}`: what the button says has happened, or why not."""
    form = await read_form(look.request, look.visitor)
    what, service = look.request.match_info["what"], form.text("service")
    try:
        await _act(look, what, form)
    except CountersignError as error:
        return await _shown(look, service, error=error, failed=f"{what}{form.text('id')}", typed=form)
    return see_other(f"{PAGE}?service={quote(service)}&done={quote(what)}")


async def _act(look: Look, what: str, form: Form) -> None:
    given, text = (look.database, look.house.sla, look.actor), form.text
    match what:
        case "draft":
            await sla.draft_plan(*given, text("service"))
        case "adopt":
            await sla.adopt_plan(*given, _id(form))
        case "close":
            await sla.close_plan(*given, _id(form), state=text("state"), note=text("note"))
        case "action":
            await sla.add_action(
                *given,
                service=text("service"),
                title=text("title"),
                why=text("why"),
                owner=text("owner"),
                due_at=_time(look, form),
                plan_id=_id(form) if text("id") else None,
            )
        case "take":
            await sla.take_action(*given, _id(form), owner=text("owner"), due_at=_time(look, form))
        case "finish":
            await sla.finish_action(*given, _id(form), state=text("state"), evidence=text("evidence"))
        case _:
            raise NotFound("There is no such page.")


async def _shown(
    look: Look, service: str, *, error: CountersignError | None = None, failed: str = "", typed: Form | None = None
) -> web.Response:
    given, of = (look.database, look.house.sla, look.actor), service or None
    actions = await sla.list_actions(*given, service=of, limit=ACTIONS_SHOWN)
    return look.page(
        "sla_improvements.html",
        place="sla",
        status=status_of(error.kind) if error else HTTPStatus.OK,
        service=service,
        services=await sla.service_names(look.database, look.actor),
        plans=await sla.list_plans(*given, service=of, limit=PLANS_SHOWN),
        actions=[each for each in actions if each.plan_id is None],
        people=sorted((each for each in look.everybody.people.values() if each.active), key=lambda each: each.name),
        said=ANSWERS.get(look.query("done"), ""),
        message=error.sentence() if error else "",
        failed=failed,
        typed=typed.typed() if typed else {},
        **rights(look),
    )


def rights(look: Look) -> dict[str, Any]:
    """What the templates ask of plans and actions: who may what, and the figures in words."""
    may_plan = look.may(Permission.MODIFY_CONFIG)

    def may_finish(action: ActionView) -> bool:
        return may_plan or (action.owner is not None and action.owner.id == look.actor.user)

    return {
        "may_plan": may_plan,
        "may_finish": may_finish,
        "effect_lines": effect_lines,
        "before_and_now": before_and_now,
    }


def effect_lines(effect: Effect) -> list[str]:
    """What was measured before and after: `p95: 900ms → 100ms`."""
    return [f"{_FIGURES[each.figure][0]}: {_words(each.figure, each.before)} → {_words(each.figure, each.after)}"
            for each in effect.differences]  # fmt: skip


def before_and_now(plan: PlanView) -> list[tuple[str, str, str]]:
    """Each figure of a plan: its name, when it was drafted, and by now."""
    now = plan.now or {}
    return [
        (_FIGURES[name][0], _words(name, plan.before.get(name)), _words(name, now.get(name)))
        for name in ("availability", "response_time_p95", "error_rate")
    ]


def _words(figure: str, value: float | None) -> str:
    if value is None:
        return "–"
    return value_words(_FIGURES[figure][1], 1 - value if figure == "unavailability" else value)


def _id(form: Form) -> UUID:
    try:
        return UUID(form.text("id"))
    except ValueError:
        raise NotFound("There is no such plan or action.") from None


def _time(look: Look, form: Form) -> datetime:
    text = form.text("due_at").strip()
    if not text:
        raise InvalidInput("Say by when.", where="due_at")
    return read_time(text, str(look.sight.place), where="due_at")
