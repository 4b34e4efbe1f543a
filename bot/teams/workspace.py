"""One Microsoft 365 tenant, seen from us: posting, editing, and who is who.

Teams has no idempotency key for posting and shows a bot no history, so a message whose id could not be stored cannot be
looked up: it is posted again. The one that nobody knows of is found when somebody looks at it, as their client then
asks for their view and names the message: it is taken over, or deleted if there is another by then (`shown_to`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from bot.cards import Block, Card, Plain, Section
from bot.platform import PlaceUnusable, Traits
from bot.teams import render
from bot.teams.connector import Closed, Lost, Posted, TooLong
from bot.teams.openers import DIALOGS
from bot.teams.people import DIRECTORY_ID, People
from bot.teams.places import PLATFORM, Places
from bot.teams.slots import named, naming
from bot.teams.words import in_teams_words
from core.access import PersonView, member_of
from core.accounts import Profile, UnknownChatAccount
from core.actor import Actor
from core.db import Database
from core.ids import TenantId
from core.links import (
    Conversation,
    ConversationKind,
    MessageSlot,
    drop_message,
    reserve_message,
    settle_message,
    stored_message,
)

log = structlog.get_logger()

Json = dict[str, Any]

HOME: Final = "home"  # the role of somebody's home card
HOME_SUMMARY: Final = "Your approvals"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Microsoft 365 tenant and the tenant of ours whose people are its members."""

    places: Places
    people: People
    console: str = ""  # its address, where people can reach it

    @property
    def slug(self) -> str:
        """The platform's name."""
        return PLATFORM

    @property
    def tenant(self) -> TenantId:
        """Whose people its members are."""
        return self.places.tenant

    @property
    def workspace_id(self) -> str:
        """Microsoft's id of the tenant."""
        return self.places.tenant_id

    @property
    def database(self) -> Database:
        """Where use cases run."""
        return self.places.database

    @property
    def traits(self) -> Traits:
        """What a message can be here: chats with one person have no threads."""
        return Traits(answers_under_all=False, has_own_views=True, keeps_answers=True)

    async def actor(self, chat_user: str) -> Actor:
        """The person behind a verified chat account. Raises UnknownChatAccount, which is recorded."""
        return await self.people.actor(chat_user)

    async def profile(self, chat_user: str) -> Profile:
        """What the directory says of the account, whoever it is."""
        return await self.people.profile(chat_user)

    async def person(self, mention: str) -> str:
        """The e-mail behind a mention, a name or an address; the mention itself if it means nobody.

        Raises UnknownPerson for an account that is nobody's.
        """
        return await self.people.person(mention)

    async def chat_user(self, person: PersonView) -> str | None:
        """The person's account here; None if they have none."""
        return await self.people.chat_user(person)

    async def show(
        self, slot: MessageSlot, card: Card, *, thread: str | None = None, viewers: Sequence[PersonView] = ()
    ) -> MessageSlot:
        """The slot's message exists and shows the card; nothing is sent if it does already."""
        content = _message(card, await self._refresh(slot, viewers))
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        async with self.database.tenant(self.tenant) as tx:
            stored, is_mine = await reserve_message(tx, slot)
        if stored.message_id is None:
            if not is_mine:  # a process died between posting and storing, or before posting
                log.warning("teams_message_perhaps_doubled", message=slot.key)
            return await self._post(stored, card, content, digest=digest, thread=thread)
        if stored.content_hash == digest:
            return stored
        place = await self._place(stored)
        try:
            await self._update(place, Posted(place.id, stored.message_id), card, content)
        except Lost:
            log.warning("chat_message_lost", message=stored.key)
            async with self.database.tenant(self.tenant) as tx:
                await drop_message(tx, stored)
                await reserve_message(tx, slot)
            return await self._post(slot, card, content, digest=digest, thread=thread)
        except Closed as exc:
            await self.places.close(place, exc)
            raise
        return await self._settle(replace(stored, content_hash=digest))

    async def say(self, place: Conversation, card: Card, *, thread: str = "") -> Posted:
        """A message that is not looked after any more. Raises Closed, and forgets the place then."""
        return await self._sent(place, card, _message(card), thread=thread)

    async def is_said(self, slot: MessageSlot) -> bool:
        """Whether the slot has a message."""
        async with self.database.tenant(self.tenant) as tx:
            stored = await stored_message(tx, slot)
        return stored is not None and stored.message_id is not None

    async def say_once(self, slot: MessageSlot, card: Card) -> None:
        """The slot has a message: this one, unless it had one already. Raises PlaceUnusable."""
        if not await self.is_said(slot):
            await self.show(slot, card)

    async def open_channel(self, name: str, people: Sequence[PersonView]) -> None:
        """Nothing: a bot opens no channels here, and each message has its thread."""

    async def publish_home(self, chat_user: str, blocks: Sequence[Block]) -> None:
        """The person's home card shows these blocks, if they have one."""
        slot = await self._home(chat_user)
        if slot is not None and slot.message_id is not None:
            try:
                await self.show(slot, Card(HOME_SUMMARY, tuple(blocks)))
            except Closed:  # they have removed the app: it is made anew when they add it again
                log.info("teams_home_not_shown", person=chat_user)

    async def has_home(self, chat_user: str) -> bool:
        """Whether the person has a home card that could show something."""
        slot = await self._home(chat_user)
        return slot is not None and slot.message_id is not None

    async def post_home(self, place: Conversation, chat_user: str, blocks: Sequence[Block]) -> None:
        """The person's home card stands at the end of their chat, and nowhere else."""
        card = Card(HOME_SUMMARY, tuple(blocks))
        try:
            user = member_of(await self.actor(chat_user))
        except UnknownChatAccount:
            await self.say(place, card)
            return
        slot = MessageSlot(user, PLATFORM, chat_user, HOME)
        async with self.database.tenant(self.tenant) as tx:
            before = await stored_message(tx, slot)
        if before is not None:
            await self._remove(before)
            async with self.database.tenant(self.tenant) as tx:  # not before: where Teams throttles, it is found again
                await drop_message(tx, slot)
        await self.show(slot, card)

    async def shown_to(self, chat_user: str, conversation: str, message_id: str, value: str) -> MessageSlot | None:
        """The slot of a message that somebody looks at; None if it has become another one's double.

        `value` is what the message says of itself: it is believed only as far as the person and place are concerned.
        """
        claimed = named(value)
        if claimed is None or not await self._stands_in(claimed, chat_user, conversation):
            return None
        async with self.database.tenant(self.tenant) as tx:
            stored = await stored_message(tx, claimed)
            if stored is not None and stored.message_id is None:
                stored = replace(stored, channel=conversation, message_id=message_id, content_hash="")
                await settle_message(tx, stored)
                log.info("teams_message_taken_over", message=stored.key)
        if stored is None or stored.message_id == message_id:
            return claimed
        log.info("teams_double_deleted", message=stored.key)
        await self._remove(replace(stored, message_id=message_id))
        return None

    async def _stands_in(self, slot: MessageSlot, chat_user: str, conversation: str) -> bool:
        """Whether the slot's message could stand there: in the person's own chat, or in the channel that it names."""
        if DIRECTORY_ID.fullmatch(slot.place):
            return slot.place == chat_user
        async with self.database.tenant(self.tenant) as tx:
            stored = await stored_message(tx, slot)
        known = stored.channel if stored is not None and stored.channel else None
        return known == conversation if known else (await self.places.channel(slot.place)).id == conversation

    async def _refresh(self, slot: MessageSlot, viewers: Sequence[PersonView]) -> render.Refresh | None:
        users = [user for person in viewers if (user := await self.chat_user(person)) is not None]
        ids = await self.places.member_ids(users) if users else ()
        return render.Refresh(ids, naming(slot)) if ids else None

    async def _post(
        self, slot: MessageSlot, card: Card, content: Json, *, digest: str, thread: str | None
    ) -> MessageSlot:
        try:
            place = await self._place(slot)
            posted = await self._sent(place, card, content, thread=thread or "")
        except (
            PlaceUnusable
        ):  # nothing stands there: they are told elsewhere, and not here as well once it is open again
            async with self.database.tenant(self.tenant) as tx:
                await drop_message(tx, slot)
            raise
        return await self._settle(replace(slot, channel=posted.conversation, message_id=posted.id, content_hash=digest))

    async def _sent(self, place: Conversation, card: Card, content: Json, *, thread: str) -> Posted:
        under = thread if place.kind is ConversationKind.CHANNEL else ""  # elsewhere there are no threads
        connector = self.places.connector
        try:
            try:
                return await connector.post(place.service_url, place.id, content, reply_to=under)
            except TooLong:
                return await connector.post(place.service_url, place.id, _short(card), reply_to=under)
        except Closed as exc:
            await self.places.close(place, exc)
            raise

    async def _update(self, place: Conversation, posted: Posted, card: Card, content: Json) -> None:
        connector = self.places.connector
        try:
            await connector.update(place.service_url, posted, content)
        except TooLong:
            await connector.update(place.service_url, posted, _short(card))

    async def _remove(self, slot: MessageSlot) -> None:
        if slot.message_id is None:
            return
        place = await self._place(slot)
        try:
            await self.places.connector.delete(place.service_url, Posted(place.id, slot.message_id))
        except (Lost, Closed):
            return

    async def _place(self, slot: MessageSlot) -> Conversation:
        """Where the slot's message stands, or is to stand. Raises PlaceUnusable."""
        if slot.channel is not None:
            known = await self.places.find(slot.channel)
            if known is not None:
                return known
        if DIRECTORY_ID.fullmatch(slot.place):
            return await self.places.chat_with(slot.place)
        return await self.places.channel(slot.place)

    async def _home(self, chat_user: str) -> MessageSlot | None:
        try:
            user = member_of(await self.actor(chat_user))
        except UnknownChatAccount:
            return None
        async with self.database.tenant(self.tenant) as tx:
            return await stored_message(tx, MessageSlot(user, PLATFORM, chat_user, HOME))

    async def _settle(self, slot: MessageSlot) -> MessageSlot:
        async with self.database.tenant(self.tenant) as tx:
            await settle_message(tx, slot)
        return slot


def _short(card: Card) -> Json:
    """What the card is about, alone: Teams took no more."""
    return _message(Card(card.summary, (Section((Plain(card.summary),)),)))


def _message(card: Card, refresh: render.Refresh | None = None) -> Json:
    return render.message(in_teams_words(card), refresh=refresh, dialogs=DIALOGS)
