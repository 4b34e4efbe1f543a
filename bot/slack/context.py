"""What every Slack handler has at hand, and what it does with whatever goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import structlog
from slack_sdk.errors import SlackApiError

from bot.cards import Card, Form
from bot.slack import render
from bot.slack.workspace import Workspace, error_of
from bot.views import forms
from bot.views.answers import error_card
from core import idempotency
from core.actor import Actor, CallKey
from core.db import Database
from core.decisions import Gate
from core.errors import Conflict, CountersignError, Unavailable
from core.idempotency import Begun, StoredAnswer
from core.ids import uuid7

log = structlog.get_logger()

WENT_WRONG: Final = "Something went wrong on our side; nothing was changed. Try again."

Answer = Callable[[Card], Awaitable[None]]


class DeliveredTwice(Conflict):
    """This was done already."""

    code = "chat.delivered_twice"


class FormTooLate(Unavailable):
    """The form came too late for Slack, which waits three seconds; nothing was changed."""

    code = "chat.form_too_late"


# Slack, views.open, "Errors": the trigger is over, was used already, or is none of this app's.
TRIGGER_OVER: Final = frozenset(
    {"expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged", "invalid_trigger_id"}
)


@dataclass(frozen=True, slots=True)
class Chat:
    """The workspace and the core behind it."""

    workspace: Workspace
    gate: Gate

    @property
    def database(self) -> Database:
        """Where use cases run."""
        return self.workspace.database

    @property
    def console(self) -> str:
        """The console's address, where people can reach it."""
        return self.workspace.console

    def now(self) -> datetime:
        """The present instant."""
        return self.database.clock.now()

    async def open_form(self, trigger_id: str, form: Form) -> str:
        """The form stands before the person; its view's id. Raises FormTooLate."""
        try:
            opened = await self.workspace.client.views_open(trigger_id=trigger_id, view=render.modal(form))
        except SlackApiError as exc:
            if error_of(exc) in TRIGGER_OVER:
                raise FormTooLate(next_step="Try again.") from exc
            raise
        return str(opened["view"]["id"])

    async def open_and_fill(self, trigger_id: str, title: str, make: Callable[[], Awaitable[Form]]) -> None:
        """The form stands before the person, or why there is none. Raises FormTooLate.

        Opened at once with a word of patience, as the trigger lives three seconds; filled with what `make` returns.
        """
        view_id = await self.open_form(trigger_id, forms.loading_form(title))
        try:
            made = await make()
        except CountersignError as exc:
            made = forms.message_form(title, error_card(exc).summary)
        except Exception:
            log.exception("chat_form_failed")
            made = forms.message_form(title, WENT_WRONG)
        await self.workspace.client.views_update(view_id=view_id, view=render.modal(made))

    @asynccontextmanager
    async def answering(self, answer: Answer) -> AsyncIterator[None]:
        """Whatever goes wrong inside is told to the asker alone, in words."""
        try:
            yield
        except CountersignError as exc:
            await answer(error_card(exc))
        except Exception:
            log.exception("chat_handler_failed")
            await answer(error_card(Unavailable(WENT_WRONG)))

    @asynccontextmanager
    async def once(self, actor: Actor, interaction: str) -> AsyncIterator[Actor]:
        """The body runs once for an interaction, however often Slack (or somebody with a captured request) sends it.

        It acts as the yielded actor, whose work marks the interaction as done in its own transaction. Raises
        DeliveredTwice for the others. A body that fails leaves the interaction free to be tried again.
        """
        who, key = actor.email, CallKey(f"slack:{interaction}", uuid7())
        async with self.database.tenant(actor.tenant) as tx:
            begun, _answer = await idempotency.begin(tx, actor=who, key=key, fingerprint=key.key)
        if begun is not Begun.FRESH:
            raise DeliveredTwice
        try:
            yield replace(actor, idempotency_key=key)
        except BaseException:
            async with self.database.tenant(actor.tenant) as tx:
                await idempotency.abandon(tx, actor=who, key=key)
            raise
        async with self.database.tenant(actor.tenant) as tx:
            await idempotency.complete(tx, actor=who, key=key, answer=StoredAnswer(200, {}, b""))


def through(respond: Callable[..., Awaitable[Any]]) -> Answer:
    """Answers that only the asker sees, through the response_url of what they did."""

    async def answer(card: Card) -> None:
        await respond(response_type="ephemeral", replace_original=False, **render.reply(card))

    return answer


def by_message(chat: Chat, chat_user: str, channel: str | None = None) -> Answer:
    """Answers that only the asker sees, where there is no response_url: in the channel they were in, else directly."""

    async def answer(card: Card) -> None:
        content = render.message(card)
        if channel and channel[:1] in "CG":
            await chat.workspace.client.chat_postEphemeral(channel=channel, user=chat_user, **content)
        else:
            await chat.workspace.client.chat_postMessage(channel=chat_user, **content)

    return answer


def chat_user_of(body: Mapping[str, Any]) -> str:
    """Who did it, from the verified request."""
    return str(body.get("user_id") or body["user"]["id"])
