"""What people do in Slack -> the conversation, and its reply back to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot import actions
from bot.conversation.again import redrawn
from bot.conversation.answering import answering
from bot.conversation.chat import Asker
from bot.conversation.clicks import on_click
from bot.conversation.commands import Typed, on_command
from bot.slack import render
from bot.slack.context import Desk, chat_user_of, through
from bot.slack.inputs import clicked, read_inputs
from bot.slack.refusals import error_of

log = structlog.get_logger()

Respond = Callable[..., Awaitable[Any]]


async def command(desk: Desk, body: Mapping[str, Any], respond: Respond) -> None:
    """The typed line is done and answered."""
    answer, trigger = through(respond), str(body.get("trigger_id", ""))
    asker = Asker(chat_user_of(body), str(body.get("channel_id", "")))
    async with answering(answer):
        typed = Typed(body["command"], body.get("text") or "", trigger)
        await desk.show(await on_command(desk.chat, asker, typed), trigger, answer)


async def click(desk: Desk, body: Mapping[str, Any], respond: Respond) -> None:
    """What the button promises has happened, or the clicker knows why not."""
    action_id, value = clicked(body["actions"][0])
    asker = Asker(chat_user_of(body), str(body.get("channel", {}).get("id", "")))
    view = body.get("view") or {}
    if view.get("callback_id") == actions.FORM_REQUEST:  # the one form that is drawn anew when something is chosen
        await _redraw(desk, asker, view)
        return
    # a click in a modal or on the home tab has no response_url
    answer = through(respond) if body.get("response_url") else desk.by_message(Asker(asker.chat_user))
    async with answering(answer):
        reply = await on_click(desk.chat, asker, action_id, value)
        await desk.show(reply, str(body.get("trigger_id", "")), answer)


async def _redraw(desk: Desk, asker: Asker, view: Mapping[str, Any]) -> None:
    """The modal shows what the choice asks for. One that has changed meanwhile stays: the person was quicker."""
    async with answering(desk.by_message(Asker(asker.chat_user))):
        form = await redrawn(desk.chat, asker, str(view.get("private_metadata") or ""), read_inputs(view))
        try:
            await desk.workspace.client.views_update(view_id=view["id"], hash=view.get("hash"), view=render.modal(form))
        except SlackApiError as exc:
            if error_of(exc) not in {"hash_conflict", "not_found"}:
                raise
            log.info("chat_form_not_redrawn", error=error_of(exc))
