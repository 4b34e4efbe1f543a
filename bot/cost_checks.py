"""Tells a tenant's administrators of sums of costs that are not those of the ledger (C10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from bot.late import said_in
from bot.living import DIRECT
from bot.platform import Platform
from bot.reach import Reach
from bot.views.cost_checks import cost_check_card
from core.access import directory
from core.costs import Check, CostEvent
from core.links import MessageSlot
from core.outbox import Event
from core.preferences import PreferenceEvent, Unheard

EVENTS: Final = frozenset({CostEvent.SUMS_DIFFER.value, PreferenceEvent.UNREACHED.value})
TOLD: Final = "tenant_administrator"


@dataclass(frozen=True, slots=True)
class CostCheckMessages:
    """The subscriber that tells of checks that failed."""

    platform: Platform
    reach: Reach = field(default_factory=Reach)

    async def deliver(self, event: Event) -> None:
        """Each administrator of the tenant has one message about this check, on the other platform if need be."""
        platform = self.platform
        found = said_in(event) if event.type == PreferenceEvent.UNREACHED else event
        if event.tenant != platform.tenant or found is None or found.type != CostEvent.SUMS_DIFFER:
            return
        async with platform.database.tenant(event.tenant) as tx:
            everybody = await directory(tx)
        said = found.data
        differences = tuple(said["differences"])
        check = Check(found.occurred_at, said["lines"], said["differing"], said["repaired"], differences)
        card = cost_check_card(check)
        for user in sorted(everybody.by_role.get(TOLD, frozenset()) & set(everybody.active)):
            person = everybody.people[user]
            chat_user = await platform.chat_user(person)
            if chat_user is None or not await self.reach.is_told(platform, person, subject=found.subject_id):
                continue
            write = platform.show(MessageSlot(found.subject_id, platform.slug, chat_user, DIRECT), card)
            await self.reach.writes(platform, person, chat_user, write, about=Unheard(found.subject, found))
