"""Forms of the people page on absence: the fallback, and the calendar that says when somebody is away."""

from __future__ import annotations

from aiohttp import web

from core.absences import connect_calendar, disconnect_calendar, set_fallback
from core.errors import CountersignError
from web.console.forms import read_form
from web.console.front import Look, see_other
from web.console.people import people_page


async def fallback(look: Look) -> web.Response:
    """`POST /console/people/fallback`: who decides while the person is away and has named nobody."""
    form = await read_form(look.request, look.visitor)
    try:
        await set_fallback(
            look.database, look.actor, form.text("fallback").strip(), person_email=form.text("person").strip() or None
        )
    except CountersignError as error:
        return await people_page(look, error, form.typed(), form="fallback")
    return see_other("/console/people?done=fallback")


async def connect(look: Look) -> web.Response:
    """`POST /console/people/calendar`: the calendar is read from now on. Its address is not shown again, ever."""
    form = await read_form(look.request, look.visitor)
    try:
        await connect_calendar(
            look.database, look.actor, form.text("address"), person_email=form.text("person").strip() or None
        )
    except CountersignError as error:
        typed = {name: value for name, value in form.typed().items() if name != "address"}
        return await people_page(look, error, typed, form="calendar")
    return see_other("/console/people?done=connected")


async def disconnect(look: Look) -> web.Response:
    """`POST /console/people/calendar/remove`: it is not read any more, and what it said holds no more."""
    form = await read_form(look.request, look.visitor)
    try:
        await disconnect_calendar(look.database, look.actor, person_email=form.text("person").strip() or None)
    except CountersignError as error:
        return await people_page(look, error, form.typed(), form="calendar")
    return see_other("/console/people?done=disconnected")
