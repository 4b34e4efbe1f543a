"""Tells a tenant's administrators of sums of costs that are not those of the ledger (C10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from bot.administrators import about, tell_administrators
from bot.platform import Platform
from bot.reach import Reach
from bot.views.cost_checks import cost_check_card
from core.costs import Check, CostEvent
from core.outbox import Event
from core.preferences import PreferenceEvent

EVENTS: Final = frozenset({CostEvent.SUMS_DIFFER.value, PreferenceEvent.UNREACHED.value})


@dataclass(frozen=True, slots=True)
class CostCheckMessages:
    """The subscriber that tells of checks that failed."""

    platform: Platform
    reach: Reach = field(default_factory=Reach)

    async def deliver(self, event: Event) -> None:
        """Each administrator of the tenant has one message about this check."""
        found = about(event, CostEvent.SUMS_DIFFER, self.platform)
        if found is None:
            return
        said = found.data
        differences = tuple(said["differences"])
        check = Check(found.occurred_at, said["lines"], said["differing"], said["repaired"], differences)
        await tell_administrators(self.platform, self.reach, found, cost_check_card(check))
