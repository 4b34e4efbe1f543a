"""Web API: auth.*, users.*, conversations.*, usergroups.*."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from typing import Any

from sandbox.slack.hub import ApiError, Hub
from sandbox.slack.scopes import EMAIL, METADATA
from sandbox.slack.world import Channel, Json, Person

PAGE = 100  # items in a page when `limit` is not given
PAGE_MAX = 1000


def auth_test(hub: Hub, _args: Json) -> Json:
    """auth.test."""
    world = hub.world
    return {
        "url": f"{hub.page_url}/",
        "team": world.team.name,
        "user": world.app.name.lower(),
        "team_id": world.team.id,
        "user_id": world.app.bot_user,
        "bot_id": world.app.bot_id,
        "app_id": world.app.id,
        "is_enterprise_install": False,
    }


def users_info(hub: Hub, args: Json) -> Json:
    """users.info."""
    word = str(args.get("user"))
    if word == hub.world.app.bot_user:
        return {"user": _bot(hub)}
    if word not in hub.world.people:
        raise ApiError("user_not_found")
    return {"user": _shown(hub, hub.world.people[word])}


def users_list(hub: Hub, args: Json) -> Json:
    """users.list."""
    users = [_shown(hub, person) for person in hub.world.people.values()]
    return _page([*users, _bot(hub)], args, "members")


def lookup_by_email(hub: Hub, args: Json) -> Json:
    """users.lookupByEmail: case does not matter; deactivated people are not found."""
    email = str(args.get("email", "")).casefold()
    for person in hub.world.people.values():
        if person.email.casefold() == email and not person.deleted:
            return {"user": _shown(hub, person)}
    raise ApiError("users_not_found")


def open_(hub: Hub, args: Json) -> Json:
    """conversations.open: the direct message with one person."""
    if args.get("channel"):
        return {"channel": {"id": hub.channel(args["channel"]).id}, "no_op": True, "already_open": True}
    users = [word for word in str(args.get("users") or "").split(",") if word]
    if not users:
        raise ApiError("not_enough_users")
    if len(users) > 1:
        raise ApiError("too_many_users")
    person = hub.world.people.get(users[0])
    if person is None:
        raise ApiError("user_not_found")
    if person.deleted:
        raise ApiError("user_disabled")
    known = any(channel.im_user == person.id for channel in hub.world.channels.values())
    answer: Json = {"channel": {"id": hub.world.direct(person.id).id}}
    return answer | {"no_op": True, "already_open": True} if known else answer


def conversations_list(hub: Hub, args: Json) -> Json:
    """conversations.list."""
    kinds = set(str(args.get("types") or "public_channel").split(","))
    shown = [channel_json(hub, c) for c in hub.world.channels.values() if _kind(c) in kinds]
    return _page(shown, args, "channels")


def conversations_info(hub: Hub, args: Json) -> Json:
    """conversations.info."""
    return {"channel": channel_json(hub, hub.channel(args.get("channel")))}


def members(hub: Hub, args: Json) -> Json:
    """conversations.members."""
    return _page(list(hub.channel(args.get("channel")).members), args, "members")


def join(hub: Hub, args: Json) -> Json:
    """conversations.join: the app is a member of the public channel."""
    channel = hub.channel(args.get("channel"))
    if channel.im_user or channel.private:
        raise ApiError("method_not_supported_for_channel_type")
    if channel.archived:
        raise ApiError("is_archived")
    if hub.world.app.bot_user not in channel.members:
        channel.members.append(hub.world.app.bot_user)
    return {"channel": channel_json(hub, channel)}


def history(hub: Hub, args: Json) -> Json:
    """conversations.history: newest first, replies left out unless broadcast."""
    channel = _readable(hub, args)
    shown = [m for m in channel.messages if m.get("thread_ts") in {None, m["ts"]} or m.get("subtype")]
    return _messages(hub, list(reversed(shown)), args)


def replies(hub: Hub, args: Json) -> Json:
    """conversations.replies: the parent, then its replies, oldest first."""
    channel = _readable(hub, args)
    parent = channel.find(str(args.get("ts")))
    if parent is None:
        raise ApiError("thread_not_found")
    return _messages(hub, [parent, *channel.thread(parent["ts"])], args)


def usergroups_list(hub: Hub, args: Json) -> Json:
    """usergroups.list."""
    with_users = args.get("include_users") in {True, "true", "1"}
    groups = []
    for group in hub.world.groups.values():
        shown = {"id": group["id"], "team_id": hub.world.team.id, "handle": group["handle"], "name": group["handle"]}
        groups.append(shown | {"users": group["users"]} if with_users else shown)
    return {"usergroups": groups}


def usergroups_users_list(hub: Hub, args: Json) -> Json:
    """usergroups.users.list."""
    group = hub.world.groups.get(str(args.get("usergroup")))
    if group is None:
        raise ApiError("no_such_subteam")
    return {"users": group["users"]}


def user_json(hub: Hub, person: Person) -> Json:
    """A person as users.info shows them."""
    try:
        offset = dt.datetime.now(zoneinfo.ZoneInfo(person.tz)).utcoffset() or dt.timedelta()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        offset = dt.timedelta()
    first, _, last = person.real_name.partition(" ")
    return {
        "id": person.id,
        "team_id": hub.world.team.id,
        "name": person.name,
        "real_name": person.real_name,
        "deleted": person.deleted,
        "tz": person.tz,
        "tz_offset": int(offset.total_seconds()),
        "is_bot": False,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_stranger": False,
        "profile": {
            "email": person.email,
            "real_name": person.real_name,
            "display_name": person.name,
            "first_name": first,
            "last_name": last,
            "title": person.title,
            "team": hub.world.team.id,
        },
    }


def channel_json(hub: Hub, channel: Channel) -> Json:
    """A conversation as conversations.info shows it."""
    common = {"id": channel.id, "created": channel.created, "is_archived": channel.archived}
    if channel.im_user:
        return common | {"is_im": True, "is_channel": False, "user": channel.im_user, "is_open": True}
    return common | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_im": False,
        "is_private": channel.private,
        "is_member": hub.world.app.bot_user in channel.members,
        "num_members": len(channel.members),
    }


def _shown(hub: Hub, person: Person) -> Json:
    """The person as the app may see them: without the scope for it, the address is simply not there."""
    user = user_json(hub, person)
    if EMAIL not in hub.scopes.granted:
        del user["profile"]["email"]
    return user


def _bot(hub: Hub) -> Json:
    app = hub.world.app
    user = user_json(hub, Person(app.bot_user, app.name.lower(), app.name, ""))
    del user["profile"]["email"]
    return user | {"is_bot": True, "profile": user["profile"] | {"bot_id": app.bot_id, "api_app_id": app.id}}


def _kind(channel: Channel) -> str:
    if channel.im_user:
        return "im"
    return "private_channel" if channel.private else "public_channel"


def _readable(hub: Hub, args: Json) -> Channel:
    channel = hub.channel(args.get("channel"))
    if hub.world.app.bot_user not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _messages(hub: Hub, messages: list[Json], args: Json) -> Json:
    oldest, latest = str(args.get("oldest") or ""), str(args.get("latest") or "")
    inclusive = args.get("inclusive") in {True, "true", "1"}
    asked = args.get("include_all_metadata") in {True, "true", "1"}
    with_metadata = asked and METADATA in hub.scopes.granted

    def inside(ts: str) -> bool:
        if inclusive and ts in {oldest, latest}:
            return True
        return (not oldest or ts > oldest) and (not latest or ts < latest)

    shown = [
        message if with_metadata else {key: value for key, value in message.items() if key != "metadata"}
        for message in messages
        if inside(message["ts"])
    ]
    page = _page(shown, args, "messages")
    return page | {"has_more": bool(page["response_metadata"]["next_cursor"])}


def _page(items: Sequence[Any], args: Json, key: str) -> Json:
    """One page of the items; the cursor is the position, hidden as Slack hides it."""
    try:
        limit = min(PAGE_MAX, int(args.get("limit") or PAGE))
        start = int(str(args.get("cursor") or "pos:0").removeprefix("pos:"))
    except ValueError as exc:
        raise ApiError("invalid_cursor" if args.get("cursor") else "invalid_limit") from exc
    if limit < 1 or start < 0:
        raise ApiError("invalid_limit" if limit < 1 else "invalid_cursor")
    end = start + limit
    return {
        key: list(items[start:end]),
        "response_metadata": {"next_cursor": f"pos:{end}" if end < len(items) else ""},
    }
