"""Many similar requests of low risk, approved with one reason: chosen, looked at once more, then confirmed."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from core.approvals import Seen, approve_many, preview_many, similar_waiting
from core.errors import CountersignError, InvalidInput
from web.console.forms import read_form
from web.console.front import Look
from web.errors import DoorError
from web.problems import status_of


async def choose(look: Look) -> web.Response:
    """`GET /console/many`: what could be approved together; nothing is ticked."""
    return await _page(look)


async def confirm(look: Look) -> web.Response:
    """`POST /console/many`: first shows again what is about to be approved, then approves it."""
    form = await read_form(look.request, look.visitor)
    chosen, reason = form.texts("request"), form.text("reason")
    try:
        seen = [_seen(value) for value in chosen]
        if form.text("step") == "confirm":
            outcomes = await approve_many(look.database, look.actor, seen, reason=reason)
            return look.page("many_done.html", place="inbox", outcomes=outcomes)
        preview = await preview_many(look.database, look.actor, seen, reason=reason)
    except CountersignError as error:
        status = error.status if isinstance(error, DoorError) else status_of(error.kind)
        return await _page(look, chosen=chosen, reason=reason, problem=error.sentence(), status=int(status))
    return look.page("many_confirm.html", place="inbox", outcomes=preview, chosen=chosen, reason=reason)


async def _page(
    look: Look, *, chosen: tuple[str, ...] = (), reason: str = "", problem: str = "", status: int = 200
) -> web.Response:
    requests = await similar_waiting(look.database, look.actor) if look.actor.user else ()
    return look.page(
        "many.html",
        place="inbox",
        status=status,
        requests=requests,
        chosen=chosen,
        reason=reason,
        problem=problem,
    )


def _seen(value: str) -> Seen:
    request, _, digest = value.partition(":")
    try:
        return Seen(UUID(request), digest)
    except ValueError:
        raise InvalidInput("Choose from the list.", where="requests") from None
