"""One request: what is asked, how far it is, who said what, and what the reader can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web

from core.access import Permission, PersonView, Scope, ScopeKind
from core.approvals import (
    Choice,
    RequestView,
    Sighting,
    StageView,
    amend,
    cast_vote,
    comment,
    get_request,
    name_ticket,
    reassign,
    see_request,
    sightings_of,
    ticket_life,
    undo_vote,
    withdraw,
)
from core.audit import AuditFilter
from core.decisions import REOPENED, reopen
from core.errors import CountersignError, InvalidInput, NotFound
from core.signin import StepUpRequired
from core.trail import search_trail
from web.console import times
from web.console.forms import Form, read_form
from web.console.front import Look, see_other
from web.console.graph import Node, Way, drawing
from web.console.inbox import number_in
from web.console.request_timeline import closed_undecided, timeline
from web.errors import DoorError
from web.problems import status_of

TRAIL_SHOWN: Final = 100
_ANSWERS: Final = {
    "voted": "Your vote counts.",
    "undone": "Your vote is taken back.",
    "said": "It stands below.",
    "withdrawn": "The request is withdrawn.",
    "changed": "The request is changed, and everybody is asked anew.",
    "named": "The ticket is being checked; the request goes on if it stands for it.",
    "asked": "It is on its way: those who decide have been told.",
    "again": "It is asked again: this is the new request.",
}
_DELEGATED: Final = "Your place is taken by somebody else."


@dataclass(frozen=True, slots=True)
class Failed:
    """A form that was refused: which, why, at which field, and what was typed."""

    form: str
    message: str
    field: str
    typed: Mapping[str, str]
    ticked: tuple[str, ...]
    status: int


async def show(look: Look) -> web.Response:
    """`GET /console/requests/{reference}`."""
    return await _page(look, await see_request(look.database, look.actor, _number(look)))


async def vote(look: Look) -> web.Response:
    """`POST …/vote`: the vote counts, bound to the digest that the page showed."""
    form = await read_form(look.request, look.visitor)
    request = await _found(look)
    stage = next((each for each in request.stages if each.key == form.text("stage")), None)
    ticked = form.texts("criterion")
    criteria = {each: each in ticked for each in stage.criteria} if stage else {}
    try:
        if form.text("decision") not in set(Choice):
            raise InvalidInput("Choose to approve or to reject.", where="decision")
        await cast_vote(
            look.database,
            look.actor,
            request.id,
            choice=Choice(form.text("decision")),
            reason=form.text("reason"),
            criteria=criteria,
            stage=form.text("stage") or None,
            seen_digest=form.text("digest") or None,
        )
    except StepUpRequired as error:
        return await _step_up(look, form, error)
    except CountersignError as error:
        return await _again(look, form, f"vote-{form.text('stage')}", error)
    return _done(request, "voted")


async def say(look: Look) -> web.Response:
    """`POST …/comment`: the comment, question or answer stands under the request."""
    form = await read_form(look.request, look.visitor)
    request = await _found(look)
    try:
        await comment(look.database, look.actor, request.id, kind=form.text("kind"), text=form.text("text"))
    except CountersignError as error:
        return await _again(look, form, "comment", error)
    return _done(request, "said")


async def delegate(look: Look) -> web.Response:
    """`POST …/delegate`: another person is asked in the reader's place."""
    form = await read_form(look.request, look.visitor)
    request = await _found(look)
    try:
        await reassign(
            look.database,
            look.actor,
            request.id,
            to_email=form.text("to").strip(),
            stage=form.text("stage") or None,
            reason=form.text("reason"),
        )
    except CountersignError as error:
        return await _again(look, form, f"delegate-{form.text('stage')}", error)
    return _done(request, "delegated")


async def undo(look: Look) -> web.Response:
    """`POST …/undo`: the reader's last vote does not count."""
    form = await read_form(look.request, look.visitor)
    request = await _found(look)
    try:
        await undo_vote(look.database, look.actor, request.id)
    except CountersignError as error:
        return await _again(look, form, "undo", error)
    return _done(request, "undone")


async def change(look: Look) -> web.Response:
    """`POST …/amend`: the request asks for something else, and every stage begins anew."""
    form = await read_form(look.request, look.visitor)
    request = await _found(look)
    changes = {key: form.text(f"fact-{key}") for key in request.resource if key != "name"}
    try:
        await amend(
            look.database,
            look.house.catalogue,
            look.actor,
            request.id,
            changes=changes,
            justification=form.text("justification"),
            reason=form.text("reason"),
        )
    except CountersignError as error:
        return await _again(look, form, "amend", error)
    return _done(request, "changed")


async def name_its_ticket(look: Look) -> web.Response:
    """`POST …/ticket`: the ticket's system is asked whether it stands for the request."""
    form = await read_form(look.request, look.visitor)
    request = await _found(look)
    try:
        desks = look.house.gate.desks
        await name_ticket(look.database, desks, look.actor, request.id, ticket=form.text("ticket"))
    except CountersignError as error:
        return await _again(look, form, "ticket", error)
    return _done(request, "named")


async def ask_again(look: Look) -> web.Response:
    """`POST …/reopen`: the gate is asked the same again, and the reader sees the new request."""
    form = await read_form(look.request, look.visitor)
    request = await _found(look)
    try:
        decision = await reopen(look.database, look.house.gate, look.actor, request.id, reason=form.text("reason"))
        if decision.request_id is None:
            raise InvalidInput(decision.reasons[0].message, where="reason")
        opened = await get_request(look.database, look.actor, decision.request_id)
    except CountersignError as error:
        return await _again(look, form, "reopen", error)
    return _done(opened, "again")


async def take_back(look: Look) -> web.Response:
    """`POST …/withdraw`: nobody can approve it any more."""
    form = await read_form(look.request, look.visitor)
    request = await _found(look)
    try:
        await withdraw(look.database, look.actor, request.id, reason=form.text("reason"))
    except CountersignError as error:
        return await _again(look, form, "withdraw", error)
    return _done(request, "withdrawn")


def stage_nodes(request: RequestView, *, now: datetime) -> tuple[Node, ...]:
    """The request's stages for the drawing."""
    return tuple(
        Node(key=stage.key, title=stage.title, detail=_standing(stage, now), needs=stage.needs, status=stage.status)
        for stage in request.stages
    )


def may_vote_here(stage: StageView, user: object) -> bool:
    """Whether the stage asks this person and has not heard them: what to offer, not what is allowed."""
    return (
        stage.status == "open"
        and any(person.id == user for person in stage.approvers)
        and not any(each.voter.id == user for each in stage.votes)
    )


def _standing(stage: StageView, now: datetime) -> str:
    match stage.status:
        case "skipped" if not stage.is_needed:
            return "not needed"
        case "open" if stage.paused_at:
            return "waits for an answer"
        case "open" if stage.due_at and stage.due_at > now:
            return f"due in {times.span(stage.due_at - now)}"
        case "open" if stage.due_at:
            return f"overdue by {times.span(now - stage.due_at)}"
        case "approved" | "rejected" if stage.votes:
            return f"by {stage.votes[-1].voter.name}"
        case status:
            return status


async def _found(look: Look) -> RequestView:
    return await get_request(look.database, look.actor, _number(look))


def _number(look: Look) -> int:
    number = number_in(look.request.match_info["reference"])
    if number is None:
        raise NotFound("There is no such request.")
    return number


def _done(request: RequestView, what: str) -> web.Response:
    return see_other(f"/console/requests/{request.reference}?done={what}")


async def _step_up(look: Look, form: Form, error: StepUpRequired) -> web.Response:
    """To where the vote waits; whoever has nothing to confirm it with is told here, as a link away would lose it."""
    place = urlsplit(error.link).path
    if place.startswith("/step-up/"):
        return see_other(place)
    return await _again(look, form, f"vote-{form.text('stage')}", error)


async def _again(look: Look, form: Form, name: str, error: CountersignError) -> web.Response:
    """The page as it stands now, with the refused form filled in as it was sent."""
    status = error.status if isinstance(error, DoorError) else status_of(error.kind)
    failed = Failed(
        form=name,
        message=error.sentence(),
        field=_field(error.where),
        typed=form.typed(),
        ticked=form.texts("criterion"),
        status=int(status),
    )
    return await _page(look, await _found(look), failed)


def _field(where: str | None) -> str:
    first = (where or "").partition(".")[0]
    if first == "resource":
        return f"fact-{(where or '').partition('.')[2]}"
    return "to" if first == "email" else first


async def _page(look: Look, request: RequestView, failed: Failed | None = None) -> web.Response:
    nodes = stage_nodes(request, now=look.sight.now)
    graphs = [drawing(nodes, name="stages", title=f"Stages of {request.reference}", way=way) for way in Way]
    user = look.actor.user
    trail = await _trail(look, request)
    tickets = await ticket_life(look.database, look.actor, request.id)
    return look.page(
        "request.html",
        place="inbox",
        status=failed.status if failed else 200,
        request=request,
        graphs=graphs,
        votable=[stage for stage in request.stages if may_vote_here(stage, user)],
        is_mine=request.requester.id == user,
        may_name_ticket=request.requester.id == user and request.needs_a_ticket_named,
        undoable=request.has_vote_to_undo(user, now=look.sight.now),
        reopenable=request.status in REOPENED and request.requester.id == user,
        timeline=timeline(request, tickets),
        closed=closed_undecided(request, tickets),
        amendments=[entry for entry in trail if entry["action"] == "request.amended"],
        trail=trail,
        seen=await _seen(look, request),
        at=datetime.fromisoformat,
        failed=failed,
        said={**_ANSWERS, "delegated": _DELEGATED}.get(look.query("done"), "") if failed is None else "",
    )


async def _seen(look: Look, request: RequestView) -> tuple[tuple[Sighting, ...], tuple[PersonView, ...]]:
    """Who has looked at which version, and who is asked and has not looked at the one that stands."""
    found = await sightings_of(look.database, look.actor, request.id)
    known = {each.person.id for each in found if each.revision == request.revision}
    asked = {who.id: who for stage in request.stages if stage.status == "open" for who in stage.approvers}
    return found, tuple(who for who in asked.values() if who.id not in known)


async def _trail(look: Look, request: RequestView) -> list[dict[str, Any]]:
    """The audit records about it, for those who may view them. The others are not refused: they did not ask."""
    actor = look.actor
    may = actor.is_enterprise_admin or (
        look.everybody.access.may(actor.user, Permission.VIEW_AUDIT, Scope(ScopeKind.TENANT, "")).allowed
    )
    if not may:
        return []
    found = await search_trail(look.database, actor, AuditFilter(subject_id=request.id), after=None, limit=TRAIL_SHOWN)
    return [entry for _position, entry in reversed(found)]
