"""/approve link: nobody has to be known for it."""

from __future__ import annotations

from bot.cards import Card
from bot.conversation.chat import Asker, Chat
from bot.views.accounts import link_card, linked_card
from core.accounts import begin_link, finish_link


async def link(chat: Chat, asker: Asker, code: str) -> Card:
    """Where the account is linked; with the code that was shown there, whose it is now. For this account alone."""
    tenant, profile = chat.platform.tenant, await chat.platform.profile(asker.chat_user)
    if not code:
        return link_card(await begin_link(chat.database, tenant, profile))
    _account, person = await finish_link(chat.database, tenant, profile, code)
    return linked_card(person)
