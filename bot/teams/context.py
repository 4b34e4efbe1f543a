"""Teams' ways of answering: what the asker alone sees, and what an invoke is answered with."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from bot.cards import Card, Context, Form, Section
from bot.conversation.answering import Answer
from bot.conversation.chat import Asker, Chat, Opening, Reply
from bot.conversation.commands import Typed
from bot.teams import render
from bot.teams.connector import Closed, may_pass
from bot.teams.door import Doorkeeper
from bot.teams.openers import DIALOGS, opener
from bot.teams.places import PLATFORM
from bot.teams.wire import Activity
from bot.teams.words import form_in_teams_words, in_teams_words
from bot.teams.workspace import Workspace
from bot.views.answers import said
from core.ids import uuid7
from core.links import Conversation, ConversationKind

log = structlog.get_logger()

Json = dict[str, Any]

_CARD: Final = "application/vnd.microsoft.card.adaptive"
_MESSAGE: Final = "application/vnd.microsoft.activity.message"
_ERROR: Final = "application/vnd.microsoft.error"
UNREACHED: Final = (
    "I have taken that up, and answer in private only. Add Countersign to your own chats (Apps → Countersign → Add) to "
    "see my answers, and look how things stand before you write it again."
)


@dataclass(frozen=True, slots=True)
class Desk:
    """The workspace, the conversation that is had in it, and who lets whom in."""

    workspace: Workspace
    chat: Chat
    door: Doorkeeper
    under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def show(self, reply: Reply, typed: Typed, answer: Answer) -> None:
        """The asker has the reply to a typed line before them; a form is behind a button."""
        match reply:
            case Card():
                await answer(reply)
            case Form(title=title) | Opening(title=title):
                await answer(opener(title, typed))
            case None:
                return

    def privately(self, activity: Activity) -> Answer:
        """Answers that only the asker sees: in their own chat, wherever they asked."""

        async def send(card: Card) -> None:
            try:
                await self.workspace.say(await self._chat_of(activity), card)
            except Closed:
                if activity.kind is ConversationKind.PERSONAL:
                    raise
                await self.workspace.say(place_of(activity), said(UNREACHED), thread=activity.root)

        return Answer(send, may_pass)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """The work goes on after the answer; `close` waits for it."""
        task = asyncio.create_task(work)
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    async def close(self, *, within_s: float | None = None) -> None:
        """Nothing is under way any more; what does not end in this time is given up."""
        if not self.under_way:
            return
        _ended, late = await asyncio.wait(self.under_way, timeout=within_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _chat_of(self, activity: Activity) -> Conversation:
        if activity.kind is ConversationKind.PERSONAL:
            return place_of(activity)
        sender = activity.sender
        return await self.workspace.places.chat_with(sender.directory_id, member_id=sender.id)


def place_of(activity: Activity) -> Conversation:
    """Where something happened, as Teams' verified request says."""
    is_personal = activity.kind is ConversationKind.PERSONAL
    return Conversation(
        PLATFORM,
        next(iter(activity.tenant_ids), "").lower(),
        activity.conversation,
        activity.kind,
        activity.service_url.rstrip("/"),
        name=activity.channel_name,
        team=activity.team,
        chat_user=activity.sender.directory_id if is_personal else None,
        member_id=activity.sender.id if is_personal else None,
    )


def asker_of(activity: Activity) -> Asker:
    """Who did it, and where."""
    is_personal = activity.kind is ConversationKind.PERSONAL
    return Asker(activity.sender.directory_id, "" if is_personal else activity.conversation)


def shown_instead(card: Card, refresh: render.Refresh | None = None) -> Json:
    """The card in place of the one that was acted on, for this person."""
    shown = render.adaptive_card(in_teams_words(card), refresh=refresh, dialogs=DIALOGS)
    return {"statusCode": 200, "type": _CARD, "value": shown}


def toast(words: str) -> Json:
    """A sentence that passes by."""
    return {"statusCode": 200, "type": _MESSAGE, "value": words}


def problem(code: str, words: str) -> Json:
    """A sentence on what went wrong."""
    return {"statusCode": 400, "type": _ERROR, "value": {"code": code, "message": words}}


def dialog(form: Form) -> Json:
    """The form in a dialog."""
    return {"task": {"type": "continue", "value": render.dialog(form_in_teams_words(form), str(uuid7()))}}


def dialog_says(words: str) -> Json:
    """A sentence at the end of a dialog."""
    return {"task": {"type": "message", "value": words}}


def is_brief(card: Card) -> bool:
    """Whether the card says no more than its words: nothing to press."""
    return all(isinstance(block, Context) or (isinstance(block, Section) and not block.button) for block in card.blocks)
