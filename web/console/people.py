"""People with their roles, who is away, and who stands in for whom."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from core.absences import get_calendar, list_absences
from core.access import Permission, Scope, ScopeKind
from core.delegations import Absence, end, list_delegations, set_away
from core.errors import CountersignError, NotFound
from core.ticket_accounts import all_ticket_accounts, unlink_ticket_account
from web.console.forms import read_form
from web.console.front import Look, see_other
from web.errors import DoorError
from web.problems import status_of

_ADDRESSES = ("person", "to", "fallback")  # fields that name people
_ANSWERS = {
    "set": "They decide from then on.",
    "ended": "The delegation has ended.",
    "fallback": "The fallback is set.",
    "connected": "The calendar is connected. It is read within a minute.",
    "disconnected": "The calendar is not read any more.",
    "unlinked": "That account is unlinked. What it approves there counts no more.",
}


async def people(look: Look) -> web.Response:
    """`GET /console/people`."""
    return await people_page(look)


async def add_delegation(look: Look) -> web.Response:
    """`POST /console/people/delegations`: somebody else decides while the reader is away."""
    form = await read_form(look.request, look.visitor)
    try:
        await set_away(
            look.database,
            look.actor,
            Absence(
                to_email=form.text("to").strip(),
                person_email=form.text("person").strip() or None,
                starts=form.text("starts"),
                ends=form.text("ends"),
                reason=form.text("reason"),
            ),
        )
    except CountersignError as error:
        return await people_page(look, error, form.typed(), form="away")
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


async def unlink_account(look: Look) -> web.Response:
    """`POST /console/people/ticket-accounts/unlink`: somebody's account in a ticket system votes for nobody."""
    form = await read_form(look.request, look.visitor)
    person = look.everybody.by_email.get(form.text("person"))
    try:
        if person is None:
            raise NotFound("There is nobody with this address.")
        system, account = form.text("system"), form.text("account")
        await unlink_ticket_account(look.database, look.actor, person.id, system, account)
    except CountersignError as error:
        return await people_page(look, error)
    return see_other("/console/people?done=unlinked")


async def people_page(
    look: Look, error: CountersignError | None = None, typed: Mapping[str, str] | None = None, *, form: str = ""
) -> web.Response:
    """The page, with what was wrong with the form of that name."""
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
    myself = everybody.people.get(look.actor.user) if look.actor.user else None
    fallback = everybody.people.get(myself.fallback) if myself and myself.fallback else None
    return look.page(
        "people.html",
        place="people",
        status=status,
        people=matching,
        sought=look.query("q"),
        mine=[each for each in delegations if look.actor.user in {each.absent.id, each.stand_in.id}],
        others=[each for each in delegations if look.actor.user not in {each.absent.id, each.stand_in.id}],
        user=look.actor.user,
        absences=await list_absences(look.database, look.actor),
        calendar=await get_calendar(look.database, look.actor) if look.actor.user else None,
        fallback=fallback,
        names={person.id: person for person in everybody.people.values()},
        may_manage=_may_manage(look),
        ticket_accounts=await all_ticket_accounts(look.database, look.actor) if _may_manage(look) else (),
        failed=form,
        message=error.sentence() if error else "",
        field=_field(error, typed or {}) if error else "",
        typed=typed or {},
        said=_ANSWERS.get(look.query("done"), "") if error is None else "",
    )


def _field(error: CountersignError, typed: Mapping[str, str]) -> str:
    """The field at fault: of two that name people, the one whose address the error repeats."""
    if error.where != "email":
        return error.where or ""
    said = (name for name in _ADDRESSES if (address := typed.get(name, "").strip()) and address in error.message)
    return next(said, "person")


def _may_manage(look: Look) -> bool:
    """Whether to offer what only administrators may do; the use cases decide for themselves."""
    actor = look.actor
    return actor.is_enterprise_admin or (
        look.everybody.access.may(actor.user, Permission.MANAGE_USERS, Scope(ScopeKind.TENANT, "")).allowed
    )
