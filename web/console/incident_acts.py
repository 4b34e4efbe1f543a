"""What is done with an incident on its page, and a new report (B6, S6)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from core import incidents
from core.changes import read_time
from core.errors import CountersignError, InvalidInput, NotFound
from core.incidents import IncidentView
from web.console import incidents as pages
from web.console.forms import Form, read_form
from web.console.front import Look, see_other
from web.console.incidents import PLACE


async def report(look: Look) -> web.Response:
    """`POST /console/incidents`: something is wrong."""
    form = await read_form(look.request, look.visitor)
    try:
        view = await incidents.report(
            look.database,
            look.actor,
            title=form.text("title"),
            description=form.text("description"),
            severity=form.text("severity"),
            service=form.text("service"),
            started_at=_time(look, form, "started_at"),
        )
    except CountersignError as error:
        return await pages.listed(look, error=error, typed=form)
    return see_other(f"{PLACE}/{view.reference}?done=reported")


async def act(look: Look) -> web.Response:
    """`POST /console/incidents/{reference}/{what}`: what the button says has happened, or why not."""
    form = await read_form(look.request, look.visitor)
    view, what = await pages.found(look), look.request.match_info["what"]
    try:
        await _act(look, view, what, form)
    except CountersignError as error:
        return await pages.shown(look, view, error=error, form=what, typed=form)
    return see_other(f"{PLACE}/{view.reference}?done={quote(what, safe='')}")


async def _act(look: Look, view: IncidentView, what: str, form: Form) -> None:
    given, text = (look.database, look.actor, view.id), form.text
    match what:
        case "acknowledge":
            await incidents.acknowledge(*given)
        case "release":
            await incidents.release(*given, reason=text("reason"))
        case "assign":
            await incidents.assign(*given, email=text("person"))
        case "role":
            await incidents.give_role(*given, role=text("role"), email=text("person"))
        case "severity":
            await incidents.change_severity(*given, severity=text("severity"), reason=text("reason"))
        case "start":
            await incidents.correct_start(*given, started_at=_needed(look, form, "started_at"))
        case "update":
            await incidents.post_update(*given, text=text("text"))
        case "note":
            await incidents.note(*given, text=text("text"), at=_time(look, form, "at"))
        case "link":
            await incidents.link(*given, text("target"))
        case "unlink":
            await incidents.unlink(*given, text("target"))
        case "channel":
            await incidents.want_channel(*given)
        case "resolve":
            await incidents.resolve(*given, resolution=text("resolution"), cause=text("cause"))
        case "reopen":
            await incidents.reopen(*given, reason=text("reason"))
        case "close":
            await incidents.close(*given)
        case _:
            await _learn(look, view, what, form)


async def _learn(look: Look, view: IncidentView, what: str, form: Form) -> None:
    given, text = (look.database, look.actor), form.text
    match what:
        case "review":
            await incidents.review(
                *given,
                view.id,
                summary=text("summary"),
                causes=text("causes"),
                went_well=text("went_well"),
                went_wrong=text("went_wrong"),
            )
        case "follow_up":
            due_at = _needed(look, form, "due_at")
            await incidents.add_follow_up(
                *given, view.id, title=text("title"), owner=text("owner"), due_at=due_at, before=text("before")
            )
        case "follow_up_done":
            await incidents.finish_follow_up(
                *given, _id(text("follow_up")), evidence=text("evidence"), after=text("after")
            )
        case _:
            raise NotFound("There is no such page.")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such follow-up.") from None


def _needed(look: Look, form: Form, name: str) -> datetime:
    at = _time(look, form, name)
    if at is None:
        raise InvalidInput("Say when.", where=name)
    return at


def _time(look: Look, form: Form, name: str) -> datetime | None:
    """The time in the field, where the reader is; None if it is empty."""
    text = form.text(name).strip()
    return read_time(text, str(look.sight.place), where=name) if text else None
