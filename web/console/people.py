"""People with their roles, and who stands in for whom."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from core.delegations import Absence, end, list_delegations, set_away
from core.errors import CountersignError, NotFound
from web.console.forms import read_form
from web.console.front import Look, see_other
from web.errors import DoorError
from web.problems import status_of

_FIELDS = {"email": "to"}
_ANSWERS = {"set": "They decide in your place from then on.", "ended": "The delegation has ended."}


async def people(look: Look) -> web.Response:
    """`GET /console/people`."""
    return await _page(look)


async def add_delegation(look: Look) -> web.Response:
    """`POST /console/people/delegations`: somebody else decides while the reader is away."""
    form = await read_form(look.request, look.visitor)
    try:
        await set_away(
            look.database,
            look.actor,
            Absence(
                to_email=form.text("to").strip(),
                starts=form.text("starts"),
                ends=form.text("ends"),
                reason=form.text("reason"),
            ),
        )
    except CountersignError as error:
        return await _page(look, error, form.typed())
    return see_other("/console/people?done=set")


async def end_delegation(look: Look) -> web.Response:
    """`POST /console/people/delegations/{delegation_id}/end`."""
    await read_form(look.request, look.visitor)
    try:
        delegation = UUID(look.request.match_info["delegation_id"])
    except ValueError:
        raise NotFound("There is no such delegation.") from None
    await end(look.database, look.actor, delegation)
    return see_other("/console/people?done=ended")


async def _page(
    look: Look, error: CountersignError | None = None, typed: Mapping[str, str] | None = None
) -> web.Response:
    sought = look.query("q").lower()
    everybody = look.everybody
    found = [
        (person, sorted(everybody.roles.get(person.id, frozenset())))
        for person in sorted(everybody.people.values(), key=lambda each: each.name.lower())
    ]
    matching = [
        (person, roles)
        for person, roles in found
        if not sought or any(sought in text.lower() for text in (person.name, person.email, person.title, *roles))
    ]
    status = 200
    if error is not None:
        status = int(error.status if isinstance(error, DoorError) else status_of(error.kind))
    delegations = await list_delegations(look.database, look.actor)
    return look.page(
        "people.html",
        place="people",
        status=status,
        people=matching,
        sought=look.query("q"),
        mine=[each for each in delegations if look.actor.user in {each.absent.id, each.stand_in.id}],
        others=[each for each in delegations if look.actor.user not in {each.absent.id, each.stand_in.id}],
        user=look.actor.user,
        message=error.sentence() if error else "",
        field=_FIELDS.get(error.where or "", error.where or "") if error else "",
        typed=typed or {},
        said=_ANSWERS.get(look.query("done"), "") if error is None else "",
    )
