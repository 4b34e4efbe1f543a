"""Channels that the bot opens, and those that it finds by their names."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.refusals import error_of, translated

# Slack, conversations.invite, "Errors": they are there, or cannot be, and the others are in all the same.
_HARMLESS: Final = frozenset({"already_in_channel", "cant_invite_self", "user_not_found", "user_disabled"})


async def open_channel(client: AsyncWebClient, name: str, users: Collection[str]) -> None:
    """There is a public channel of this name, with the bot and these people in it. Raises PlaceUnusable or Throttle."""
    try:
        channel = await _created(client, name)
        for user in users:  # one by one: of several, the first that is there already lets Slack refuse them all
            await _invite(client, channel, user)
    except SlackApiError as exc:
        raise translated(exc) from exc


async def channel_id(client: AsyncWebClient, name: str) -> str | None:
    """The id of the channel of this name; None if the bot sees none."""
    async for page in await client.conversations_list(limit=1000, exclude_archived=True):
        for channel in page["channels"]:
            if channel["name"] == name:
                return str(channel["id"])
    return None


async def _created(client: AsyncWebClient, name: str) -> str:
    try:
        return str((await client.conversations_create(name=name))["channel"]["id"])
    except SlackApiError as exc:
        known = await channel_id(client, name) if error_of(exc) == "name_taken" else None
        if known is None:
            raise
        return known


async def _invite(client: AsyncWebClient, channel: str, user: str) -> None:
    try:
        await client.conversations_invite(channel=channel, users=[user])
    except SlackApiError as exc:
        if error_of(exc) not in _HARMLESS:
            raise
