"""Web API: channels that the app opens, and whom it lets in."""

from __future__ import annotations

import itertools
import re
import time
from typing import Final

from sandbox.slack.hub import ApiError, Hub
from sandbox.slack.methods_people import channel_json
from sandbox.slack.world import Channel, Json

NAME_MAX: Final = 80  # characters; Slack, conversations.create
_NAME: Final = re.compile(r"[a-z0-9_-]+")


def create(hub: Hub, args: Json) -> Json:
    """conversations.create: the channel, with the app as its first member."""
    name = str(args.get("name") or "")
    if not name:
        raise ApiError("invalid_name_required")
    if len(name) > NAME_MAX:
        raise ApiError("invalid_name_maxlength")
    if not _NAME.fullmatch(name):
        raise ApiError("invalid_name_specials")
    if any(channel.name == name for channel in hub.world.channels.values()):
        raise ApiError("name_taken")
    is_private = str(args.get("is_private", "")).lower() in {"1", "true"}
    known = hub.world.channels
    new_id = next(each for number in itertools.count(1) if (each := f"C0NEW{number:04d}") not in known)
    channel = Channel(new_id, name, private=is_private, members=[hub.world.app.bot_user], created=int(time.time()))
    hub.world.channels[channel.id] = channel
    return {"channel": channel_json(hub, channel)}


def invite(hub: Hub, args: Json) -> Json:
    """conversations.invite: these people are members. One who is already lets Slack refuse them all."""
    channel = hub.channel(args.get("channel"))
    if channel.im_user:
        raise ApiError("method_not_supported_for_channel_type")
    if channel.archived:
        raise ApiError("is_archived")
    if hub.world.app.bot_user not in channel.members:
        raise ApiError("not_in_channel")
    users = [word for word in str(args.get("users") or "").split(",") if word]
    if not users:
        raise ApiError("no_user")
    for user in users:
        person = hub.world.people.get(user)
        if user == hub.world.app.bot_user:
            raise ApiError("cant_invite_self")
        if person is None:
            raise ApiError("user_not_found")
        if person.deleted:
            raise ApiError("user_disabled")
        if user in channel.members:
            raise ApiError("already_in_channel")
    channel.members += users
    return {"channel": channel_json(hub, channel)}
