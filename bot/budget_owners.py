"""Owners of a budget are told of its alerts themselves: one living message for each period, where they prefer (C4, B8).

A threshold makes a sound, once, and waits for the end of quiet hours; everything else only keeps the message true. The
picture stands in the channel: here it would be drawn and sent for each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from bot.budgets import EVENTS as BUDGET_EVENTS
from bot.late import is_late_for, said_in
from bot.living import BYSTANDER, DIRECT
from bot.owners import LATE, Owners, Told
from bot.platform import PlaceUnusable, Platform
from bot.reach import Reach
from bot.views.budgets import budget_card
from bot.views.thread_lines import thread_line
from core.budgets import ALERTS, FORECAST, BudgetEvent, BudgetView, load_budget, period_id
from core.links import messages_of
from core.outbox import Event
from core.preferences import quiet_people

log = structlog.get_logger()

EVENTS: Final = BUDGET_EVENTS | LATE


@dataclass(frozen=True, slots=True)
class BudgetOwnerMessages:
    """The subscriber that tells owners of budgets on one platform."""

    platform: Platform
    reach: Reach = field(default_factory=Reach)

    async def deliver(self, event: Event) -> None:
        """Owners' messages of the budget's period show it as it is now, and they hear of an alert."""
        said = said_in(event) if event.type in LATE else event
        if event.tenant != self.platform.tenant or not event.subject.startswith("budget:") or said is None:
            return
        begins = datetime.fromisoformat(said.data["period"])
        subject = period_id(event.subject_id, begins)
        async with self.platform.database.tenant(event.tenant) as tx:
            posted = await messages_of(tx, subject, self.platform.slug)
            known = {each.place: each for each in posted if each.role == DIRECT}
            if not known and said.type not in ALERTS:
                return
            budget = await load_budget(tx, event.subject_id, at=begins)
            quiet = await quiet_people(tx)
        now, console = self.platform.database.clock.now(), self.platform.console
        about = "" if self.platform.traits.answers_under_all else budget.reference
        line = thread_line(said.type, said.data, {}, about=about)
        owners = Owners(self.platform, self.reach)
        for owner in budget.owners:
            card = budget_card(budget, owner, now=now, keepers=budget.owners, console=console)
            told = Told(event, said, subject, card, holds=_holds(said, budget), line=line)
            chat_user = await self.platform.chat_user(owner)
            if chat_user is None:
                continue
            slot = known.pop(chat_user, None)
            if event is said or is_late_for(event, owner.id):
                await owners.tell(told, owner, slot or owners.slot(subject, chat_user), is_quiet=owner.id in quiet)
        card = budget_card(budget, BYSTANDER, now=now, console=console)
        for slot in known.values():  # who owns it no more has a message that is true still
            try:
                await self.platform.show(slot, card)
            except PlaceUnusable as exc:
                log.info("chat_person_unreachable", place=slot.place, error=str(exc))


def _holds(said: Event, budget: BudgetView) -> bool:
    """Whether it is an alert, and as true as when it was raised."""
    standing, kind = budget.standing, said.type
    what = FORECAST if kind == BudgetEvent.FORECAST_EXCEEDED else said.data.get("reached")
    return kind in ALERTS and what in standing.alerted and standing.closed_at is None
