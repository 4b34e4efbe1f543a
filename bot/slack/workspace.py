"""One Slack workspace, seen from us: posting, editing, and who is who.

Slack has no idempotency key for posting. Every message carries our key in its metadata, so that after a crash between
posting and storing the id, the message is found instead of posted again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler, AsyncServerErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import Block, Card
from bot.platform import PlaceUnusable, Traits
from bot.slack import render
from bot.slack.channels import channel_id, open_channel
from bot.slack.ids import CHANNEL_ID, PERSON_ID
from bot.slack.refusals import LOST, error_of, refusal_of, translated
from core.access import PersonView, UnknownPerson, directory
from core.accounts import (
    Account,
    ChatId,
    Platform,
    Profile,
    UnknownChatAccount,
    account_of,
    find_account,
    match_by_email,
    may_match_by_email,
    refuse,
)
from core.actor import Actor, Door
from core.db import Database
from core.ids import TenantId
from core.links import MessageSlot, drop_message, reserve_message, settle_message

log = structlog.get_logger()

PLATFORM: Final = Platform.SLACK
METADATA_EVENT: Final = "countersign_message"
HISTORY_LOOKED_AT: Final = 100  # messages; a crash is noticed long before a channel has moved on by more
TIMEOUT_S: Final = 10


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace and the tenant whose people are its members."""

    tenant: TenantId
    team_id: str
    client: AsyncWebClient
    database: Database
    console: str = ""  # its address, where people can reach it
    name: str = ""

    def chat(self, chat_user: str) -> ChatId:
        """The account of this workspace."""
        return ChatId(PLATFORM, self.team_id, chat_user)

    @property
    def slug(self) -> str:
        """The platform's name."""
        return PLATFORM

    @property
    def workspace_id(self) -> str:
        """Slack's id of the workspace."""
        return self.team_id

    @property
    def traits(self) -> Traits:
        """What a message can be here."""
        return Traits(redraws_forms=True, opens_channels=True)

    async def actor(self, chat_user: str) -> Actor:
        """The person behind a verified chat account. Raises UnknownChatAccount, which is recorded."""
        try:
            account, person = await self._person_behind(chat_user)
        except UnknownChatAccount as exc:
            await refuse(self.database, self.tenant, Profile(self.chat(chat_user)), exc)
            raise
        return Actor(
            tenant=self.tenant,
            user=person.id,
            email=person.email,
            name=person.name,
            door=Door.SLACK,
            user_agent=f"Slack/{self.team_id}/{chat_user}",
            linked_by=account.linked_by,
        )

    async def person(self, mention: str) -> str:
        """The e-mail behind a mention, a name or an address typed in a command. Raises UnknownPerson."""
        if "@" in mention:
            return mention
        if PERSON_ID.fullmatch(mention):
            try:
                return (await self._person_behind(mention))[1].email
            except UnknownChatAccount as exc:
                raise UnknownPerson(
                    "This chat account is not linked to anybody here.",
                    where="person",
                    next_step="Give their e-mail address, or ask them to type /approve link.",
                ) from exc
        async with self.database.tenant(self.tenant) as tx:
            people = (await directory(tx)).people.values()
        wanted = mention.lower()
        found = [each for each in people if wanted in (each.name.lower(), each.email.partition("@")[0])]
        return found[0].email if len(found) == 1 else mention

    async def chat_user(self, person: PersonView) -> str | None:
        """The person's account here; None if they have none. Their address counts as in `match_by_email`."""
        async with self.database.tenant(self.tenant) as tx:
            known = await account_of(tx, PLATFORM, self.team_id, person.id)
            may_match = await may_match_by_email(tx)
        if known or not may_match:
            return known.chat_user if known else None
        try:
            answer = await self.client.users_lookupByEmail(email=person.email)
        except SlackApiError as exc:
            if error_of(exc) in {"users_not_found", "user_not_visible"}:
                return None
            raise translated(exc) from exc
        try:
            account, found = await match_by_email(self.database, self.tenant, self._profile(answer["user"]))
        except UnknownChatAccount:
            return None
        return account.chat.chat_user if found.id == person.id else None

    async def profile(self, chat_user: str) -> Profile:
        """What Slack says of the account."""
        try:
            return self._profile((await self.client.users_info(user=chat_user))["user"])
        except SlackApiError as exc:
            raise translated(exc) from exc

    async def open_channel(self, name: str, people: Sequence[PersonView]) -> None:
        """There is a public channel of this name, with the bot and these people in it."""
        users = [user for person in people if (user := await self.chat_user(person)) is not None]
        await open_channel(self.client, name, users)

    async def publish_home(self, chat_user: str, blocks: Sequence[Block]) -> None:
        """The person's App Home shows these blocks."""
        await self.client.views_publish(user_id=chat_user, view=render.home(blocks))

    async def show(
        self, slot: MessageSlot, card: Card, *, thread: str | None = None, viewers: Sequence[PersonView] = ()
    ) -> MessageSlot:
        """The slot's message exists and shows the card; nothing is sent if it does already."""
        del viewers  # a message is the same for all who read it
        content = render.message(card)
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        async with self.database.tenant(self.tenant) as tx:
            stored, is_mine = await reserve_message(tx, slot)
        if stored.message_id is None and not is_mine:
            stored = await self._recovered(stored, thread)
        if stored.message_id is None:
            return await self._post(stored, content, digest, thread)
        if stored.content_hash == digest:
            return stored
        try:
            await self.client.chat_update(channel=stored.channel or slot.place, ts=stored.message_id, **content)
        except SlackApiError as exc:
            if error_of(exc) not in LOST:
                raise refusal_of(exc, slot) from exc
            log.warning("chat_message_lost", error=error_of(exc), message=stored.key)
            async with self.database.tenant(self.tenant) as tx:
                await drop_message(tx, stored)
                await reserve_message(tx, slot)
            return await self._post(slot, content, digest, thread)
        return await self._settle(replace(stored, content_hash=digest))

    async def is_said(self, slot: MessageSlot) -> bool:
        """Whether the slot's message exists; if not, it is this caller's to post."""
        async with self.database.tenant(self.tenant) as tx:
            stored, is_mine = await reserve_message(tx, slot)
        if stored.message_id is None and not is_mine:
            stored = await self._recovered(stored, None)
        return stored.message_id is not None

    async def say_once(self, slot: MessageSlot, card: Card) -> None:
        """The slot's message exists; one that exists already is not edited."""
        if not await self.is_said(slot):
            await self._post(slot, render.message(card), "", None)

    async def _post(self, slot: MessageSlot, content: dict[str, Any], digest: str, thread: str | None) -> MessageSlot:
        try:
            answer = await self.client.chat_postMessage(
                channel=slot.channel or slot.place,
                thread_ts=thread,
                unfurl_links=False,
                unfurl_media=False,
                metadata={"event_type": METADATA_EVENT, "event_payload": {"key": slot.key}},
                **content,
            )
        except SlackApiError as exc:
            error = refusal_of(exc, slot)
            if isinstance(error, PlaceUnusable):  # nothing stands there: told elsewhere, not here as well later on
                async with self.database.tenant(self.tenant) as tx:
                    await drop_message(tx, slot)
            raise error from exc
        return await self._settle(
            replace(slot, channel=str(answer["channel"]), message_id=str(answer["ts"]), content_hash=digest)
        )

    async def _recovered(self, slot: MessageSlot, thread: str | None) -> MessageSlot:
        """The slot with the message that was posted before its id could be stored, if there is one."""
        try:
            channel = slot.channel or await self._channel_of(slot.place)
            messages = await self._messages(channel, thread)
        except SlackApiError as exc:
            raise refusal_of(exc, slot) from exc
        for message in messages:
            if message.get("metadata", {}).get("event_payload", {}).get("key") == slot.key:
                return await self._settle(replace(slot, channel=channel, message_id=message["ts"], content_hash=""))
        return slot

    async def _messages(self, channel: str, thread: str | None) -> list[dict[str, Any]]:
        """The newest messages of the channel, or all of the thread: a channel's history does not hold its threads."""
        if thread is None:
            history = await self.client.conversations_history(
                channel=channel, limit=HISTORY_LOOKED_AT, include_all_metadata=True
            )
            return list(history["messages"])
        pages = await self.client.conversations_replies(
            channel=channel, ts=thread, limit=HISTORY_LOOKED_AT, include_all_metadata=True
        )
        return [message async for page in pages for message in page["messages"]]

    async def _channel_of(self, place: str) -> str:
        """The channel's id: places are channel ids, channel names as configured, or people."""
        if CHANNEL_ID.fullmatch(place):
            return place
        if PERSON_ID.fullmatch(place):
            return str((await self.client.conversations_open(users=[place]))["channel"]["id"])
        return await channel_id(self.client, place.lstrip("#")) or place

    async def _settle(self, slot: MessageSlot) -> MessageSlot:
        async with self.database.tenant(self.tenant) as tx:
            await settle_message(tx, slot)
        return slot

    async def _person_behind(self, chat_user: str) -> tuple[Account, PersonView]:
        """Whose account it is: linked already, or matched by its address from now on. Raises UnknownChatAccount."""
        async with self.database.tenant(self.tenant) as tx:
            account = await find_account(tx, self.chat(chat_user))
            person = (await directory(tx)).people.get(account.user) if account else None
        if account is None or person is None:
            account, person = await match_by_email(self.database, self.tenant, await self.profile(chat_user))
        if not person.active:
            raise UnknownChatAccount("Your account is not active any more.")
        return account, person

    def _profile(self, user: dict[str, Any]) -> Profile:
        """Guests and strangers of shared channels bring addresses that this workspace did not verify."""
        profile = user.get("profile") or {}
        is_verified = user.get("is_email_confirmed") is not False
        return Profile(
            chat=self.chat(str(user["id"])),
            name=str(profile.get("real_name") or user.get("real_name") or user.get("name") or ""),
            email=str(profile.get("email") or "").lower() if is_verified else "",
            workspace_name=self.name,
            is_foreign=any(user.get(flag) for flag in ("deleted", "is_bot", "is_stranger", "is_ultra_restricted")),
        )


def make_client(token: str, base_url: str) -> AsyncWebClient:
    """A client that retries what certainly did not happen; rate limits go back to the outbox, which can wait longer."""
    client = AsyncWebClient(token=token, base_url=base_url, timeout=TIMEOUT_S)
    client.retry_handlers = [AsyncConnectionErrorRetryHandler(), AsyncServerErrorRetryHandler()]
    return client
