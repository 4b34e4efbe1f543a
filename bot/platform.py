"""A chat platform, as far as it is the same on all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.cards import Block, Card
from core.access import PersonView
from core.accounts import Profile
from core.actor import Actor
from core.db import Database
from core.ids import TenantId
from core.links import MessageSlot


class PlaceUnusable(Exception):
    """The bot cannot write to this place, now or later: it is gone, closed or not its own."""


@dataclass(frozen=True, slots=True)
class Traits:
    """How platforms differ in what a message or a form can be.

    `answers_under_all`: a reply can stand under any message, also between two people. `has_own_views`: each reader of
    a message can be shown a view of their own. `redraws_forms`: an open form can change with what is chosen in it.
    `opens_channels`: a bot can open a channel; elsewhere a message's thread is the place to talk. `keeps_answers`: what
    a command is answered with stays in the chat, where it would grow old beside the living message.
    """

    answers_under_all: bool = True
    has_own_views: bool = False
    redraws_forms: bool = False
    opens_channels: bool = False
    keeps_answers: bool = False


class Platform(Protocol):
    """One workspace of a platform, and the tenant whose people are its members."""

    @property
    def slug(self) -> str:
        """The platform's name: `slack`, `teams`."""
        ...

    @property
    def tenant(self) -> TenantId:
        """Whose people its members are."""
        ...

    @property
    def workspace_id(self) -> str:
        """Which workspace of the platform it is."""
        ...

    @property
    def traits(self) -> Traits:
        """What a message can be here."""
        ...

    @property
    def database(self) -> Database:
        """Where use cases run."""
        ...

    @property
    def console(self) -> str:
        """The console's address, where people can reach it; empty if they cannot."""
        ...

    async def actor(self, chat_user: str) -> Actor:
        """The person behind a verified chat account. Raises UnknownChatAccount, which is recorded."""
        ...

    async def profile(self, chat_user: str) -> Profile:
        """What the platform says of the account, whoever it is."""
        ...

    async def person(self, mention: str) -> str:
        """The e-mail behind a mention, a name or an address; the mention itself if it means nobody.

        Raises UnknownPerson for a chat account that is nobody's.
        """
        ...

    async def chat_user(self, person: PersonView) -> str | None:
        """The person's account here; None if they have none."""
        ...

    async def show(
        self, slot: MessageSlot, card: Card, *, thread: str | None = None, viewers: Sequence[PersonView] = ()
    ) -> MessageSlot:
        """The slot's message exists and shows the card. Raises PlaceUnusable, or what the outbox should wait for.

        `viewers` may have a view of their own of it, which the platform asks for when they look, if it has such views.
        """
        ...

    async def is_said(self, slot: MessageSlot) -> bool:
        """Whether the slot has a message."""
        ...

    async def say_once(self, slot: MessageSlot, card: Card) -> None:
        """The slot has a message: this one, unless it had one already, which is not edited. Raises as `show` does."""
        ...

    async def open_channel(self, name: str, people: Sequence[PersonView]) -> None:
        """There is a channel of this name, with the bot and these people in it; nothing where bots open none."""
        ...

    async def publish_home(self, chat_user: str, blocks: Sequence[Block]) -> None:
        """The person's home page shows these blocks."""
        ...
