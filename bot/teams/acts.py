"""What people do in Teams -> the conversation, and its reply back to them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog

from bot.cards import Actions, Button, Card, Form
from bot.conversation.answering import Answer, answering, told
from bot.conversation.chat import WENT_WRONG, Opening
from bot.conversation.clicks import on_click
from bot.conversation.commands import on_command
from bot.conversation.home import home_of
from bot.conversation.shown import view_for
from bot.platform import PlaceUnusable
from bot.reach import note_active
from bot.teams import render, wire
from bot.teams.connector import may_pass
from bot.teams.context import (
    Desk,
    asker_of,
    is_brief,
    place_of,
    problem,
    shown_instead,
    toast,
)
from bot.teams.inputs import clicked
from bot.teams.installs import on_presence
from bot.teams.submissions import ANSWER_WITHIN_S, LATE, on_fetch, on_submit
from bot.teams.wire import Activity, spoken
from bot.teams.words import Wish, in_teams_words, read_words, teams_help
from bot.views.answers import error_card, said, sentence_of
from core.accounts import UnknownChatAccount
from core.errors import CountersignError, Unavailable
from core.links import ConversationKind

log = structlog.get_logger()

Json = dict[str, Any]

SEEN_IN_CHAT: Final = "The answer is in our chat."
DOUBLE: Final = "This message was posted twice; the other one stays."


async def on_activity(desk: Desk, activity: Activity) -> Json | None:
    """What the activity asks for is done or under way; what an invoke is answered with. Raises DeliveredTwice."""
    match activity.type:
        case wire.INVOKE:
            return await _invoked(desk, activity)
        case wire.MESSAGE:
            async with desk.chat.delivered_once(activity.sender.id, activity.key):
                _is_active(desk, activity)
                await _heard(desk, activity)
        case wire.INSTALLATION | wire.CONVERSATION:
            async with desk.chat.delivered_once(activity.sender.id, activity.key):
                await on_presence(desk, activity)
        case _:
            log.debug("teams_activity_ignored", type=activity.type)
    return None


async def _heard(desk: Desk, activity: Activity) -> None:
    """The message is done and answered."""
    answer = desk.privately(activity)
    async with answering(answer):
        if activity.value:  # Action.Submit, of a client that knows no Action.Execute
            await answer(await _click(desk, activity, *clicked(activity.value)) or said("Done."))
            return
        wish = read_words(spoken(activity, await _mentioned(desk, activity)), activity.key)
        match wish:
            case Wish.HOME:
                await _show_home(desk, activity)
            case Wish.HELP:
                await answer(teams_help())
            case _:
                await desk.show(await on_command(desk.chat, asker_of(activity), wish), wish, answer)


def _is_active(desk: Desk, activity: Activity) -> None:
    """The account is noted as active, beside whatever it asked for. A message that its client refreshes is no act."""
    desk.later(note_active(desk.workspace, activity.sender.directory_id))


async def _show_home(desk: Desk, activity: Activity) -> None:
    chat_user = activity.sender.directory_id
    is_personal = activity.kind is ConversationKind.PERSONAL
    place = place_of(activity) if is_personal else await desk.workspace.places.chat_with(chat_user)
    blocks = await home_of(desk.chat, chat_user)
    await told(lambda: desk.workspace.post_home(place, chat_user, blocks), may_pass)


async def _invoked(desk: Desk, activity: Activity) -> Json:
    """Teams waits for this answer; what takes longer is answered later, as a message."""
    match activity.name:
        case "adaptiveCard/action":
            return await _executed(desk, activity)
        case "task/fetch":
            _is_active(desk, activity)
            return await on_fetch(desk, activity)
        case "task/submit":
            async with desk.chat.delivered_once(activity.sender.id, activity.key):
                _is_active(desk, activity)
                return await on_submit(desk, activity) or {}
        case _:
            return problem("NotSupported", "Countersign does not know this.")


async def _executed(desk: Desk, activity: Activity) -> Json:
    """Action.Execute: a click, or somebody's look at a message."""
    action = activity.value.get("action")
    data = action.get("data") if isinstance(action, dict) else None
    action_id, value = clicked(data if isinstance(data, dict) else {})
    if action_id == render.REFRESH:
        return await _looked(desk, activity, value)
    async with desk.chat.delivered_once(activity.sender.id, activity.key):
        _is_active(desk, activity)
        work = asyncio.ensure_future(_click(desk, activity, action_id, value))
        done, _late = await asyncio.wait({work}, timeout=ANSWER_WITHIN_S)
        if not done:
            desk.later(_follow_up(desk.privately(activity), work))
            return toast(LATE)
        try:
            card = in_teams_words(work.result() or said("Done."))
        except CountersignError as exc:
            card = in_teams_words(error_card(exc))
            if is_brief(card):
                return problem(exc.code, sentence_of(exc))
        except Exception:
            log.exception("chat_handler_failed")
            return problem("ServiceError", WENT_WRONG)
    if is_brief(card):
        return toast(card.summary)
    desk.later(_follow_up(desk.privately(activity), _ready(card)))
    return toast(SEEN_IN_CHAT)


async def _looked(desk: Desk, activity: Activity, value: str) -> Json:
    """The message as this person may see it, with their buttons."""
    try:
        slot = await desk.workspace.shown_to(
            activity.sender.directory_id, activity.conversation, activity.reply_to, value
        )
        if slot is None:
            return shown_instead(said(DOUBLE))
        card = await view_for(desk.chat, asker_of(activity), slot)
    except CountersignError as exc:
        return problem(exc.code, sentence_of(exc))
    except PlaceUnusable:
        return problem("NotFound", "There is no such message here.")
    return shown_instead(card, render.Refresh((activity.sender.id,), value))


async def _click(desk: Desk, activity: Activity, action_id: str, value: str) -> Card | None:
    """What the button promises has happened. A form, which only a press can open, is behind a further button."""
    reply = await on_click(desk.chat, asker_of(activity), action_id, value)
    match reply:
        case Form(title=title) | Opening(title=title):
            return Card(title, (Actions((Button(action_id, "Open the form", value),)),))
        case _:
            return reply


async def _follow_up(answer: Answer, work: asyncio.Future[Card | None]) -> None:
    async with answering(answer):
        await answer(await work or said("Done."))


def _ready(card: Card) -> asyncio.Future[Card | None]:
    found: asyncio.Future[Card | None] = asyncio.get_running_loop().create_future()
    found.set_result(card)
    return found


async def _mentioned(desk: Desk, activity: Activity) -> Mapping[str, str]:
    """The e-mail addresses of those who are mentioned, by their ids here; whoever we do not know keeps their name."""
    found: dict[str, str] = {}
    place = place_of(activity)
    for account in {mention.account for mention in activity.mentions if mention.account.id != activity.bot}:
        try:
            member = await desk.workspace.places.connector.member(place.service_url, place.id, account.id)
            if member is not None:
                found[account.id] = (await desk.workspace.actor(member.directory_id)).email
        except (PlaceUnusable, UnknownChatAccount, Unavailable):
            continue
    return found
