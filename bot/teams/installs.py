"""Where the app is: added to somebody's chats or to a team, taken out again, channels made and renamed."""

from __future__ import annotations

from typing import Final

import structlog

from bot.conversation.answering import told
from bot.conversation.home import home_of
from bot.reach import note_added, note_gone
from bot.teams import wire
from bot.teams.connector import Closed, may_pass
from bot.teams.context import Desk, place_of
from bot.teams.places import PLATFORM
from bot.teams.wire import Activity
from core.links import ConversationKind, drop_conversation, drop_team

log = structlog.get_logger()

# Microsoft, "Conversation events": what may change the names under which we know channels.
_CHANNELS_CHANGED: Final = frozenset(
    {"channelCreated", "channelRenamed", "channelRestored", "channelShared", "teamRenamed", "teamRestored"}
)


async def on_presence(desk: Desk, activity: Activity) -> None:
    """We know where we may write; whoever has just added the app is greeted with what waits for them."""
    if _is_end(activity):
        await _leave(desk, activity)
        if activity.kind is ConversationKind.PERSONAL:
            await note_gone(desk.workspace, activity.sender.directory_id)
    elif activity.event == "channelDeleted":
        await _forget(desk, activity.conversation)
    elif activity.kind is ConversationKind.PERSONAL:
        if _is_start(activity):
            await note_added(desk.workspace, activity.sender.directory_id)
        if activity.type == wire.INSTALLATION and activity.action == "add":
            await _greet(desk, activity)
    elif activity.team and (activity.event in _CHANNELS_CHANGED or _is_start(activity)):
        await learn_team(desk, activity)


async def keep_place(desk: Desk, activity: Activity) -> None:
    """Where the activity happened is where we may write from now on; a team that is new to us is learnt."""
    if _is_end(activity) or activity.event in {"channelDeleted", "teamDeleted", "teamArchived"}:
        return
    is_new = await desk.workspace.places.keep(place_of(activity), again=activity.type != wire.INVOKE)
    if is_new and activity.team and activity.type == wire.MESSAGE:
        await learn_team(desk, activity)


async def learn_team(desk: Desk, activity: Activity) -> None:
    """The team's channels are known by their names."""
    try:
        await desk.workspace.places.learn_team(activity.service_url.rstrip("/"), activity.team)
    except Closed as exc:  # taken out again meanwhile
        log.warning("teams_team_closed", team=activity.team, error=str(exc))


async def _greet(desk: Desk, activity: Activity) -> None:
    chat_user = activity.sender.directory_id
    place, blocks = place_of(activity), await home_of(desk.chat, chat_user)
    await told(lambda: desk.workspace.post_home(place, chat_user, blocks), may_pass)


async def _leave(desk: Desk, activity: Activity) -> None:
    if activity.team:
        places = desk.workspace.places
        async with places.database.tenant(places.tenant) as tx:
            await drop_team(tx, PLATFORM, places.tenant_id, activity.team)
    await _forget(desk, activity.conversation)


async def _forget(desk: Desk, conversation: str) -> None:
    places = desk.workspace.places
    async with places.database.tenant(places.tenant) as tx:
        await drop_conversation(tx, PLATFORM, places.tenant_id, conversation)


def _is_start(activity: Activity) -> bool:
    return activity.action.startswith("add") or activity.bot in activity.added


def _is_end(activity: Activity) -> bool:
    return (activity.type == wire.INSTALLATION and activity.action.startswith("remove")) or (
        activity.bot in activity.removed
    )
