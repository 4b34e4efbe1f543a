"""Budgets in a channel: one living message for each budget and period, with a picture of how it burns (C4, B5).

A message is posted with the first alert of a period; everything else only brings an existing one up to date. An alert
comes in words first, so that nobody waits for the picture, and its picture follows. An edit makes no sound: what must
be noticed is said once in the message's thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from bot.cards import Card, Picture
from bot.living import BYSTANDER, CHANNEL
from bot.pictures import Gallery, drawn
from bot.platform import PlaceUnusable, Platform
from bot.views.budgets import budget_card, budget_thread_line, runs
from core.budgets import (
    ALERTS,
    BudgetCatalogue,
    BudgetEvent,
    BudgetView,
    burn_of,
    keepers_of,
    load_budget,
    period_id,
)
from core.charts import Renderer, burn_chart
from core.links import MessageSlot, messages_of
from core.outbox import Event
from core.tenants import tenant_policy

log = structlog.get_logger()

EVENTS: Final = frozenset(map(str, BudgetEvent)) - {BudgetEvent.CREATED.value}


@dataclass(frozen=True, slots=True)
class BudgetMessages:
    """The subscriber that keeps a platform's messages of budgets true."""

    platform: Platform
    gallery: Gallery
    renderer: Renderer
    approvals_channel: str
    budgets: BudgetCatalogue

    async def deliver(self, event: Event) -> None:
        """The message of the budget's period shows it as it is now, and its thread tells of the event."""
        platform = self.platform
        if event.tenant != platform.tenant:
            return
        begins = datetime.fromisoformat(event.data["period"])
        async with platform.database.tenant(event.tenant) as tx:
            channels = (await tenant_policy(tx)).channels
            channel = channels.get("budgets", channels.get("approvals", self.approvals_channel))
            subject = period_id(event.subject_id, begins)
            posted = await messages_of(tx, subject, platform.slug)
            known = next((each for each in posted if each.role == CHANNEL), None)
            if known is None and event.type not in ALERTS:
                return
            budget = await load_budget(tx, event.subject_id, at=begins)
            burn = await burn_of(tx, budget)
            keepers = await keepers_of(tx, self.budgets, budget)
        now = platform.database.clock.now()
        slot = MessageSlot(subject, platform.slug, channel, CHANNEL)
        viewers = keepers if runs(budget, now=now) else ()  # afterwards there is nothing to be done
        try:
            root = slot
            if known is None or event.type in ALERTS:  # nobody waits for the picture
                root = await platform.show(slot, self._card(budget, (), now=now), viewers=viewers)
            if self.gallery.takes_pictures:
                chart = burn_chart(budget, burn, now=now)
                drawings = await drawn(self.renderer, (chart,), suffix=budget.reference, attempt=event.attempt)
                root = await self.gallery.show(
                    slot, lambda pictures: self._card(budget, pictures, now=now), drawings, viewers=viewers
                )
            else:
                root = await platform.show(slot, self._card(budget, (), now=now), viewers=viewers)
            if known is not None and not known.is_newer_than(event.occurred_at):
                await self._say(event, root)
        except PlaceUnusable as exc:
            log.warning("chat_channel_unusable", channel=channel, error=str(exc))

    def _card(self, budget: BudgetView, pictures: Sequence[Picture], *, now: datetime) -> Card:
        """Where each reader may have a view of their own, it has only everybody's buttons itself."""
        viewer = BYSTANDER if self.platform.traits.has_own_views else None
        return budget_card(budget, viewer, now=now, pictures=pictures, console=self.platform.console)

    async def _say(self, event: Event, root: MessageSlot) -> None:
        """Whatever comes after the first alert, which is the message itself, must be noticed."""
        line = budget_thread_line(event.type, event.data)
        if line is None or root.message_id is None:
            return
        slot = MessageSlot(root.subject_id, self.platform.slug, root.place, f"thread:{event.id}", channel=root.channel)
        await self.platform.show(slot, line, thread=root.message_id)
