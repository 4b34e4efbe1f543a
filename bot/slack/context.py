"""Slack's ways of answering: forms behind a trigger, replies that the asker alone sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookResponse

from bot.cards import Card, Form
from bot.conversation.answering import Answer
from bot.conversation.chat import Asker, Chat, Opening, Reply
from bot.slack import render
from bot.slack.refusals import NOT_SHOWN_THERE, ResponseNotTaken, error_of, may_pass, translated
from bot.slack.workspace import Workspace
from bot.views import forms
from core.errors import Unavailable
from core.outbox import Throttle


class FormTooLate(Unavailable):
    """The form came too late for Slack, which waits three seconds; nothing was changed."""

    code = "chat.form_too_late"


# Slack, views.open, "Errors": the trigger is over, was used already, or is none of this app's.
TRIGGER_OVER: Final = frozenset(
    {"expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged", "invalid_trigger_id"}
)


@dataclass(frozen=True, slots=True)
class Desk:
    """The workspace, and the conversation that is had in it."""

    workspace: Workspace
    chat: Chat

    async def show(self, reply: Reply, trigger_id: str, answer: Answer) -> None:
        """The asker has the reply before them. Raises FormTooLate."""
        match reply:
            case Card():
                await answer(reply)
            case Form():
                await self._open(trigger_id, reply)
            case Opening(title):
                # Opened at once with a word of patience, as the trigger lives three seconds.
                view_id = await self._open(trigger_id, forms.loading_form(title))
                view = render.modal(await reply.form())
                await self.workspace.client.views_update(view_id=view_id, view=view)
            case None:
                return

    async def _open(self, trigger_id: str, form: Form) -> str:
        """The form stands before the person; its view's id."""
        try:
            opened = await self.workspace.client.views_open(trigger_id=trigger_id, view=render.modal(form))
        except SlackApiError as exc:
            if error_of(exc) in TRIGGER_OVER:
                raise FormTooLate(next_step="Try again.") from exc
            raise
        return str(opened["view"]["id"])

    def by_message(self, asker: Asker) -> Answer:
        """Answers that only the asker sees, where there is no response_url: where they were, else directly."""

        async def send(card: Card) -> None:
            content, client = render.message(card), self.workspace.client
            try:
                if asker.channel[:1] in {"C", "G"}:
                    try:
                        await client.chat_postEphemeral(channel=asker.channel, user=asker.chat_user, **content)
                    except SlackApiError as exc:
                        if error_of(exc) not in NOT_SHOWN_THERE:
                            raise
                    else:
                        return
                await client.chat_postMessage(channel=asker.chat_user, **content)
            except SlackApiError as exc:
                raise translated(exc) from exc

        return Answer(send, may_pass)


def through(respond: Callable[..., Awaitable[WebhookResponse]]) -> Answer:
    """Answers that only the asker sees, through the response_url of what they did."""

    async def send(card: Card) -> None:
        taken = await respond(response_type="ephemeral", replace_original=False, **render.reply(card))
        if taken.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise Throttle(float(taken.headers.get("Retry-After", 1)))
        if taken.status_code != HTTPStatus.OK:
            raise ResponseNotTaken(taken.status_code, taken.body)

    return Answer(send, may_pass)


def chat_user_of(body: Mapping[str, Any]) -> str:
    """Who did it, from the verified request."""
    return str(body.get("user_id") or body["user"]["id"])
