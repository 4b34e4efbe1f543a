"""What people choose for themselves, typed or in the form behind their home page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.cards import Card, Form
from bot.conversation.chat import Chat
from bot.views.digest import choice_card, notifications_form
from core.accounts import my_accounts
from core.actor import Actor
from core.preferences import get_preferences, set_digest, set_preferences


async def digest_choice(chat: Chat, actor: Actor, words: str) -> Card:
    """`/approve digest`: what is chosen, after the words have changed it if there are any."""
    chosen = await (set_digest(chat.database, actor, words) if words else get_preferences(chat.database, actor))
    return choice_card(chosen)


async def open_notifications(chat: Chat, actor: Actor) -> Form:
    """The form, filled in with what is chosen."""
    accounts = await my_accounts(chat.database, actor)
    return notifications_form(await get_preferences(chat.database, actor), accounts.linked)


async def save_notifications(chat: Chat, actor: Actor, values: Mapping[str, Any]) -> None:
    """What the form says is chosen."""
    fields = ("digest", "platform", "quiet_hours")
    digest, platform, quiet = (None if values.get(name) is None else str(values[name]) for name in fields)
    await set_preferences(chat.database, actor, digest=digest, platform=platform, quiet_hours=quiet)
