"""What a ticket would look like on its way to a system: the exact calls, none of which is made (N6)."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any

from aiohttp import web

from core.deliveries import Asked, Tried, Trying, try_out
from core.errors import CountersignError, InvalidInput
from web.console.forms import Form, read_form
from web.console.front import Look
from web.console.hub import title_of
from web.errors import DoorError
from web.problems import status_of


async def show(look: Look) -> web.Response:
    """`GET /console/connectors/{name}/try`: what can be tried."""
    return _page(look, {})


async def attempt(look: Look) -> web.Response:
    """`POST /console/connectors/{name}/try`: the calls that would be made."""
    form = await read_form(look.request, look.visitor)
    name = look.request.match_info["name"]
    try:
        found = await try_out(look.database, look.actor, look.house.connected, name=name, asked=_asked(form))
    except CountersignError as error:
        return _page(look, form.typed(), error=error)
    return _page(look, form.typed(), found=found)


def _asked(form: Form) -> Asked:
    operation = form.text("operation")
    if operation not in tuple(Trying):
        raise InvalidInput(f"There is no operation '{operation}'.", where="operation", accepted=tuple(Trying))
    samples = tuple(line.strip() for line in form.text("samples").splitlines() if line.strip())
    return Asked(Trying(operation), form.text("request").strip(), form.text("ticket").strip(), samples)


def _page(
    look: Look, typed: Mapping[str, str], *, found: Tried | None = None, error: CountersignError | None = None
) -> web.Response:
    status = 200
    if error is not None:
        status = int(error.status if isinstance(error, DoorError) else status_of(error.kind))
    name = look.request.match_info["name"]
    return look.page(
        "connector_try.html",
        place="connectors",
        status=status,
        name=name,
        title=title_of(look, name),
        operations=tuple(Trying),
        typed=typed,
        found=found,
        written=_written,
        message=error.sentence() if error else "",
    )


def _written(body: Any) -> str:
    return body if isinstance(body, str) else dumps(body, indent=2, ensure_ascii=False)
