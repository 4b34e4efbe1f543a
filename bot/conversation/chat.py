"""What every handler has at hand, and what it answers with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog

from bot.cards import Actions, Card, Form, Plain, Section
from bot.platform import Platform
from bot.views import forms
from bot.views.answers import error_card
from core import idempotency
from core.actor import Actor, CallKey
from core.budgets import BudgetCatalogue
from core.changes import ChangeCatalogue
from core.charts import Renderer
from core.db import Database
from core.decisions import Gate
from core.errors import Conflict, CountersignError
from core.idempotency import Begun, StoredAnswer
from core.ids import uuid7
from core.sla import SlaCatalogue

log = structlog.get_logger()

WENT_WRONG: Final = "Something went wrong on our side; nothing was changed. Try again."


class DeliveredTwice(Conflict):
    """This was done already."""

    code = "chat.delivered_twice"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who did something, from the verified request, and where."""

    chat_user: str
    channel: str = ""  # empty where it was no channel


@dataclass(frozen=True, slots=True)
class Opening:
    """A form that is to be put before the asker; `make` looks up what it shows.

    A platform whose trigger lives only seconds opens something first and fills it then.
    """

    title: str
    make: Callable[[], Awaitable[Form]]

    def with_words(self, words: str) -> Opening:
        """Of the same form, with these words to begin with: nobody types a reason twice."""

        async def make() -> Form:
            return (await self.make()).with_words(words)

        return Opening(self.title, make)

    async def form(self) -> Form:
        """The form, or why there is none, as a form."""
        try:
            return await self.make()
        except CountersignError as exc:
            return forms.message_form(self.title, error_card(exc).summary)
        except Exception:
            log.exception("chat_form_failed")
            return forms.message_form(self.title, WENT_WRONG)


# A private answer; a form that needed nothing looked up; one that does; or nothing, where the platform has done it.
Reply = Card | Form | Opening | None


@dataclass(frozen=True, slots=True)
class Chat:
    """A platform and the core behind it. `address`: where the platform fetches pictures from us; empty: words alone."""

    platform: Platform
    gate: Gate
    changes: ChangeCatalogue = field(default_factory=lambda: ChangeCatalogue({}))
    budgets: BudgetCatalogue = field(default_factory=lambda: BudgetCatalogue({}))
    sla: SlaCatalogue = field(default_factory=lambda: SlaCatalogue({}))
    renderer: Renderer | None = None
    address: str = ""

    @property
    def database(self) -> Database:
        """Where use cases run."""
        return self.platform.database

    @property
    def console(self) -> str:
        """The console's address, where people can reach it."""
        return self.platform.console

    def answer_with(self, card: Card, *, is_asked_for: bool) -> Card:
        """How a command is answered that is about something with a living message, whose card this is.

        Where answers stay, the living message alone has buttons and the present state: whoever asked to see it gets the
        card without buttons, and what was done is one line.
        """
        if not self.platform.traits.keeps_answers:
            return card
        if is_asked_for:
            return Card(card.summary, tuple(block for block in card.blocks if not isinstance(block, Actions)))
        return Card(card.summary, (Section((Plain(card.summary),)),))

    def now(self) -> datetime:
        """The present instant."""
        return self.database.clock.now()

    @asynccontextmanager
    async def once(self, actor: Actor, interaction: str) -> AsyncIterator[Actor]:
        """The body runs once for an interaction, however often the platform (or somebody who captured it) sends it.

        It acts as the yielded actor, whose work marks the interaction as done in its own transaction. Raises
        DeliveredTwice for the others. A body that fails leaves the interaction free to be tried again.
        """
        async with self.delivered_once(actor.email, interaction) as key:
            yield replace(actor, idempotency_key=key)

    @asynccontextmanager
    async def delivered_once(self, who: str, interaction: str) -> AsyncIterator[CallKey]:
        """As `once`, for whoever is not known yet; the yielded key belongs to what the body does."""
        key, tenant = CallKey(f"{self.platform.slug}:{interaction}", uuid7()), self.platform.tenant
        async with self.database.tenant(tenant) as tx:
            begun, _answer = await idempotency.begin(tx, actor=who, key=key, fingerprint=key.key)
        if begun is not Begun.FRESH:
            raise DeliveredTwice
        try:
            yield key
        except BaseException:
            async with self.database.tenant(tenant) as tx:
                await idempotency.abandon(tx, actor=who, key=key)
            raise
        async with self.database.tenant(tenant) as tx:
            await idempotency.complete(tx, actor=who, key=key, answer=StoredAnswer(200, {}, b""))
