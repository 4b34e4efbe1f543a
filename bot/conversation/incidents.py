"""Incidents, as typed after /sla, clicked and submitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from bot import actions
from bot.actions import Target
from bot.cards import Card, Form, one_line
from bot.commands import Intent, Verb
from bot.conversation.chat import Asker, Chat, Opening
from bot.views import incident_forms
from bot.views.answers import said
from bot.views.incidents import LISTED, incident_card, incident_done, incidents_card, timeline_card
from core.access import PersonView, member_of
from core.actor import Actor
from core.changes import read_time, time_zone
from core.errors import InvalidInput
from core.incidents import (
    EntryView,
    IncidentFilter,
    IncidentView,
    acknowledge,
    add_follow_up,
    assign,
    change_severity,
    check_may_act,
    check_may_review,
    finish_follow_up,
    finishable_follow_ups,
    get_incident,
    give_role,
    link,
    list_incidents,
    newest_entries,
    note,
    post_update,
    release,
    reopen,
    report,
    resolve,
    review,
    want_channel,
)
from core.suspects import list_suspects

SHOWN: Final = 40  # entries of a timeline; a form and a message have room for some more
# What opens a form: the verb that is typed, and the button.
_FORMS: Final[Mapping[Verb, str]] = {
    Verb.SEVERITY: actions.INCIDENT_SEVERITY,
    Verb.ROLE: actions.INCIDENT_ROLE,
    Verb.REVIEW: actions.INCIDENT_REVIEW,
    Verb.FOLLOW_UP: actions.INCIDENT_FOLLOW_UP,
}
# What is said of a line that does what a form does.
_SAYS: Final[Mapping[Verb, str]] = {
    Verb.ASSIGN: actions.FORM_INCIDENT_ASSIGN,
    Verb.UPDATE: actions.FORM_INCIDENT_UPDATE,
    Verb.NOTE: actions.FORM_INCIDENT_NOTE,
    Verb.RELATE: actions.FORM_INCIDENT_LINK,
}
_FOR_ALL: Final = frozenset({actions.INCIDENT_TIMELINE, actions.INCIDENT_NOTE})
FORM_TITLES: Final[Mapping[str, str]] = {
    actions.INCIDENT_ASSIGN: "Assign",
    actions.INCIDENT_ROLE: "Role",
    actions.INCIDENT_SEVERITY: "Severity",
    actions.INCIDENT_UPDATE: "Update",
    actions.INCIDENT_NOTE: "Timeline",
    actions.INCIDENT_LINK: "Link",
    actions.INCIDENT_TIMELINE: "Timeline",
    actions.INCIDENT_RESOLVE: "Resolve",
    actions.INCIDENT_REOPEN: "Reopen",
    actions.INCIDENT_REVIEW: "Review",
    actions.INCIDENT_FOLLOW_UP: "Follow-up",
    actions.INCIDENT_FOLLOW_UP_DONE: "Follow-up",
}
FORMS: Final = frozenset(
    {
        actions.FORM_INCIDENT_ASSIGN,
        actions.FORM_INCIDENT_ROLE,
        actions.FORM_INCIDENT_SEVERITY,
        actions.FORM_INCIDENT_UPDATE,
        actions.FORM_INCIDENT_NOTE,
        actions.FORM_INCIDENT_LINK,
        actions.FORM_INCIDENT_RESOLVE,
        actions.FORM_INCIDENT_REOPEN,
        actions.FORM_INCIDENT_REVIEW,
        actions.FORM_INCIDENT_FOLLOW_UP,
        actions.FORM_INCIDENT_FOLLOW_UP_DONE,
    }
)
BUTTONS: Final = frozenset({actions.INCIDENT_ACKNOWLEDGE, actions.INCIDENT_RELEASE, actions.INCIDENT_CHANNEL})


def opening_of(chat: Chat, asker: Asker, intent: Intent) -> Opening | None:
    """The form that the line opens; None where it is done at once."""
    if intent.verb is not Verb.NEW and intent.verb not in _FORMS:
        return None

    async def form() -> Form:
        actor = await chat.platform.actor(asker.chat_user)
        if intent.verb is Verb.NEW:
            return await new_form(chat, actor)
        return await form_of(chat, actor, _FORMS[intent.verb], intent.number or 0)

    return Opening("New incident" if intent.verb is Verb.NEW else FORM_TITLES[_FORMS[intent.verb]], form)


async def new_form(chat: Chat, actor: Actor) -> Form:
    """The form of a new incident, in the tenant's time zone."""
    return incident_forms.incident_form(zone=await time_zone(chat.database, actor))


async def form_of(chat: Chat, actor: Actor, action_id: str, reference: UUID | int) -> Form:
    """The form behind a button, with what is true now."""
    incident = await get_incident(chat.database, actor, reference)
    if action_id == actions.INCIDENT_FOLLOW_UP_DONE:
        return await _follow_ups_form(chat, actor, incident)
    if action_id == actions.INCIDENT_REVIEW:
        await check_may_review(chat.database, actor, incident, form=action_id)
    elif action_id not in _FOR_ALL:
        await check_may_act(chat.database, actor, incident, form=action_id)
    match action_id:
        case actions.INCIDENT_TIMELINE:
            entries, is_cut = await _timeline(chat, actor, incident)
            return incident_forms.incident_timeline_form(incident, entries, is_cut=is_cut)
        case actions.INCIDENT_NOTE:
            return incident_forms.incident_note_form(incident, zone=await time_zone(chat.database, actor))
        case actions.INCIDENT_FOLLOW_UP:
            return incident_forms.incident_follow_up_form(incident, zone=await time_zone(chat.database, actor))
        case _:
            return _MAKERS[action_id](incident)


async def _timeline(chat: Chat, actor: Actor, incident: IncidentView) -> tuple[Sequence[EntryView], bool]:
    """Its newest entries, and whether there are older ones."""
    entries = await newest_entries(chat.database, actor, incident.id, limit=SHOWN + 1)
    return entries[-SHOWN:], len(entries) > SHOWN


async def _follow_ups_form(chat: Chat, actor: Actor, incident: IncidentView) -> Form:
    """With those that the actor may finish. Raises NotTheOwner, or WrongState if none is open."""
    found = await finishable_follow_ups(chat.database, actor, incident, form=actions.INCIDENT_FOLLOW_UP_DONE)
    return incident_forms.incident_follow_up_done_form(incident, found)


_MAKERS: Final = {
    actions.INCIDENT_ASSIGN: incident_forms.incident_assign_form,
    actions.INCIDENT_ROLE: incident_forms.incident_role_form,
    actions.INCIDENT_SEVERITY: incident_forms.incident_severity_form,
    actions.INCIDENT_UPDATE: incident_forms.incident_update_form,
    actions.INCIDENT_LINK: incident_forms.incident_link_form,
    actions.INCIDENT_RESOLVE: incident_forms.incident_resolve_form,
    actions.INCIDENT_REOPEN: incident_forms.incident_reopen_form,
    actions.INCIDENT_REVIEW: incident_forms.incident_review_form,
}


async def on_incident(chat: Chat, actor: Actor, intent: Intent) -> Card:
    """The typed line is done."""
    database = chat.database
    match intent.verb:
        case Verb.INCIDENTS:
            return await _listed(chat, actor, IncidentFilter(is_open=True), "What is wrong now")
        case Verb.MINE:
            return await _listed(
                chat, actor, IncidentFilter(assignee=member_of(actor), is_open=True), "Assigned to you"
            )
        case Verb.FIND:
            return await _listed(chat, actor, IncidentFilter(contains=intent.text), "Found")
        case _:
            incident = await get_incident(database, actor, intent.number or 0)
    match intent.verb:
        case Verb.TIMELINE:
            entries, is_cut = await _timeline(chat, actor, incident)
            return timeline_card(incident, entries, is_cut=is_cut)
        case Verb.ACKNOWLEDGE:
            incident = await acknowledge(database, actor, incident.id)
        case Verb.RELEASE:
            incident = await release(database, actor, incident.id, reason=intent.text)
        case Verb.ASSIGN:
            email = await chat.platform.person(intent.person)
            incident = await assign(database, actor, incident.id, email=email)
        case Verb.UPDATE:
            incident = await post_update(database, actor, incident.id, text=intent.text)
        case Verb.NOTE:
            incident = await note(database, actor, incident.id, text=intent.text)
        case Verb.RELATE:
            incident = await link(database, actor, incident.id, intent.text)
        case Verb.CHANNEL:
            incident = await want_channel(database, actor, incident.id)
        case Verb.RESOLVE:
            incident = await resolve(database, actor, incident.id, resolution=intent.text)
        case Verb.REOPEN:
            incident = await reopen(database, actor, incident.id, reason=intent.text)
        case _:
            pass
    if chat.platform.traits.keeps_answers and intent.verb is not Verb.SHOW:  # the living message shows it as it is
        return incident_done(incident, _SAYS.get(intent.verb, ""))
    viewer = PersonView(id=member_of(actor), email=actor.email, name=actor.name)
    suspects = () if incident.is_over else await list_suspects(database, actor, incident.id)
    card = incident_card(incident, viewer, now=chat.now(), console=chat.console, suspects=suspects)
    return chat.answer_with(card, is_asked_for=True)


async def on_button(chat: Chat, actor: Actor, action_id: str, target: Target) -> Card:
    """What the button promises has happened."""
    database = chat.database
    match action_id:
        case actions.INCIDENT_ACKNOWLEDGE:
            incident = await acknowledge(database, actor, target.id)
            return said(f"You look after *{incident.reference}*.")
        case actions.INCIDENT_CHANNEL:
            incident = await want_channel(database, actor, target.id)
            return said(f"*{incident.reference}* gets a channel of its own, where there are such.")
        case _:
            incident = await release(database, actor, target.id)
            return said(f"You do not look after *{incident.reference}* any more.")


async def submit_new(chat: Chat, actor: Actor, values: Mapping[str, Any]) -> Card:
    """The incident is open."""
    incident = await report(
        chat.database,
        actor,
        title=values.get("title") or "",
        description=values.get("description") or "",
        severity=values.get("severity") or "",
        service=values.get("service") or "",
        started_at=await _time(chat, actor, values, "started_at"),
    )
    viewer = PersonView(id=member_of(actor), email=actor.email, name=actor.name)
    card = incident_card(incident, viewer, now=chat.now(), console=chat.console)
    return chat.answer_with(card, is_asked_for=False)


async def submit_form(chat: Chat, actor: Actor, form: str, target: Target, values: Mapping[str, Any]) -> Card:
    """What the form asks for is done."""
    database = chat.database

    def text(name: str) -> str:
        return values.get(name) or ""

    match form:
        case actions.FORM_INCIDENT_ASSIGN:
            incident = await assign(database, actor, target.id, email=await _person(chat, values, "person"))
        case actions.FORM_INCIDENT_ROLE:
            email = await _person(chat, values, "person")
            incident = await give_role(database, actor, target.id, role=text("role"), email=email)
        case actions.FORM_INCIDENT_SEVERITY:
            incident = await change_severity(
                database, actor, target.id, severity=text("severity"), reason=text("reason")
            )
        case actions.FORM_INCIDENT_UPDATE:
            incident = await post_update(database, actor, target.id, text=text("update"))
        case actions.FORM_INCIDENT_NOTE:
            at = await _time(chat, actor, values, "at")
            incident = await note(database, actor, target.id, text=text("note"), at=at)
        case actions.FORM_INCIDENT_LINK:
            incident = await link(database, actor, target.id, text("target"))
        case actions.FORM_INCIDENT_RESOLVE:
            incident = await resolve(database, actor, target.id, resolution=text("resolution"), cause=text("cause"))
        case actions.FORM_INCIDENT_REOPEN:
            incident = await reopen(database, actor, target.id, reason=text("reason"))
        case actions.FORM_INCIDENT_REVIEW:
            incident = await review(
                database,
                actor,
                target.id,
                summary=text("summary"),
                causes=text("causes"),
                went_well=text("went_well"),
                went_wrong=text("went_wrong"),
            )
        case actions.FORM_INCIDENT_FOLLOW_UP:
            return await _agree(chat, actor, target, values)
        case actions.FORM_INCIDENT_FOLLOW_UP_DONE:
            return await _finish(chat, actor, values)
        case _:
            raise InvalidInput("This form is not one of ours any more.", next_step="Open it again.")
    return incident_done(incident, form, role=text("role"))


async def _agree(chat: Chat, actor: Actor, target: Target, values: Mapping[str, Any]) -> Card:
    due_at = await _time(chat, actor, values, "due_at")
    if due_at is None:
        raise InvalidInput("Say by when.", where="due_at")
    agreed = await add_follow_up(
        chat.database,
        actor,
        target.id,
        title=values.get("title") or "",
        owner=await _person(chat, values, "owner"),
        due_at=due_at,
        before=values.get("before") or "",
    )
    return said("Agreed. ", (one_line(agreed.owner.name),))


async def _finish(chat: Chat, actor: Actor, values: Mapping[str, Any]) -> Card:
    try:
        chosen = UUID(values.get("follow_up") or "")
    except ValueError:
        raise InvalidInput("Say which.", where="follow_up") from None
    done = await finish_follow_up(
        chat.database, actor, chosen, evidence=values.get("evidence") or "", after=values.get("after") or ""
    )
    return said("Done: ", (one_line(done.title),))


async def _person(chat: Chat, values: Mapping[str, Any], name: str) -> str:
    return await chat.platform.person(values.get(name) or "")


async def _time(chat: Chat, actor: Actor, values: Mapping[str, Any], name: str) -> datetime | None:
    text = (values.get(name) or "").strip()
    return read_time(text, await time_zone(chat.database, actor), where=name) if text else None


async def _listed(chat: Chat, actor: Actor, wanted: IncidentFilter, title: str) -> Card:
    return incidents_card(await list_incidents(chat.database, actor, wanted, limit=LISTED + 1), title=title)
