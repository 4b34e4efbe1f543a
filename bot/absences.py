"""Tells the two people of a delegation what became of it: one living message each, and their App Home."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from bot.living import DIRECT
from bot.platform import Platform
from bot.reach import Reach
from bot.views.delegations import notice_card
from core.delegations import DelegationEvent, load_delegation
from core.links import MessageSlot, messages_of
from core.outbox import Event
from core.preferences import PreferenceEvent, Unheard

EVENTS: Final = frozenset({*map(str, DelegationEvent), PreferenceEvent.UNREACHED.value})


@dataclass(frozen=True, slots=True)
class AbsenceMessages:
    """The subscriber that tells of delegations."""

    platform: Platform
    refresh_home: Callable[[str], Awaitable[None]]  # given a chat user
    reach: Reach = field(default_factory=Reach)

    async def deliver(self, event: Event) -> None:
        """Both people's messages and homes show the delegation as it is now."""
        if event.tenant != self.platform.tenant or not event.subject.startswith("delegation:"):
            return
        async with self.platform.database.tenant(event.tenant) as tx:
            view = await load_delegation(tx, event.subject_id)
            known = {each.place for each in await messages_of(tx, event.subject_id, self.platform.slug)}
        for person in dict.fromkeys((view.absent, view.stand_in, view.decides)):
            chat_user = await self.platform.chat_user(person)
            if chat_user is None:
                continue
            # whoever is reached beyond them is told by their own delegation
            is_concerned = person in (view.absent, view.stand_in)
            is_told = is_concerned and await self.reach.is_told(self.platform, person, subject=event.subject_id)
            if is_told or (is_concerned and chat_user in known):
                slot = MessageSlot(event.subject_id, self.platform.slug, chat_user, DIRECT)
                about = Unheard(event.subject) if is_told else None
                if not await self.reach.writes(
                    self.platform, person, chat_user, self.platform.show(slot, notice_card(view, person)), about=about
                ):
                    continue
            await self.refresh_home(chat_user)
