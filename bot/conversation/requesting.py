"""The form of /approve as this person needs it: what their roles let them ask for, and the fields of their choice."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from bot.cards import Form
from bot.conversation.chat import Chat
from bot.conversation.lists import agents_to_choose
from bot.conversation.tickets import asks_for_ticket
from bot.views import forms
from core.actor import Actor
from core.decisions import actions_to_ask


async def form_for(
    chat: Chat, actor: Actor, written: forms.Written, *, channel: str, draft: UUID | None = None
) -> Form:
    """The form, filled in. Raises NothingToAsk for somebody whose roles let them ask for nothing."""
    offered = await actions_to_ask(chat.database, actor)
    action = written.action if written.action in offered else offered[0]
    written = replace(written, action=action, asks_ticket=await asks_for_ticket(chat, action))
    redraws = chat.platform.traits.redraws_forms  # elsewhere every field has to be there from the start
    agents = await agents_to_choose(chat.database, actor, action) if redraws else None
    return forms.request_form(written, channel=channel, offered=offered, draft=draft, agents=agents)
