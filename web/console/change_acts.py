"""What is done with a change on its page: every step, evidence, and a new draft (G2, G3, G6, G8, G10, G11)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from aiohttp import web

from core import changes
from core.changes import ChangeView, Proposal
from core.errors import CountersignError, NotFound
from web.console import changing
from web.console.changing import PLACE
from web.console.forms import Form, read_form
from web.console.front import Look, see_other


async def draft(look: Look) -> web.Response:
    """`POST /console/changes`: a draft."""
    form = await read_form(look.request, look.visitor)
    try:
        view = await changes.draft(
            look.database,
            look.house.changes,
            look.actor,
            Proposal(
                title=form.text("title"),
                description=form.text("description"),
                type=form.text("type"),
                resources=[each.strip() for each in form.text("resources").split(",") if each.strip()],
                starts_at=_time(look, form, "starts_at"),
                ends_at=_time(look, form, "ends_at"),
            ),
            rollback_plan=form.text("rollback_plan"),
        )
    except CountersignError as error:
        return await changing.listed(look, error=error, typed=form)
    return see_other(f"{PLACE}/{view.reference}?done=drafted")


async def act(look: Look) -> web.Response:
    """`POST /console/changes/{reference}/{what}`: what the button says has happened, or why not."""
    form = await read_form(look.request, look.visitor)
    view, what = await changing.found(look), look.request.match_info["what"]
    try:
        done = await _act(look, view, what, form)
    except CountersignError as error:
        return await changing.shown(look, view, error=error, form=what, typed=form)
    return see_other(f"{PLACE}/{view.reference}?done={quote(done, safe='')}")


async def _act(look: Look, view: ChangeView, what: str, form: Form) -> str:
    """What has happened: mostly what was asked for."""
    house, actor, change_id = (look.database, look.house.changes), look.actor, view.id
    match what:
        case "evidence":
            gate, summary, result, url = (form.text(key) for key in ("gate", "summary", "result", "url"))
            await changes.show_evidence(
                *house, actor, change_id, gate=gate, summary=summary, result=result, url=url.strip()
            )
        case "assess":
            await changes.assess(*house, actor, change_id)
        case "submit":
            await changes.submit(*house, actor, change_id)
        case "schedule":
            starts_at, ends_at = _time(look, form, "starts_at"), _time(look, form, "ends_at")
            view = await changes.schedule(*house, actor, change_id, starts_at=starts_at, ends_at=ends_at)
            return what if view.scheduled_at else "sent_back"
        case "implement":
            await changes.implement(*house, actor, change_id)
        case "roll_out":
            await changes.roll_out(*house, actor, change_id)
        case "complete":
            result = form.text("validation")
            validation = None if result == "later" else result
            await changes.complete(*house, actor, change_id, validation=validation, notes=form.text("notes"))
        case "roll_back":
            await changes.roll_back(*house, actor, change_id, reason=form.text("reason"))
        case "fail":
            await changes.fail(*house, actor, change_id, reason=form.text("reason"))
        case "recovery":
            result, notes = form.text("result"), form.text("notes")
            await changes.validate_recovery(*house, actor, change_id, result=result, notes=notes)
        case "acknowledge":
            await changes.acknowledge(look.database, actor, change_id)
        case "review":
            await changes.review(
                *house,
                actor,
                change_id,
                outcome=form.text("outcome"),
                notes=form.text("notes"),
                lessons=form.text("lessons"),
                tags=form.text("tags").split(","),
            )
        case "cancel":
            await changes.cancel(look.database, actor, change_id, reason=form.text("reason"))
        case _:
            raise NotFound("There is no such page.")
    return what


def _time(look: Look, form: Form, name: str) -> datetime | None:
    """The time in the field, where the reader is; None if it is empty."""
    text = form.text(name).strip()
    return changes.read_time(text, str(look.sight.place), where=name) if text else None
