"""The App Home (B9): published when it is opened, and again when something on it has changed."""

from __future__ import annotations

from bot.slack import render
from bot.slack.commands import listed
from bot.slack.context import Chat
from bot.views.answers import error_card
from bot.views.delegations import home_lines
from bot.views.lists import home_blocks
from core.access import PersonView
from core.approvals import RequestFilter
from core.approvals.service import person_of
from core.delegations import get_away
from core.emergency import list_bypasses
from core.errors import CountersignError

SHOWN = 20


async def publish(chat: Chat, chat_user: str) -> None:
    """The person's App Home shows what is true now; somebody unknown is told why it is empty."""
    try:
        actor = await chat.workspace.actor(chat_user)
        user = person_of(actor)
        waiting = await listed(chat.database, actor, RequestFilter(waiting_for=user))
        mine = await listed(chat.database, actor, RequestFilter(requester=user))
        bypasses = [
            each
            for each in await list_bypasses(chat.database, actor, limit=SHOWN)
            if each.status == "active" or each.review_status != "done"
        ]
        away, given = await get_away(chat.database, actor)
        me = PersonView(id=user, email=actor.email, name=actor.name)
        absences = home_lines(away, given, me)
        blocks = home_blocks(waiting=waiting, mine=mine, bypasses=bypasses, now=chat.now(), absences=absences)
    except CountersignError as exc:
        blocks = error_card(exc).blocks
    await chat.workspace.client.views_publish(user_id=chat_user, view=render.home(blocks))
