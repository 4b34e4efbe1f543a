"""/approve and /bypass as typed. Acknowledge first; then one use case; then the answer, to the asker alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, assert_never

from bot import commands
from bot.cards import Card, Form
from bot.commands import Intent, Misread, Verb
from bot.slack import render
from bot.slack.context import Chat, chat_user_of, through
from bot.slack.many import open_many
from bot.slack.refusals import told_of_request
from bot.views import approvals as request_views
from bot.views import bypass_forms, forms, lists
from bot.views.answers import help_card, nudged_card, said
from bot.views.bypass import LISTED, bypass_card, list_card
from bot.views.delegations import away_card, back_card, set_card
from bot.views.drafts import drafts_card
from bot.views.reopening import reopened_card
from bot.views.votes import undone_card, voted_card
from core.access import PersonView, member_of
from core.actor import Actor
from core.approvals import (
    Choice,
    RequestFilter,
    RequestView,
    cast_vote,
    comment,
    count_requests,
    get_request,
    list_requests,
    nudge,
    reassign,
    undo_vote,
    withdraw,
)
from core.db import Database
from core.decisions import reopen
from core.delegations import Absence, back, list_delegations, set_away
from core.drafts import list_drafts
from core.emergency import acknowledge, end, get_bypass, list_bypasses, longest_bypass


async def on_command(chat: Chat, body: Mapping[str, Any], respond: Callable[..., Awaitable[Any]]) -> None:
    """The typed line is done and answered."""
    answer = through(respond)
    async with chat.answering(answer):
        intent = commands.parse(body["command"], body.get("text") or "")
        if isinstance(intent, Misread):
            await answer(said(intent.message))
            return
        if intent.verb is Verb.HELP:
            await answer(help_card(body["command"]))
            return
        is_bypass = body["command"] == "/bypass"
        if intent.verb in {Verb.FORM, Verb.AMEND, Verb.MANY} or (is_bypass and intent.verb is Verb.REVIEW):
            await _open_form(chat, body, intent)
            return
        actor = await chat.workspace.actor(chat_user_of(body))
        async with chat.once(actor, f"{body['command']}:{body.get('trigger_id', '')}") as actor:
            reply = await (_bypass(chat, actor, intent) if is_bypass else _approve(chat, actor, intent))
        await answer(reply)


async def _open_form(chat: Chat, body: Mapping[str, Any], intent: Intent) -> None:
    trigger, channel = str(body.get("trigger_id", "")), str(body.get("channel_id", ""))
    if intent.verb is Verb.AMEND:

        async def amendment() -> Form:
            actor = await chat.workspace.actor(chat_user_of(body))
            request = await get_request(chat.database, actor, intent.number or 0)
            return forms.amend_form(request, request_views.target_of(request))

        await chat.open_and_fill(trigger, "Change request", amendment)
        return
    if intent.verb is Verb.MANY:
        await open_many(chat, body)
        return
    if body["command"] == "/approve":
        written = forms.Written(agent=intent.text, owner=chat_user_of(body))
        await chat.open_form(trigger, forms.request_form(written, channel=channel))
        return

    async def form() -> Form:
        return await bypass_form(chat, await chat.workspace.actor(chat_user_of(body)), channel, intent)

    await chat.open_and_fill(trigger, "Emergency bypass", form)


async def bypass_form(chat: Chat, actor: Actor, channel: str, intent: Intent | None = None) -> Form:
    """The form that the command or button opens: a new bypass, or the review of one."""
    if intent and intent.verb is Verb.REVIEW and intent.number:
        return bypass_forms.review_form(await get_bypass(chat.database, actor, intent.number))
    return bypass_forms.bypass_form(channel=channel, longest=await longest_bypass(chat.database, actor))


async def listed(database: Database, actor: Actor, wanted: RequestFilter) -> lists.Listed:
    """The newest that match, as many as a list shows, and how many there are."""
    found = await list_requests(database, actor, wanted, limit=lists.SHOWN + 1)
    total = len(found) if len(found) <= lists.SHOWN else await count_requests(database, actor, wanted)
    return lists.Listed(found[: lists.SHOWN], total)


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
        case _:
            request = await get_request(database, actor, intent.number or 0)
            return await _about(chat, actor, intent, request)


async def _away(chat: Chat, actor: Actor, intent: Intent) -> Card:
    if not intent.person:
        return away_card(await list_delegations(chat.database, actor))
    email = await chat.workspace.person(intent.person)
    wanted = Absence(to_email=email, starts=intent.since, ends=intent.until, reason=intent.text)
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
            email = await chat.workspace.person(intent.person)
            async with told_of_request(chat, actor, request.id, stage=None):
                await reassign(database, actor, request.id, to_email=email, reason=intent.text)
            return said(f"Your place on *{request.reference}* is given to {render.escaped(email)}.")
        case Verb.NUDGE:
            return nudged_card(await nudge(database, actor, request.id))
        case Verb.WITHDRAW:
            await withdraw(database, actor, request.id, reason=intent.text)
            return said(f"*{request.reference}* is withdrawn.")
        case (
            Verb.FORM
            | Verb.AMEND
            | Verb.HELP
            | Verb.MANY
            | Verb.WAITING
            | Verb.MINE
            | Verb.FIND
            | Verb.DRAFTS
            | Verb.AWAY
            | Verb.BACK
            | Verb.STATUS
            | Verb.END
            | Verb.ACKNOWLEDGE
            | Verb.REVIEW
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
    return bypass_card(bypass, viewer, now=chat.now())
