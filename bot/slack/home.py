"""The App Home (B9): published when it is opened, and again when something on it has changed."""

from __future__ import annotations

from bot.slack import render
from bot.slack.commands import listed
from bot.slack.context import Chat
from bot.views.answers import error_card
from bot.views.delegations import home_lines
from bot.views.lists import home_blocks
from core.access import PersonView, member_of
from core.actor import Actor
from core.approvals import RequestFilter
from core.delegations import get_away
from core.emergency import BypassView, list_bypasses
from core.errors import CountersignError

LOOKED_AT = 20  # bypasses of each kind


async def publish(chat: Chat, chat_user: str) -> None:
    """The person's App Home shows what is true now; somebody unknown is told why it is empty."""
    try:
        actor = await chat.workspace.actor(chat_user)
        user = member_of(actor)
        waiting = await listed(chat.database, actor, RequestFilter(waiting_for=user))
        mine = await listed(chat.database, actor, RequestFilter(requester=user))
        bypasses = await _to_look_at(chat, actor)
        away, given = await get_away(chat.database, actor)
        me = PersonView(id=user, email=actor.email, name=actor.name)
        absences = home_lines(away, given, me)
        blocks = home_blocks(
            waiting=waiting, mine=mine, bypasses=bypasses, now=chat.now(), absences=absences, console=chat.console
        )
    except CountersignError as exc:
        blocks = error_card(exc).blocks
    await chat.workspace.client.views_publish(user_id=chat_user, view=render.home(blocks))


async def _to_look_at(chat: Chat, actor: Actor) -> list[BypassView]:
    """The bypasses that run or wait for their review, newest first; asked for as such, as they may be old."""
    found = [
        *await list_bypasses(chat.database, actor, state="active", limit=LOOKED_AT),
        *await list_bypasses(chat.database, actor, review_state="overdue", limit=LOOKED_AT),
        *await list_bypasses(chat.database, actor, review_state="due", limit=LOOKED_AT),
    ]
    return sorted({each.id: each for each in found}.values(), key=lambda each: each.id, reverse=True)
