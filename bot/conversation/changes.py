"""/change as typed, clicked and submitted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from bot import actions
from bot.actions import Target
from bot.cards import Card, Form, one_line
from bot.commands import Intent, Verb
from bot.conversation.chat import Asker, Chat, Opening
from bot.views import change_forms
from bot.views.answers import said
from bot.views.changes import LISTED, agenda_card, change_card, changes_card, state_of
from core.access import PersonView, member_of
from core.actor import Actor
from core.changes import (
    ChangeFilter,
    ChangeView,
    Proposal,
    Step,
    acknowledge,
    cancel,
    change_agenda,
    change_policy,
    check_may_raise,
    check_offered,
    complete,
    draft,
    get_change,
    implement,
    list_changes,
    read_time,
    review,
    roll_back,
    roll_out,
    schedule,
    show_evidence,
    submit,
    time_zone,
    validate_recovery,
)
from core.errors import InvalidInput

# What opens a form: the verb that is typed, and the button.
_FORMS: Final[Mapping[Verb, str]] = {
    Verb.EVIDENCE: actions.CHANGE_EVIDENCE,
    Verb.SCHEDULE: actions.CHANGE_SCHEDULE,
    Verb.DONE: actions.CHANGE_DONE,
    Verb.REVIEW: actions.CHANGE_REVIEW,
    Verb.RECOVERY: actions.CHANGE_RECOVERY,
}
# What the form behind a button is about to do; evidence can be shown at any time.
_STEPS: Final[Mapping[str, Step]] = {
    actions.CHANGE_SCHEDULE: Step.SCHEDULE,
    actions.CHANGE_DONE: Step.COMPLETE,
    actions.CHANGE_ROLLBACK: Step.ROLL_BACK,
    actions.CHANGE_REVIEW: Step.REVIEW,
    actions.CHANGE_RECOVERY: Step.REOPEN,
}
FORM_TITLES: Final[Mapping[str, str]] = {
    actions.CHANGE_EVIDENCE: "Evidence",
    actions.CHANGE_SCHEDULE: "Schedule",
    actions.CHANGE_DONE: "Done",
    actions.CHANGE_ROLLBACK: "Roll back",
    actions.CHANGE_REVIEW: "Review",
    actions.CHANGE_RECOVERY: "Recovery",
}
FORMS: Final = frozenset(
    {
        actions.FORM_CHANGE_EVIDENCE,
        actions.FORM_CHANGE_SCHEDULE,
        actions.FORM_CHANGE_DONE,
        actions.FORM_CHANGE_ROLLBACK,
        actions.FORM_CHANGE_REVIEW,
        actions.FORM_CHANGE_RECOVERY,
    }
)


def opening_of(chat: Chat, asker: Asker, intent: Intent) -> Opening | None:
    """The form that the line opens; None where it is done at once."""
    if intent.verb is not Verb.FORM and intent.verb not in _FORMS:
        return None

    async def form() -> Form:
        actor = await chat.platform.actor(asker.chat_user)
        if intent.verb is Verb.FORM:
            return await new_form(chat, actor)
        return await form_of(chat, actor, _FORMS[intent.verb], intent.number or 0)

    return Opening("New change" if intent.verb is Verb.FORM else FORM_TITLES[_FORMS[intent.verb]], form)


async def new_form(chat: Chat, actor: Actor) -> Form:
    """The form of a new change, with the types that hold here, for whoever may raise one."""
    await check_may_raise(chat.database, chat.changes, actor)
    policy = await change_policy(chat.database, chat.changes, actor)
    return change_forms.change_form(policy, zone=await time_zone(chat.database, actor))


async def form_of(chat: Chat, actor: Actor, action_id: str, reference: UUID | int) -> Form:
    """The form behind a button, with what is true now, for whoever may do what it asks for."""
    change = await get_change(chat.database, actor, reference)
    if (step := _STEPS.get(action_id)) is not None:
        await check_offered(chat.database, chat.changes, actor, change.id, step)
    match action_id:
        case actions.CHANGE_EVIDENCE:
            return change_forms.evidence_form(change)
        case actions.CHANGE_SCHEDULE:
            return change_forms.schedule_form(change, zone=await time_zone(chat.database, actor))
        case actions.CHANGE_DONE:
            return change_forms.done_form(change)
        case actions.CHANGE_ROLLBACK:
            return change_forms.rollback_form(change)
        case actions.CHANGE_RECOVERY:
            return change_forms.recovery_form(change)
        case _:
            return change_forms.change_review_form(change)


async def on_change(chat: Chat, actor: Actor, intent: Intent) -> Card:
    """The typed line is done."""
    database = chat.database
    match intent.verb:
        case Verb.WAITING:
            return await _listed(chat, actor, ChangeFilter(is_open=True), "Changes under way")
        case Verb.MINE:
            return await _listed(chat, actor, ChangeFilter(requester=member_of(actor)), "Changes that you have raised")
        case Verb.AGENDA:
            return agenda_card(await change_agenda(database, chat.changes, actor))
        case Verb.FIND:
            return await _listed(chat, actor, ChangeFilter(contains=intent.text), "Found")
        case _:
            change = await get_change(database, actor, intent.number or 0)
    match intent.verb:
        case Verb.SUBMIT:
            change = await submit(database, chat.changes, actor, change.id)
        case Verb.START:
            change = await implement(database, chat.changes, actor, change.id)
        case Verb.ROLL_OUT:
            change = await roll_out(database, chat.changes, actor, change.id)
        case Verb.ACKNOWLEDGE:
            change = await acknowledge(database, actor, change.id)
        case Verb.ROLLBACK:
            change = await roll_back(database, chat.changes, actor, change.id, reason=intent.text)
        case Verb.CANCEL:
            change = await cancel(database, actor, change.id, reason=intent.text)
        case _:
            pass
    viewer = PersonView(id=member_of(actor), email=actor.email, name=actor.name)
    return chat.answer_with(change_card(change, viewer, now=chat.now()), is_asked_for=intent.verb is Verb.SHOW)


async def on_button(chat: Chat, actor: Actor, action_id: str, target: Target) -> Card | None:
    """What the button promises has happened; None for one that is not of changes."""
    if action_id == actions.CHANGE_SUBMIT:
        return _told(await submit(chat.database, chat.changes, actor, target.id))
    if action_id == actions.CHANGE_START:
        return _told(await implement(chat.database, chat.changes, actor, target.id))
    if action_id == actions.CHANGE_ROLL_OUT:
        return _told(await roll_out(chat.database, chat.changes, actor, target.id))
    if action_id == actions.CHANGE_ACKNOWLEDGE:
        change = await acknowledge(chat.database, actor, target.id)
        return said(f"You look after *{change.reference}*.")
    return None


async def submit_new(chat: Chat, actor: Actor, values: Mapping[str, Any]) -> Card:
    """The draft is there, with its way back where one was written."""
    starts_at, ends_at = await _times(chat, actor, values)
    change = await draft(
        chat.database,
        chat.changes,
        actor,
        Proposal(
            title=values.get("title") or "",
            description=values.get("description") or "",
            type=values.get("type") or "",
            resources=[each.strip() for each in (values.get("resources") or "").split(",") if each.strip()],
            starts_at=starts_at,
            ends_at=ends_at,
        ),
        rollback_plan=values.get("rollback_plan") or "",
    )
    viewer = PersonView(id=member_of(actor), email=actor.email, name=actor.name)
    return chat.answer_with(change_card(change, viewer, now=chat.now()), is_asked_for=False)


async def submit_form(chat: Chat, actor: Actor, form: str, target: Target, values: Mapping[str, Any]) -> Card:
    """What the form asks for is done."""
    database, changes = chat.database, chat.changes
    match form:
        case actions.FORM_CHANGE_EVIDENCE:
            change = await show_evidence(
                database,
                changes,
                actor,
                target.id,
                gate=values.get("gate") or "",
                summary=values.get("summary") or "",
                result=values.get("result") or "",
                url=(values.get("url") or "").strip(),
            )
        case actions.FORM_CHANGE_SCHEDULE:
            starts_at, ends_at = await _times(chat, actor, values)
            change = await schedule(database, changes, actor, target.id, starts_at=starts_at, ends_at=ends_at)
            if not change.scheduled_at:
                why = one_line(f"{change.note} They are asked by {change.request}.")
                return said(f"*{change.reference}*: ", (why,))
        case actions.FORM_CHANGE_DONE:
            result = values.get("validation")
            validation = None if result == "later" else result
            notes = values.get("notes") or ""
            change = await complete(database, changes, actor, target.id, validation=validation, notes=notes)
        case actions.FORM_CHANGE_ROLLBACK:
            change = await roll_back(database, changes, actor, target.id, reason=values.get("reason") or "")
            if change.rollback_request and change.rollback_request_state == "pending":
                return said(f"*{change.reference}* is rolled back once {change.rollback_request} is approved.")
        case actions.FORM_CHANGE_RECOVERY:
            result, notes = values.get("result") or "", values.get("notes") or ""
            change = await validate_recovery(database, changes, actor, target.id, result=result, notes=notes)
        case actions.FORM_CHANGE_REVIEW:
            change = await review(
                database,
                changes,
                actor,
                target.id,
                outcome=values.get("outcome") or "",
                notes=values.get("notes") or "",
                lessons=values.get("lessons") or "",
                tags=(values.get("tags") or "").split(","),
            )
        case _:
            raise InvalidInput("This form is not one of ours any more.", next_step="Open it again.")
    return _told(change)


async def _times(chat: Chat, actor: Actor, values: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    zone = await time_zone(chat.database, actor)
    starts_at, ends_at = (
        read_time(text, zone, where=name) if (text := (values.get(name) or "").strip()) else None
        for name in ("starts_at", "ends_at")
    )
    return starts_at, ends_at


async def _listed(chat: Chat, actor: Actor, wanted: ChangeFilter, title: str) -> Card:
    found = await list_changes(chat.database, chat.changes, actor, wanted, limit=LISTED + 1)
    return changes_card(found, title=title)


def _told(change: ChangeView) -> Card:
    return said(f"*{change.reference}*: {state_of(change)}.")
