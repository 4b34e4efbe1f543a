"""Owners of a budget are told of its alerts themselves: one living message for each period, where they prefer (C4, B8).

A threshold makes a sound, once, and waits for the end of quiet hours; everything else only keeps the message true. The
picture stands in the channel: here it would be drawn and sent for each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import structlog

from bot.budgets import EVENTS as BUDGET_EVENTS
from bot.cards import Card
from bot.late import is_late_for, said_in
from bot.living import DIRECT
from bot.platform import PlaceUnusable, Platform
from bot.reach import Reach
from bot.views.answers import thread_line
from bot.views.budgets import budget_card
from core.access import PersonView
from core.budgets import ALERTS, FORECAST, BudgetEvent, BudgetView, load_budget
from core.links import MessageSlot, messages_of
from core.outbox import Event
from core.preferences import PreferenceEvent, Unheard, hold_back, quiet_people

log = structlog.get_logger()

_LATE: Final = frozenset({PreferenceEvent.QUIET_OVER.value, PreferenceEvent.UNREACHED.value})
EVENTS: Final = BUDGET_EVENTS | _LATE


@dataclass(frozen=True, slots=True)
class _Told:
    """One event on its way to the owners. `event` came by now, and says what `said` said when it happened."""

    event: Event
    said: Event
    budget: BudgetView
    subject: UUID  # of the messages: the budget in this period
    card: Card

    @property
    def holds(self) -> bool:
        """Whether it is an alert, and as true as when it was raised."""
        standing, kind = self.budget.standing, self.said.type
        what = FORECAST if kind == BudgetEvent.FORECAST_EXCEEDED else self.said.data.get("reached")
        return kind in ALERTS and what in standing.alerted and standing.closed_at is None


@dataclass(frozen=True, slots=True)
class BudgetOwnerMessages:
    """The subscriber that tells owners of budgets on one platform."""

    platform: Platform
    reach: Reach = field(default_factory=Reach)

    async def deliver(self, event: Event) -> None:
        """Owners' messages of the budget's period show it as it is now, and they hear of an alert."""
        said = said_in(event) if event.type in _LATE else event
        if event.tenant != self.platform.tenant or not event.subject.startswith("budget:") or said is None:
            return
        subject = uuid5(event.subject_id, said.data["period"])
        async with self.platform.database.tenant(event.tenant) as tx:
            posted = await messages_of(tx, subject, self.platform.slug)
            known = {each.place: each for each in posted if each.role == DIRECT}
            if not known and said.type not in ALERTS:
                return
            budget = await load_budget(tx, event.subject_id, at=datetime.fromisoformat(said.data["period"]))
            quiet = await quiet_people(tx)
        card = budget_card(budget, now=self.platform.database.clock.now(), console=self.platform.console)
        told = _Told(event, said, budget, subject, card)
        for owner in budget.owners:
            chat_user = await self.platform.chat_user(owner)
            if chat_user is None:
                continue
            slot = known.pop(chat_user, None)
            if event is said or is_late_for(event, owner.id):
                await self._tell(told, owner, slot or self._slot(subject, chat_user), is_quiet=owner.id in quiet)
        for slot in known.values():  # who owns it no more has a message that is true still
            try:
                await self.platform.show(slot, card)
            except PlaceUnusable as exc:
                log.info("chat_person_unreachable", place=slot.place, error=str(exc))

    async def _tell(self, told: _Told, owner: PersonView, slot: MessageSlot, *, is_quiet: bool) -> None:
        """The owner's message shows the budget, and they hear of the alert; later if it is quiet, else elsewhere."""
        waits = is_quiet and told.event is told.said and await self._waits(told, owner)
        is_told = told.holds and not waits and await self._is_told(told, owner)
        if not is_told and slot.created_at is None:
            return
        write = self._write(slot, told, is_told=is_told)
        about = Unheard(told.event.subject, told.said) if is_told else None
        await self.reach.writes(self.platform, owner, slot.place, write, about=about)

    async def _waits(self, told: _Told, owner: PersonView) -> bool:
        if not told.holds:
            return False
        async with self.platform.database.tenant(told.event.tenant) as tx:
            return await hold_back(tx, owner.id, told.said, is_noticed=True, due_at=None)

    async def _is_told(self, told: _Told, owner: PersonView) -> bool:
        return await self.reach.is_told(self.platform, owner, subject=told.subject, noticed_by=told.said.id)

    def _slot(self, subject: UUID, chat_user: str) -> MessageSlot:
        return MessageSlot(subject, self.platform.slug, chat_user, DIRECT)

    async def _write(self, slot: MessageSlot, told: _Told, *, is_told: bool) -> None:
        """The message is posted or edited; an edit makes no sound, so that a line under it does."""
        shown = await self.platform.show(slot, told.card)
        is_heard_by_itself = slot.created_at is None or slot.is_newer_than(told.said.occurred_at)
        if not is_told or is_heard_by_itself or shown.message_id is None:
            return
        about = "" if self.platform.traits.answers_under_all else told.budget.reference
        line = thread_line(told.said.type, told.said.data, {}, about=about)
        if line is not None:
            role = f"nudge:{told.said.id}"
            nudge = MessageSlot(told.subject, slot.platform, slot.place, role, channel=shown.channel)
            await self.platform.show(nudge, line, thread=shown.message_id)
