"""Tells a tenant's administrators what a walk through its tickets has found, if there is anything to know (N1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from bot.administrators import about, tell_administrators
from bot.platform import Platform
from bot.reach import Reach
from bot.views.reconciliations import walk_card
from core.outbox import Event
from core.preferences import PreferenceEvent
from core.tickets import TicketTask, load_walk

EVENTS: Final = frozenset({TicketTask.RECONCILED.value, PreferenceEvent.UNREACHED.value})


@dataclass(frozen=True, slots=True)
class ReconciliationMessages:
    """The subscriber that tells of walks."""

    platform: Platform
    reach: Reach = field(default_factory=Reach)

    async def deliver(self, event: Event) -> None:
        """Each administrator of the tenant has one message about this walk."""
        found = about(event, TicketTask.RECONCILED, self.platform)
        if found is None:
            return
        walk = await load_walk(self.platform.database, found.tenant, found.subject_id)
        await tell_administrators(self.platform, self.reach, found, walk_card(walk))
