"""Web API: chat.*, as documented at api.slack.com/methods for each."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.slack import blockkit
from sandbox.slack.files import files_errors
from sandbox.slack.hub import ApiError, Hub
from sandbox.slack.world import Channel, Json

TEXT_MAX = 40_000  # characters; Slack, chat.postMessage "text"
ATTACHMENTS_MAX = 100  # Slack, chat.postMessage "too_many_attachments"


def message_content(hub: Hub, args: Json) -> Json:
    """What a message says, checked: text, blocks, metadata. Raises ApiError as chat.postMessage would."""
    text = args.get("text") or ""
    if not isinstance(text, str):
        raise ApiError("invalid_arguments", response_metadata={"messages": ["[ERROR] must be a string [/text]"]})
    if len(text) > TEXT_MAX:
        raise ApiError("msg_too_long")
    content: Json = {"text": text}
    if args.get("blocks") is not None:
        blocks = copy.deepcopy(args["blocks"])
        errors = blockkit.message_errors(blocks)
        errors = errors or files_errors(hub.world.files, blocks, "/blocks", hub.settings.base_url)
        if errors:
            raise ApiError("invalid_blocks", errors=errors, response_metadata={"messages": errors})
        content["blocks"] = blockkit.with_ids(blocks)
    attachments = args.get("attachments")
    if attachments:
        if not isinstance(attachments, list) or not all(isinstance(item, dict) for item in attachments):
            raise ApiError("invalid_attachments")
        if len(attachments) > ATTACHMENTS_MAX:
            raise ApiError("too_many_attachments")
        content["attachments"] = attachments
    metadata = args.get("metadata")
    if metadata is not None:
        if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
            raise ApiError("invalid_metadata_format")
        content["metadata"] = {
            "event_type": metadata["event_type"],
            "event_payload": metadata.get("event_payload", {}),
        }
    return content


def by_app(hub: Hub) -> Json:
    """The sender's part of a message from the app."""
    app = hub.world.app
    return {
        "user": app.bot_user,
        "bot_id": app.bot_id,
        "app_id": app.id,
        "team": hub.world.team.id,
        "bot_profile": {"id": app.bot_id, "app_id": app.id, "name": app.name, "team_id": hub.world.team.id},
    }


def post_message(hub: Hub, args: Json) -> Json:
    """chat.postMessage."""
    channel = writable(hub, args.get("channel"))
    content = _said(hub, args)
    if args.get("thread_ts"):
        parent = channel.find(str(args["thread_ts"]))
        if parent is None:
            raise ApiError("thread_not_found")
        # A reply to a reply lands in the same thread: Slack has one level.
        content["thread_ts"] = parent.get("thread_ts", parent["ts"])
        if args.get("reply_broadcast") in {True, "true", "1"}:
            content["subtype"] = "thread_broadcast"
    message = hub.world.post(channel, by_app(hub) | content)
    return {"channel": channel.id, "ts": message["ts"], "message": message}


def update(hub: Hub, args: Json) -> Json:
    """chat.update: what is not named stays, blocks included."""
    channel = hub.channel(args.get("channel"))
    message = _own(hub, channel, args.get("ts"), "cant_update_message")
    fields = _said(hub, args)
    if "text" not in args:
        del fields["text"]
    hub.world.update(channel, message, fields)
    return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": message}


def delete(hub: Hub, args: Json) -> Json:
    """chat.delete."""
    channel = hub.channel(args.get("channel"))
    message = _own(hub, channel, args.get("ts"), "cant_delete_message")
    hub.world.delete(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


def post_ephemeral(hub: Hub, args: Json) -> Json:
    """chat.postEphemeral: seen by one person; cannot be updated by its ts."""
    channel = writable(hub, args.get("channel"))
    user = str(args.get("user"))
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    content = _said(hub, args)
    content.pop("metadata", None)
    if args.get("thread_ts"):
        content["thread_ts"] = str(args["thread_ts"])
    told = hub.world.tell(user, channel.id, by_app(hub) | content)
    return {"message_ts": told.message["ts"]}


def get_permalink(hub: Hub, args: Json) -> Json:
    """chat.getPermalink: opens the simulated workspace at the message."""
    channel = hub.channel(args.get("channel"))
    message = channel.find(str(args.get("message_ts")))
    if message is None:
        raise ApiError("message_not_found")
    link = f"{hub.page_url}/archives/{channel.id}/p{message['ts'].replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


def _said(hub: Hub, args: Json) -> Json:
    content = message_content(hub, args)
    if not content["text"] and not content.get("blocks") and not content.get("attachments"):
        raise ApiError("no_text")
    return content


def writable(hub: Hub, word: Any) -> Channel:
    """The conversation in which the app may post. Raises ApiError with the reason why it may not."""
    if not word:
        raise ApiError("invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: channel"]})
    channel = hub.channel(word)
    if channel.archived:
        raise ApiError("is_archived")
    if hub.world.app.bot_user not in channel.members:
        raise ApiError("not_in_channel")
    if channel.im_user in hub.closed:
        raise ApiError(hub.closed[channel.im_user])
    return channel


def _own(hub: Hub, channel: Channel, ts: Any, refusal: str) -> Json:
    message = channel.find(str(ts))
    if message is None:
        raise ApiError("message_not_found")
    if message.get("bot_id") != hub.world.app.bot_id:
        raise ApiError(refusal)
    return message
