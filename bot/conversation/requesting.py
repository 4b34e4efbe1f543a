"""The form of /approve as this person needs it: what their roles let them ask for, and the fields of their choice."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from bot.cards import Form
from bot.conversation.chat import Chat
from bot.conversation.lists import agents_to_choose
from bot.conversation.tickets import asks_for_ticket
from bot.views.request_forms import Written, choose_form, request_form
from core.actor import Actor
from core.decisions import actions_to_ask


async def first_form(chat: Chat, actor: Actor, written: Written, *, channel: str) -> Form:
    """What opens first: the form itself; where an open form cannot change, the choice of what to ask for.

    Whoever has named an agent has written `create`, and has nothing to choose. Raises as `form_for` does.
    """
    if not chat.platform.traits.redraws_forms and not written.agent:
        offered = await actions_to_ask(chat.database, actor)
        if len(offered) > 1:
            return choose_form(channel=channel, offered=offered)
    return await form_for(chat, actor, written, channel=channel)


async def form_for(chat: Chat, actor: Actor, written: Written, *, channel: str, draft: UUID | None = None) -> Form:
    """The form of the action, filled in; it offers others where it can be drawn anew for them.

    Raises NothingToAsk for somebody whose roles let them ask for nothing.
    """
    offered = await actions_to_ask(chat.database, actor)
    action = written.action if written.action in offered else offered[0]
    written = replace(written, action=action, asks_ticket=await asks_for_ticket(chat, action))
    agents = await agents_to_choose(chat.database, actor, action)
    shown = offered if chat.platform.traits.redraws_forms else (action,)
    return request_form(written, channel=channel, offered=shown, draft=draft, agents=agents)
