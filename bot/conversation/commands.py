"""/approve, /bypass, /change, /sla and /budget as typed: one use case, and its answer to the asker alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from bot import commands
from bot.cards import Card, Form
from bot.commands import Intent, Misread, Verb
from bot.conversation import budgets, incidents, service_levels
from bot.conversation.changes import on_change, opening_of
from bot.conversation.chat import Asker, Chat, Opening, Reply
from bot.conversation.emergencies import extension_form_of, review_form_of
from bot.conversation.linking import link
from bot.conversation.lists import listed
from bot.conversation.many import many_opening
from bot.conversation.preferences import digest_choice, open_notifications
from bot.conversation.refusals import told_of_request
from bot.conversation.requesting import first_form
from bot.views import approvals as request_views
from bot.views import bypass_forms, forms, lists
from bot.views.answers import nudged_card, said
from bot.views.bypass import LISTED, bypass_card, list_card
from bot.views.delegations import away_card, back_card, set_card
from bot.views.digest import NOTIFICATIONS
from bot.views.drafts import drafts_card
from bot.views.help import help_card
from bot.views.pieces import names
from bot.views.reopening import reopened_card
from bot.views.request_forms import TITLE, Written
from bot.views.votes import undone_card, voted_card
from core.absences import list_absences
from core.access import PersonView, UnknownPerson, member_of
from core.actor import Actor
from core.approvals import (
    Choice,
    RequestFilter,
    RequestView,
    cast_vote,
    comment,
    get_request,
    nudge,
    reassign,
    see_request,
    undo_vote,
    withdraw,
)
from core.decisions import reopen
from core.delegations import Absence, back, list_delegations, set_away
from core.drafts import list_drafts
from core.emergency import (
    acknowledge,
    confirm_extension,
    decline_extension,
    end,
    get_bypass,
    list_bypasses,
    terms_for,
)


@dataclass(frozen=True, slots=True)
class Typed:
    """A line as typed. `interaction` tells it from the same words typed again."""

    command: str
    text: str
    interaction: str


async def on_command(chat: Chat, asker: Asker, typed: Typed) -> Reply:
    """The typed line is done. Raises CountersignError."""
    intent = commands.parse(typed.command, typed.text)
    if isinstance(intent, Misread):
        return said(intent.message)
    if intent.verb is Verb.HELP:
        return help_card(typed.command)
    try:
        reply = await _done(chat, asker, typed, intent)
    except UnknownPerson as exc:
        raise _nobody(exc, intent) from exc
    if isinstance(reply, Opening) and intent.number and intent.text:
        return reply.with_words(intent.text)
    return reply


def _nobody(error: UnknownPerson, intent: Intent) -> UnknownPerson:
    """The same to whoever typed a name, of which the grammar may have taken the first word alone."""
    after = intent.text.split(maxsplit=1)
    if not intent.person or "@" in intent.person or not after:
        return error
    name = f"{intent.person} {after[0]}"
    return UnknownPerson(
        f"There is nobody here called '{intent.person}'.",
        where=error.where,
        next_step=f'A name of several words stands in quotes: "{name}".',
    )


async def _done(chat: Chat, asker: Asker, typed: Typed, intent: Intent) -> Reply:
    if intent.verb is Verb.LINK:
        return await link(chat, asker, intent.text)
    if typed.command == "/change":
        return await _change(chat, asker, typed, intent)
    if typed.command == "/sla":
        return await _sla(chat, asker, typed, intent)
    if typed.command == "/budget":
        return await _budget(chat, asker, typed, intent)
    is_bypass = typed.command == "/bypass"
    if intent.verb in {Verb.FORM, Verb.AMEND, Verb.MANY, Verb.NOTIFICATIONS, Verb.REVIEW, Verb.EXTEND}:
        return _opening(chat, asker, intent, is_bypass=is_bypass)
    actor = await chat.platform.actor(asker.chat_user)
    async with chat.once(actor, f"{typed.command}:{typed.interaction}") as actor:
        return await (_bypass(chat, actor, intent) if is_bypass else _approve(chat, actor, intent))


async def _change(chat: Chat, asker: Asker, typed: Typed, intent: Intent) -> Reply:
    opening = opening_of(chat, asker, intent)
    if opening is not None:
        return opening
    actor = await chat.platform.actor(asker.chat_user)
    async with chat.once(actor, f"{typed.command}:{typed.interaction}") as actor:
        return await on_change(chat, actor, intent)


async def _sla(chat: Chat, asker: Asker, typed: Typed, intent: Intent) -> Reply:
    opening = incidents.opening_of(chat, asker, intent)
    if opening is not None:
        return opening
    actor = await chat.platform.actor(asker.chat_user)
    async with chat.once(actor, f"{typed.command}:{typed.interaction}") as actor:
        if service_levels.is_of_service_levels(intent):
            return await service_levels.on_service_level(chat, actor, intent)
        return await incidents.on_incident(chat, actor, intent)


async def _budget(chat: Chat, asker: Asker, typed: Typed, intent: Intent) -> Reply:
    opening = budgets.opening_of(chat, asker, intent)
    if opening is not None:
        return opening
    actor = await chat.platform.actor(asker.chat_user)
    async with chat.once(actor, f"{typed.command}:{typed.interaction}") as actor:
        return await budgets.on_budget(chat, actor, intent)


async def bypass_form(chat: Chat, actor: Actor, channel: str, intent: Intent | None = None) -> Form:
    """The form that the command or button opens: a new bypass, the review of one, or more time for one."""
    if intent and intent.verb in {Verb.REVIEW, Verb.EXTEND} and intent.number:
        form = review_form_of if intent.verb is Verb.REVIEW else extension_form_of
        return await form(chat, actor, intent.number)
    return bypass_forms.bypass_form(channel=channel, terms=await terms_for(chat.database, actor))


def _opening(chat: Chat, asker: Asker, intent: Intent, *, is_bypass: bool) -> Opening:
    async def amendment() -> Form:
        actor = await chat.platform.actor(asker.chat_user)
        request = await get_request(chat.database, actor, intent.number or 0)
        return forms.amend_form(request, request_views.target_of(request))

    async def emergency() -> Form:
        return await bypass_form(chat, await chat.platform.actor(asker.chat_user), asker.channel, intent)

    async def notifications() -> Form:
        return await open_notifications(chat, await chat.platform.actor(asker.chat_user))

    async def request() -> Form:
        actor = await chat.platform.actor(asker.chat_user)
        written = Written(agent=intent.text, owner=asker.chat_user)
        return await first_form(chat, actor, written, channel=asker.channel)

    if is_bypass:
        return Opening("Emergency bypass", emergency)
    if intent.verb is Verb.NOTIFICATIONS:
        return Opening(NOTIFICATIONS, notifications)
    if intent.verb is Verb.AMEND:
        return Opening("Change request", amendment)
    if intent.verb is Verb.MANY:
        return many_opening(chat, asker)
    return Opening(TITLE, request)


async def _approve(chat: Chat, actor: Actor, intent: Intent) -> Card:
    database, now = chat.database, chat.now()
    match intent.verb:
        case Verb.WAITING:
            wanted = RequestFilter(waiting_for=member_of(actor))
            return lists.waiting_card(await listed(database, actor, wanted), now=now, console=chat.console)
        case Verb.MINE:
            wanted = RequestFilter(requester=member_of(actor))
            return lists.mine_card(await listed(database, actor, wanted), now=now, console=chat.console)
        case Verb.FIND:
            wanted = RequestFilter(contains=intent.text)
            return lists.found_card(intent.text, await listed(database, actor, wanted), now=now, console=chat.console)
        case Verb.DRAFTS:
            return drafts_card(await list_drafts(database, actor))
        case Verb.AWAY:
            return await _away(chat, actor, intent)
        case Verb.BACK:
            return back_card(await back(database, actor))
        case Verb.DIGEST:
            return await digest_choice(chat, actor, intent.text)
        case _:
            found = see_request if intent.verb is Verb.SHOW else get_request
            request = await found(database, actor, intent.number or 0)
            return await _about(chat, actor, intent, request)


async def _away(chat: Chat, actor: Actor, intent: Intent) -> Card:
    if not intent.person:
        by_calendar = await list_absences(chat.database, actor)
        return away_card(await list_delegations(chat.database, actor), by_calendar)
    email = await chat.platform.person(intent.person)
    absent = await chat.platform.person(intent.absent) if intent.absent else None
    wanted = Absence(to_email=email, person_email=absent, starts=intent.since, ends=intent.until, reason=intent.text)
    return set_card(await set_away(chat.database, actor, wanted))


async def _about(chat: Chat, actor: Actor, intent: Intent, request: RequestView) -> Card:
    database = chat.database
    match intent.verb:
        case Verb.SHOW:
            viewer = PersonView(id=member_of(actor), email=actor.email, name=actor.name)
            return request_views.details_card(request, viewer, now=chat.now(), console=chat.console)
        case Verb.WHY:
            return request_views.why_card(request)
        case Verb.APPROVE | Verb.REJECT:
            choice = Choice.APPROVE if intent.verb is Verb.APPROVE else Choice.REJECT
            async with told_of_request(chat, actor, request.id, stage=None):
                after = await cast_vote(database, actor, request.id, choice=choice, reason=intent.text)
            return voted_card(after, member_of(actor))
        case Verb.UNDO:
            return undone_card(await undo_vote(database, actor, request.id))
        case Verb.REOPEN:
            return reopened_card(request, await reopen(database, chat.gate, actor, request.id, reason=intent.text))
        case Verb.ASK | Verb.ANSWER | Verb.COMMENT:
            kind = {Verb.ASK: "question", Verb.ANSWER: "answer"}.get(intent.verb, "comment")
            await comment(database, actor, request.id, kind=kind, text=intent.text)
            return said(f"Added to *{request.reference}*.")
        case Verb.DELEGATE:
            email = await chat.platform.person(intent.person)
            async with told_of_request(chat, actor, request.id, stage=None):
                await reassign(database, actor, request.id, to_email=email, reason=intent.text)
            return said(f"Your place on *{request.reference}* is given to ", (names([email]),))
        case Verb.NUDGE:
            return nudged_card(await nudge(database, actor, request.id))
        case Verb.WITHDRAW:
            await withdraw(database, actor, request.id, reason=intent.text)
            return said(f"*{request.reference}* is withdrawn.")
        case (
            Verb.FORM
            | Verb.AMEND
            | Verb.HELP
            | Verb.LINK
            | Verb.MANY
            | Verb.WAITING
            | Verb.MINE
            | Verb.FIND
            | Verb.DRAFTS
            | Verb.AWAY
            | Verb.BACK
            | Verb.DIGEST
            | Verb.NOTIFICATIONS
            | Verb.STATUS
            | Verb.END
            | Verb.ACKNOWLEDGE
            | Verb.REVIEW
            | Verb.EXTEND
            | Verb.CONFIRM
            | Verb.DECLINE
            | Verb.SUBMIT
            | Verb.EVIDENCE
            | Verb.SCHEDULE
            | Verb.START
            | Verb.DONE
            | Verb.ROLLBACK
            | Verb.ROLL_OUT
            | Verb.RECOVERY
            | Verb.AGENDA
            | Verb.CANCEL
            | Verb.NEW
            | Verb.INCIDENTS
            | Verb.ASSIGN
            | Verb.ROLE
            | Verb.SEVERITY
            | Verb.UPDATE
            | Verb.NOTE
            | Verb.TIMELINE
            | Verb.RELATE
            | Verb.CHANNEL
            | Verb.RELEASE
            | Verb.RESOLVE
            | Verb.FOLLOW_UP
            | Verb.FORECAST
            | Verb.RAISE
            | Verb.RESET
            | Verb.THROTTLE
            | Verb.LIFT
            | Verb.SERVICES
            | Verb.ERROR_BUDGET
            | Verb.CREDITS
        ):
            return help_card("/approve")
        case _:
            assert_never(intent.verb)


async def _bypass(chat: Chat, actor: Actor, intent: Intent) -> Card:
    database = chat.database
    if intent.verb is Verb.STATUS:
        return list_card(await list_bypasses(database, actor, limit=LISTED + 1), now=chat.now())
    bypass = await get_bypass(database, actor, intent.number or 0)
    viewer = PersonView(id=member_of(actor), email=actor.email, name=actor.name)
    if intent.verb is Verb.END:
        bypass = await end(database, actor, bypass.id, reason=intent.text)
    elif intent.verb is Verb.ACKNOWLEDGE:
        bypass = await acknowledge(database, actor, bypass.id)
    elif intent.verb is Verb.CONFIRM:
        bypass = await confirm_extension(database, actor, bypass.id)
    elif intent.verb is Verb.DECLINE:
        bypass = await decline_extension(database, actor, bypass.id)
    return chat.answer_with(bypass_card(bypass, viewer, now=chat.now()), is_asked_for=intent.verb is Verb.SHOW)
