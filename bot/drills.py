"""Tells the approvals channel what rollback drills have come to (G9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog

from bot.living import CHANNEL
from bot.platform import PlaceUnusable, Platform
from bot.views.rollouts import drill_card
from core.changes import DrillEvent
from core.links import MessageSlot
from core.outbox import Event
from core.tenants import tenant_policy

log = structlog.get_logger()

EVENTS: Final = frozenset({str(DrillEvent.PASSED), str(DrillEvent.FAILED)})


@dataclass(frozen=True, slots=True)
class DrillMessages:
    """The subscriber: one message for each run."""

    platform: Platform
    approvals_channel: str

    async def deliver(self, event: Event) -> None:
        """The channel has a message about this run."""
        platform = self.platform
        if event.tenant != platform.tenant:
            return
        async with platform.database.tenant(event.tenant) as tx:
            channel = (await tenant_policy(tx)).channels.get("approvals", self.approvals_channel)
        try:
            await platform.show(
                MessageSlot(event.id, platform.slug, channel, CHANNEL), drill_card(event.type, event.data)
            )
        except PlaceUnusable as exc:
            log.warning("chat_channel_unusable", channel=channel, error=str(exc))
