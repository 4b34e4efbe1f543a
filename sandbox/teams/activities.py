"""The activities that Teams sends to a bot when a person acts."""

from __future__ import annotations

import html
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.teams.directory import THREAD
from sandbox.teams.hub import Hub
from sandbox.teams.world import Conversation, Json, Message, Person, Place

CHANNEL: Final = "msteams"
NBSP: Final = "\u00a0"  # what the client puts after a mention


def base(hub: Hub, person: Person, conversation: Conversation, *, root: str | None = None) -> Json:
    """What every activity begins with. `root` is the first message of the channel's thread."""
    world = hub.world
    at = datetime.now(UTC)
    return {
        "id": f"f:{uuid.uuid4()}",
        "timestamp": _written(at),
        "localTimestamp": at.astimezone(_zone(person)).isoformat(timespec="milliseconds"),
        "localTimezone": person.tz,
        "locale": person.locale,
        "channelId": CHANNEL,
        "serviceUrl": hub.settings.service_url,
        "from": {"id": person.id, "name": person.name, "aadObjectId": person.aad},
        "recipient": {"id": world.app.bot, "name": world.app.name},
        "conversation": conversation_json(hub, conversation, root),
        "channelData": channel_data(hub, conversation),
        "entities": [_client(person)],
    }


def conversation_json(hub: Hub, conversation: Conversation, root: str | None = None) -> Json:
    """The conversation as activities name it: in a channel with the thread."""
    found: Json = {"conversationType": conversation.kind.value, "tenantId": hub.world.id}
    found["id"] = f"{conversation.id}{THREAD}{root}" if root is not None else conversation.id
    if conversation.kind is not Place.PERSONAL:
        found |= {"isGroup": True, "name": conversation.name}
    return found


def channel_data(hub: Hub, conversation: Conversation) -> Json:
    """What Teams adds of its own: the tenant, and in a channel the team."""
    data: Json = {"tenant": {"id": hub.world.id}}
    if conversation.kind is Place.CHANNEL:
        team = hub.world.team
        data |= {"teamsChannelId": conversation.id, "teamsTeamId": team["id"]}
        data |= {"channel": {"id": conversation.id}, "team": dict(team)}
    return data


def message(
    hub: Hub, person: Person, conversation: Conversation, said: Message, *, mentioned: bool, value: Any = None
) -> Json:
    """What a person wrote. Where there are others, the bot hears it because it is mentioned."""
    root = (said.root or said.id) if conversation.kind is Place.CHANNEL else None
    activity = base(hub, person, conversation, root=root)
    app = hub.world.app
    text = str(said.activity.get("text", ""))
    shown = html.escape(text, quote=False)
    if mentioned:
        mark = f"<at>{app.name}</at>"
        text = f"{mark}{NBSP}{text}"
        shown = (
            '<span itemscope="" itemtype="http://schema.skype.com/Mention" itemid="0">'
            f"{html.escape(app.name)}</span>&nbsp;{shown}"
        )
        mention = {"type": "mention", "mentioned": {"id": app.bot, "name": app.name}, "text": mark}
        activity["entities"].insert(0, mention)
    activity |= {"type": "message", "id": said.id, "text": text, "textFormat": "plain"}
    activity["attachments"] = [{"contentType": "text/html", "content": f"<div><div>{shown}</div></div>"}]
    if value is not None:
        activity["value"] = value
    return activity


def submitted(hub: Hub, person: Person, conversation: Conversation, card: Message, value: Any) -> Json:
    """Action.Submit in a message's card: a message without text."""
    activity = base(hub, person, conversation, root=_root(conversation, card))
    activity |= {"type": "message", "id": hub.world.new_id(), "value": value, "replyToId": card.id}
    activity["channelData"] |= {"source": {"name": "message"}, "legacy": {"replyToId": card.id}}
    return activity


def invoke(
    hub: Hub, person: Person, conversation: Conversation, name: str, value: Any, *, card: Message | None = None
) -> Json:
    """An invoke: the client waits for its answer. `card` is the message that the act began in."""
    root = _root(conversation, card) if card is not None else None
    activity = base(hub, person, conversation, root=root)
    activity |= {"type": "invoke", "name": name, "value": value}
    if card is not None:
        activity["replyToId"] = card.id
        activity["channelData"] |= {"source": {"name": "message"}, "legacy": {"replyToId": card.id}}
    return activity


def executed(
    hub: Hub,
    person: Person,
    conversation: Conversation,
    card: Message,
    *,
    action: Mapping[str, Any],
    data: Mapping[str, Any],
    automatic: bool,
) -> Json:
    """Action.Execute, by a person's hand or as the automatic refresh of a card."""
    value: Json = {
        "action": {
            "type": "Action.Execute",
            "title": action.get("title", ""),
            "verb": action.get("verb", ""),
            "data": dict(data),
        },
        "trigger": "automatic" if automatic else "manual",
    }
    if "id" in action:
        value["action"]["id"] = action["id"]
    return invoke(hub, person, conversation, "adaptiveCard/action", value, card=card)


def installation(hub: Hub, person: Person, conversation: Conversation, *, added: bool) -> Json:
    """The app was added to the conversation, or taken out of it."""
    activity = base(hub, person, conversation)
    activity |= {"type": "installationUpdate", "action": "add" if added else "remove"}
    activity["channelData"] |= {"settings": {"selectedChannel": {"id": conversation.id}}}
    return activity


def roster(hub: Hub, person: Person, conversation: Conversation, members: list[Json], *, added: bool) -> Json:
    """Members, the bot among them or not, have come to the conversation or left it."""
    activity = base(hub, person, conversation)
    activity |= {"type": "conversationUpdate", "membersAdded" if added else "membersRemoved": members}
    if conversation.kind is Place.CHANNEL:
        activity["channelData"]["eventType"] = "teamMemberAdded" if added else "teamMemberRemoved"
    return activity


def _root(conversation: Conversation, card: Message) -> str | None:
    return (card.root or card.id) if conversation.kind is Place.CHANNEL else None


def _client(person: Person) -> Json:
    country = person.locale.partition("-")[2] or "US"
    return {
        "type": "clientInfo",
        "locale": person.locale,
        "country": country,
        "platform": "Web",
        "timezone": person.tz,
    }


def _zone(person: Person) -> ZoneInfo:
    try:
        return ZoneInfo(person.tz)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
