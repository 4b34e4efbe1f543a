"""The payloads that Slack sends when a person acts: commands, clicks, modals, events."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sandbox.slack.hub import Hub
from sandbox.slack.world import Channel, Json, Person, new_id

LEGACY_TOKEN = "sandbox-verification-token"  # noqa: S105 - the obsolete field that nobody may trust


def command_form(
    hub: Hub, person: Person, channel: Channel, *, command: str, text: str, trigger_id: str, response_url: str
) -> dict[str, str]:
    """A slash command as Slack posts it."""
    return {
        "token": LEGACY_TOKEN,
        "team_id": hub.world.team.id,
        "team_domain": hub.world.team.domain,
        "channel_id": channel.id,
        "channel_name": _channel_name(channel),
        "user_id": person.id,
        "user_name": person.name,
        "command": command,
        "text": text,
        "api_app_id": hub.world.app.id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def interaction(hub: Hub, person: Person, kind: str) -> Json:
    """What every interactive payload begins with."""
    team = hub.world.team
    return {
        "type": kind,
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": team.id},
        "api_app_id": hub.world.app.id,
        "token": LEGACY_TOKEN,
        "team": {"id": team.id, "domain": team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def from_message(channel: Channel, message: Json, *, ephemeral: bool, response_url: str) -> Json:
    """What a click in a message adds; a private message is not repeated in the payload."""
    container: Json = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    extra: Json = {
        "container": container,
        "channel": {"id": channel.id, "name": _channel_name(channel)},
        "response_url": response_url,
    }
    return extra if ephemeral else extra | {"message": message}


def from_view(view: Json) -> Json:
    """What a click in a modal or in App Home adds."""
    return {"container": {"type": "view", "view_id": view["id"]}, "view": view}


def event_body(hub: Hub, event: Mapping[str, object]) -> Json:
    """The outer event around an inner one."""
    world = hub.world
    return {
        "token": LEGACY_TOKEN,
        "team_id": world.team.id,
        "api_app_id": world.app.id,
        "event": dict(event),
        "type": "event_callback",
        "event_id": new_id("Ev"),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": world.team.id,
                "user_id": world.app.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": new_id("4-"),
    }


def _channel_name(channel: Channel) -> str:
    if channel.im_user:
        return "directmessage"
    return "privategroup" if channel.private else channel.name
