"""One Slack workspace, seen from us: posting, editing, and who is who.

Slack has no idempotency key for posting. Every message carries our key in its metadata, so that after a crash between
posting and storing the id, the message is found instead of posted again.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler, AsyncServerErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from core.access import PersonView, directory
from core.actor import Actor, Door
from core.db import Database
from core.errors import Forbidden
from core.ids import TenantId, UserId
from core.links import (
    ChatAccount,
    MessageSlot,
    account_of,
    drop_message,
    link_account,
    person_of,
    reserve_message,
    settle_message,
)
from core.outbox import Throttle

log = structlog.get_logger()

PLATFORM: Final = "slack"
METADATA_EVENT: Final = "countersign_message"
HISTORY_LOOKED_AT: Final = 100  # messages; a crash is noticed long before a channel has moved on by more
TIMEOUT_S: Final = 10
CHANNEL_ID: Final = re.compile(r"[CDG][A-Z0-9]{6,}")
PERSON_ID: Final = re.compile(r"[UW][A-Z0-9]{4,}")
# The message is gone or cannot be edited any more: post anew instead of trying for ever (Slack, chat.update).
LOST: Final = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found", "is_inactive"}
)


class UnknownChatAccount(Forbidden):
    """This chat account does not belong to anybody that Countersign knows."""

    code = "chat.unknown_account"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace and the tenant whose people are its members."""

    tenant: TenantId
    team_id: str
    client: AsyncWebClient
    database: Database
    console: str = ""  # its address, where people can reach it

    async def actor(self, chat_user: str) -> Actor:
        """The person behind a verified chat account. Raises UnknownChatAccount.

        An account is linked by the e-mail address that Slack has verified; guests and strangers of shared channels
        bring addresses that this workspace did not verify, so they are never linked.
        """
        async with self.database.tenant(self.tenant) as tx:
            user = await person_of(tx, PLATFORM, self.team_id, chat_user)
            person = (await directory(tx)).people.get(user) if user else None
        if person is None:
            person = await self._link(chat_user)
        if not person.active:
            raise UnknownChatAccount("Your account is not active any more.")
        return Actor(
            tenant=self.tenant,
            user=person.id,
            email=person.email,
            name=person.name,
            door=Door.SLACK,
            user_agent=f"Slack/{self.team_id}/{chat_user}",
        )

    async def person(self, mention: str) -> str:
        """The e-mail behind a mention, a name or an address typed in a command."""
        if "@" in mention:
            return mention
        if PERSON_ID.fullmatch(mention):
            return (await self.actor(mention)).email
        async with self.database.tenant(self.tenant) as tx:
            people = (await directory(tx)).people.values()
        wanted = mention.lower()
        found = [each for each in people if wanted in (each.name.lower(), each.email.partition("@")[0])]
        return found[0].email if len(found) == 1 else mention

    async def chat_user(self, person: PersonView) -> str | None:
        """The person's account here; None if they have none."""
        async with self.database.tenant(self.tenant) as tx:
            known = await account_of(tx, PLATFORM, self.team_id, person.id)
        if known:
            return known
        try:
            answer = await self.client.users_lookupByEmail(email=person.email)
        except SlackApiError as exc:
            if error_of(exc) in {"users_not_found", "user_not_visible"}:
                return None
            raise translated(exc) from exc
        await self._remember(answer["user"]["id"], person.id)
        return str(answer["user"]["id"])

    async def show(self, slot: MessageSlot, content: dict[str, Any], *, thread: str | None = None) -> MessageSlot:
        """The slot's message exists and shows `content`; nothing is sent if it does already."""
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
                raise translated(exc) from exc
            log.warning("chat_message_lost", error=error_of(exc), message=stored.key)
            async with self.database.tenant(self.tenant) as tx:
                await drop_message(tx, stored)
                await reserve_message(tx, slot)
            return await self._post(slot, content, digest, thread)
        return await self._settle(replace(stored, content_hash=digest))

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
            raise translated(exc) from exc
        return await self._settle(
            replace(slot, channel=str(answer["channel"]), message_id=str(answer["ts"]), content_hash=digest)
        )

    async def _recovered(self, slot: MessageSlot, thread: str | None) -> MessageSlot:
        """The slot with the message that was posted before its id could be stored, if there is one."""
        try:
            channel = slot.channel or await self._channel_of(slot.place)
            messages = await self._messages(channel, thread)
        except SlackApiError as exc:
            raise translated(exc) from exc
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
        async for page in await self.client.conversations_list(limit=1000, exclude_archived=True):
            for channel in page["channels"]:
                if channel["name"] == place.lstrip("#"):
                    return str(channel["id"])
        return place

    async def _settle(self, slot: MessageSlot) -> MessageSlot:
        async with self.database.tenant(self.tenant) as tx:
            await settle_message(tx, slot)
        return slot

    async def _link(self, chat_user: str) -> PersonView:
        try:
            user = (await self.client.users_info(user=chat_user))["user"]
        except SlackApiError as exc:
            raise translated(exc) from exc
        email = str(user.get("profile", {}).get("email", "")).lower()
        is_foreign = any(user.get(flag) for flag in ("deleted", "is_bot", "is_stranger", "is_ultra_restricted"))
        if not email or is_foreign:
            raise UnknownChatAccount(next_step="Ask your administrator to add you.")
        async with self.database.tenant(self.tenant) as tx:
            person = (await directory(tx)).by_email.get(email)
        if person is None:
            raise UnknownChatAccount(
                f"Countersign does not know {email}.", next_step="Ask your administrator to add you."
            )
        await self._remember(chat_user, person.id)
        return person

    async def _remember(self, chat_user: str, user: UserId) -> None:
        account = ChatAccount(platform=PLATFORM, workspace=self.team_id, chat_user=chat_user, user=user)
        async with self.database.tenant(self.tenant) as tx:
            await link_account(tx, account, linked_by="verified_email")


def make_client(token: str, base_url: str) -> AsyncWebClient:
    """A client that retries what certainly did not happen; rate limits go back to the outbox, which can wait longer."""
    client = AsyncWebClient(token=token, base_url=base_url, timeout=TIMEOUT_S)
    client.retry_handlers = [AsyncConnectionErrorRetryHandler(), AsyncServerErrorRetryHandler()]
    return client


def error_of(exc: SlackApiError) -> str:
    """Slack's own error code."""
    return str(exc.response.get("error", "unknown"))


def translated(exc: SlackApiError) -> Exception:
    """What the outbox should make of the failure."""
    if exc.response.status_code == 429 or error_of(exc) in {"ratelimited", "rate_limited"}:
        return Throttle(float(exc.response.headers.get("Retry-After", 1)))
    return exc
