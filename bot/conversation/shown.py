"""A request, change, bypass or incident as the one who looks at its message may see it, with their own buttons."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from bot.cards import Card
from bot.conversation.chat import Asker, Chat
from bot.views.approvals import request_card
from bot.views.bypass import bypass_card
from bot.views.changes import change_card
from bot.views.incidents import incident_card
from core.access import PersonView, member_of
from core.approvals import see_request
from core.changes import get_change
from core.emergency import get_bypass
from core.errors import NotFound
from core.incidents import get_incident
from core.suspects import list_suspects


async def view_for(chat: Chat, asker: Asker, subject: UUID) -> Card:
    """The subject's living message with this person's buttons. Raises CountersignError."""
    actor = await chat.platform.actor(asker.chat_user)
    viewer = PersonView(id=member_of(actor), email=actor.email, name=actor.name)
    with suppress(NotFound):
        request = await see_request(chat.database, actor, subject)
        return request_card(request, viewer, now=chat.now(), console=chat.console)
    with suppress(NotFound):
        return change_card(await get_change(chat.database, actor, subject), viewer, now=chat.now())
    with suppress(NotFound):
        return bypass_card(await get_bypass(chat.database, actor, subject), viewer, now=chat.now())
    incident = await get_incident(chat.database, actor, subject)
    suspects = () if incident.is_over else await list_suspects(chat.database, actor, subject)
    return incident_card(incident, viewer, now=chat.now(), console=chat.console, suspects=suspects)
