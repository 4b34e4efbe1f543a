"""Where the bot may write in one Microsoft 365 tenant: chats and channels as Teams told of them, and who is in them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from bot.platform import PlaceUnusable
from bot.teams.connector import Closed, Connector, Member, is_callable_url
from core.db import Database, Transaction
from core.ids import TenantId
from core.links import (
    Conversation,
    ConversationKind,
    channel_called,
    channels_of,
    conversation_with,
    conversations_with,
    drop_conversation,
    find_conversation,
    keep_conversation,
    newest_conversation,
)

log = structlog.get_logger()

PLATFORM: Final = "teams"
KEPT_MAX: Final = 10_000  # conversations that a process remembers to have kept
ROSTER_KEPT_S: Final = 600  # who is in our teams changes rarely; somebody new is found by what they do themselves


@dataclass(slots=True)
class Places:
    """The conversations of one Microsoft 365 tenant. `service_url` is used before Teams has told us its own."""

    tenant: TenantId
    tenant_id: str
    connector: Connector
    database: Database
    service_url: str
    elapsed: Callable[[], float] = time.monotonic
    _kept: dict[str, Conversation] = field(default_factory=dict)
    _roster: Mapping[str, Member] = field(default_factory=dict)
    _roster_at: float | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def keep(self, conversation: Conversation, *, again: bool = True) -> bool:
        """The conversation is known as a verified request told of it; whether it was new.

        Unless `again`, one that this process has kept already is not written again.
        """
        if not again and self._kept.get(conversation.id) == conversation:
            return False
        if not is_callable_url(conversation.service_url, self.service_url):
            log.warning("teams_service_url_not_used", url=conversation.service_url)
            return False
        async with self.database.tenant(self.tenant) as tx:
            is_new = await keep_conversation(tx, conversation)
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        self._kept[conversation.id] = conversation
        return is_new

    async def chat_with(self, chat_user: str, *, member_id: str = "") -> Conversation:
        """The chat with this person alone; opened if it is not known. Raises Closed if they have not got the app."""
        async with self.database.tenant(self.tenant) as tx:
            known = await conversation_with(tx, PLATFORM, self.tenant_id, chat_user)
            address = await self._address(tx)
        if known is not None:
            return known
        id_, service_url = await self.connector.open_chat(address, member_id or chat_user)
        member = (await self.roster()).get(chat_user)
        opened = Conversation(
            PLATFORM,
            self.tenant_id,
            id_,
            ConversationKind.PERSONAL,
            service_url if is_callable_url(service_url, self.service_url) else address,
            chat_user=chat_user,
            member_id=member_id or (member.id if member else None),
        )
        await self.keep(opened)
        return opened

    async def channel(self, name: str) -> Conversation:
        """The channel of that name or id. Raises PlaceUnusable if the app is in no team that has it."""
        async with self.database.tenant(self.tenant) as tx:
            found = await channel_called(tx, PLATFORM, self.tenant_id, name)
        if found is None:
            raise PlaceUnusable(f"the app is in no team with a channel '{name}'")
        return found

    async def find(self, conversation: str) -> Conversation | None:
        """The conversation of that id, if it is known."""
        async with self.database.tenant(self.tenant) as tx:
            return await find_conversation(tx, PLATFORM, self.tenant_id, conversation)

    async def close(self, conversation: Conversation, why: Closed) -> None:
        """The conversation is known no more: Teams says that the bot may not write there."""
        log.warning("teams_place_closed", conversation=conversation.id, error=str(why))
        self._kept.pop(conversation.id, None)
        async with self.database.tenant(self.tenant) as tx:
            await drop_conversation(tx, PLATFORM, self.tenant_id, conversation.id)

    async def learn_team(self, service_url: str, team: str) -> None:
        """Every channel of the team is known by its name. Raises Closed."""
        for id_, name in (await self.connector.channels(service_url, team)).items():
            await self.keep(
                Conversation(PLATFORM, self.tenant_id, id_, ConversationKind.CHANNEL, service_url, name=name, team=team)
            )
        self._roster_at = None

    async def roster(self) -> Mapping[str, Member]:
        """Everybody in the teams that have the app, by their directory ids; as it was some minutes ago at most."""
        if self._roster_at is None or self.elapsed() - self._roster_at > ROSTER_KEPT_S:
            async with self._turn:
                if self._roster_at is None or self.elapsed() - self._roster_at > ROSTER_KEPT_S:
                    self._roster = await self._members()
                    self._roster_at = self.elapsed()
        return self._roster

    async def member(self, chat_user: str) -> Member | None:
        """Who this person of our directory is; None if they are nowhere where the app is. Asks Teams itself."""
        async with self.database.tenant(self.tenant) as tx:
            chat = await conversation_with(tx, PLATFORM, self.tenant_id, chat_user)
            channels = await channels_of(tx, PLATFORM, self.tenant_id)
        for place in (*((chat,) if chat else ()), *_one_per_team(channels)):
            try:
                found = await self.connector.member(place.service_url, place.id, place.member_id or chat_user)
            except Closed:
                continue
            if found is not None:
                return found
        return None

    async def member_ids(self, chat_users: Iterable[str]) -> tuple[str, ...]:
        """The ids (`29:…`) of those of these people of whom they are known."""
        roster, people = await self.roster(), tuple(chat_users)
        async with self.database.tenant(self.tenant) as tx:
            chats = await conversations_with(tx, PLATFORM, self.tenant_id, people)
        ids = {chat_user: member.id for chat_user, member in roster.items()}
        ids |= {chat_user: chat.member_id for chat_user, chat in chats.items() if chat.member_id}
        return tuple(ids[chat_user] for chat_user in people if ids.get(chat_user))

    async def _members(self) -> dict[str, Member]:
        async with self.database.tenant(self.tenant) as tx:
            channels = await channels_of(tx, PLATFORM, self.tenant_id)
        found: dict[str, Member] = {}
        for channel in _one_per_team(channels):
            try:
                members = await self.connector.members(channel.service_url, channel.id)
            except Closed as exc:
                await self.close(channel, exc)
                continue
            found |= {member.directory_id: member for member in members if member.directory_id}
        return found

    async def _address(self, tx: Transaction) -> str:
        newest = await newest_conversation(tx, PLATFORM, self.tenant_id)
        return newest.service_url if newest else self.service_url


def _one_per_team(channels: Iterable[Conversation]) -> Iterable[Conversation]:
    """A channel of each team: its members are the team's."""
    return {channel.team or channel.id: channel for channel in channels}.values()
