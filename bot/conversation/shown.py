"""What a message is about, as the one who looks at it may see it, with their own buttons."""

from __future__ import annotations

from contextlib import suppress

from bot.cards import Card, Picture
from bot.conversation.chat import Asker, Chat
from bot.pictures import file_name, picture_key
from bot.views.approvals import request_card
from bot.views.budgets import budget_card
from bot.views.bypass import bypass_card
from bot.views.changes import change_card
from bot.views.incidents import incident_card
from core.access import PersonView, member_of
from core.actor import Actor
from core.approvals import see_request
from core.budgets import burn_of, get_period, keepers_of
from core.changes import get_change
from core.charts import burn_chart
from core.emergency import get_bypass
from core.errors import NotFound
from core.incidents import get_incident
from core.links import MessageSlot
from core.pictures import kept_under
from core.suspects import list_suspects


async def view_for(chat: Chat, asker: Asker, slot: MessageSlot) -> Card:
    """The living message with this person's buttons. Raises CountersignError."""
    actor, subject = await chat.platform.actor(asker.chat_user), slot.subject_id
    viewer = PersonView(id=member_of(actor), email=actor.email, name=actor.name)
    with suppress(NotFound):
        request = await see_request(chat.database, actor, subject)
        return request_card(request, viewer, now=chat.now(), console=chat.console)
    with suppress(NotFound):
        return change_card(await get_change(chat.database, actor, subject), viewer, now=chat.now())
    with suppress(NotFound):
        return bypass_card(await get_bypass(chat.database, actor, subject), viewer, now=chat.now())
    with suppress(NotFound):
        incident = await get_incident(chat.database, actor, subject)
        suspects = () if incident.is_over else await list_suspects(chat.database, actor, subject)
        return incident_card(incident, viewer, now=chat.now(), console=chat.console, suspects=suspects)
    return await _budget(chat, actor, viewer, slot)


async def _budget(chat: Chat, actor: Actor, viewer: PersonView, slot: MessageSlot) -> Card:
    """The budget's message, with the picture that it has. Raises UnknownBudget, also for a period that is over."""
    budget = await get_period(chat.database, actor, slot.subject_id)
    async with chat.database.tenant(actor.tenant) as tx:
        keepers = await keepers_of(tx, chat.budgets, budget)
        chart = burn_chart(budget, await burn_of(tx, budget), now=tx.now)
        path = await kept_under(tx, picture_key(slot, file_name(chart, budget.reference)))
    pictures = (Picture(f"{chat.address}{path}", chart.description, chart.title),) if path and chat.address else ()
    return budget_card(budget, viewer, now=chat.now(), keepers=keepers, pictures=pictures, console=chat.console)
