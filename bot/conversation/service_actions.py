"""Actions of service levels, as clicked and submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from bot import actions
from bot.actions import Target
from bot.cards import Card, Form, one_line
from bot.conversation.chat import Chat
from bot.views.answers import said
from bot.views.service_actions import service_action_form
from core.actor import Actor
from core.sla import finish_action, get_owed

FORM_TITLES: Final[Mapping[str, str]] = {actions.SERVICE_ACTION_FINISH: "Finish an action"}
FORMS: Final = frozenset({actions.FORM_SERVICE_ACTION})


async def form_of(chat: Chat, actor: Actor, action_id: UUID) -> Form:
    """How it ends, for whoever may say so."""
    return service_action_form(await get_owed(chat.database, actor, action_id))


async def submit_form(chat: Chat, actor: Actor, target: Target, values: Mapping[str, Any]) -> Card:
    """It is done, or dropped."""
    state, evidence = values.get("state") or "", values.get("evidence") or ""
    done = await finish_action(chat.database, chat.sla, actor, target.id, state=state, evidence=evidence)
    return said("It is over: ", (one_line(done.title),))
