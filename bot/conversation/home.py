"""The page that a person has of their own (B9): made when it is opened, and again when something on it has changed."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.cards import Block
from bot.conversation.chat import Chat
from bot.conversation.lists import listed
from bot.views.answers import error_card
from bot.views.budgets import home_budgets
from bot.views.delegations import home_lines
from bot.views.digest import home_line
from bot.views.lists import home_blocks
from core.access import PersonView, member_of
from core.actor import Actor
from core.approvals import RequestFilter
from core.budgets import BudgetFilter, list_budgets
from core.delegations import get_away
from core.emergency import BypassView, list_bypasses
from core.errors import CountersignError
from core.preferences import get_preferences

log = structlog.get_logger()

LOOKED_AT = 20  # bypasses of each kind


async def publish(chat: Chat, chat_user: str) -> None:
    """The person's page shows what is true now; somebody unknown is told why it is empty."""
    await chat.platform.publish_home(chat_user, await home_of(chat, chat_user))


async def shown_again(chat: Chat, chat_user: str) -> None:
    """As `publish`, after something that is done whether or not the page can show it now."""
    try:
        await publish(chat, chat_user)
    except Exception:  # it is made anew when it is opened
        log.exception("home_not_shown")


async def home_of(chat: Chat, chat_user: str) -> Sequence[Block]:
    """What the page shows."""
    try:
        actor = await chat.platform.actor(chat_user)
        user = member_of(actor)
        waiting = await listed(chat.database, actor, RequestFilter(waiting_for=user))
        mine = await listed(chat.database, actor, RequestFilter(requester=user))
        bypasses = await _to_look_at(chat, actor)
        away, given = await get_away(chat.database, actor)
        chosen = await get_preferences(chat.database, actor)
        budgets = await list_budgets(chat.database, actor, BudgetFilter(is_mine=True))
    except CountersignError as exc:
        return error_card(exc).blocks
    me = PersonView(id=user, email=actor.email, name=actor.name)
    absences = home_lines(away, given, me)
    return home_blocks(
        waiting=waiting,
        mine=mine,
        bypasses=bypasses,
        now=chat.now(),
        absences=absences,
        budgets=home_budgets(budgets, console=chat.console),
        choices=(home_line(chosen),),
        console=chat.console,
    )


async def _to_look_at(chat: Chat, actor: Actor) -> list[BypassView]:
    """The bypasses that run or wait for their review, newest first; asked for as such, as they may be old."""
    found = [
        *await list_bypasses(chat.database, actor, state="active", limit=LOOKED_AT),
        *await list_bypasses(chat.database, actor, review_state="overdue", limit=LOOKED_AT),
        *await list_bypasses(chat.database, actor, review_state="due", limit=LOOKED_AT),
    ]
    return sorted({each.id: each for each in found}.values(), key=lambda each: each.id, reverse=True)
