"""Tells a tenant's administrators what a walk through its tickets has found, if there is anything to know (N1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from bot.late import said_in
from bot.living import DIRECT
from bot.platform import Platform
from bot.reach import Reach
from bot.views.reconciliations import walk_card
from core.access import directory
from core.links import MessageSlot
from core.outbox import Event
from core.preferences import PreferenceEvent, Unheard
from core.tickets import TicketTask, load_walk

EVENTS: Final = frozenset({TicketTask.RECONCILED.value, PreferenceEvent.UNREACHED.value})
TOLD: Final = "tenant_administrator"


@dataclass(frozen=True, slots=True)
class ReconciliationMessages:
    """The subscriber that tells of walks."""

    platform: Platform
    reach: Reach = field(default_factory=Reach)

    async def deliver(self, event: Event) -> None:
        """Each administrator of the tenant has one message about this walk, on the other platform if need be."""
        platform = self.platform
        found = said_in(event) if event.type == PreferenceEvent.UNREACHED else event
        if event.tenant != platform.tenant or found is None or found.type != TicketTask.RECONCILED:
            return
        walk = await load_walk(platform.database, event.tenant, found.subject_id)
        async with platform.database.tenant(event.tenant) as tx:
            everybody = await directory(tx)
        card = walk_card(walk)
        for user in sorted(everybody.by_role.get(TOLD, frozenset()) & set(everybody.active)):
            person = everybody.people[user]
            chat_user = await platform.chat_user(person)
            if chat_user is None or not await self.reach.is_told(platform, person, subject=found.subject_id):
                continue
            write = platform.show(MessageSlot(found.subject_id, platform.slug, chat_user, DIRECT), card)
            await self.reach.writes(platform, person, chat_user, write, about=Unheard(found.subject, found))
