"""How owners of something are told: one living message, a sound once, later if it is quiet, or elsewhere (B8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from bot.cards import Card
from bot.living import DIRECT
from bot.platform import Platform
from bot.reach import Reach
from core.access import PersonView
from core.links import MessageSlot
from core.outbox import Event
from core.preferences import PreferenceEvent, Unheard, hold_back

LATE: Final = frozenset({PreferenceEvent.QUIET_OVER.value, PreferenceEvent.UNREACHED.value})


@dataclass(frozen=True, slots=True)
class Told:
    """One event on its way to owners. `event` came by now, and says what `said` said when it happened.

    `subject` is that of the messages, `card` what they show. `holds`: it is to be heard of, and as true as it was.
    `line` makes the sound under a message that stands there already.
    """

    event: Event
    said: Event
    subject: UUID
    card: Card
    holds: bool
    line: Card | None


@dataclass(frozen=True, slots=True)
class Owners:
    """Owners on one platform."""

    platform: Platform
    reach: Reach = field(default_factory=Reach)

    async def tell(self, told: Told, owner: PersonView, slot: MessageSlot, *, is_quiet: bool) -> None:
        """The owner's message is as the card, and they hear of what is new; later if it is quiet, else elsewhere."""
        waits = is_quiet and told.event is told.said and await self._waits(told, owner)
        is_told = told.holds and not waits and await self._is_told(told, owner)
        if not is_told and slot.created_at is None:
            return
        write = self._write(slot, told, is_told=is_told)
        about = Unheard(told.event.subject, told.said) if is_told else None
        await self.reach.writes(self.platform, owner, slot.place, write, about=about)

    def slot(self, subject: UUID, chat_user: str) -> MessageSlot:
        """Where somebody has none yet."""
        return MessageSlot(subject, self.platform.slug, chat_user, DIRECT)

    async def _waits(self, told: Told, owner: PersonView) -> bool:
        if not told.holds:
            return False
        async with self.platform.database.tenant(told.event.tenant) as tx:
            return await hold_back(tx, owner.id, told.said, is_noticed=True, due_at=None)

    async def _is_told(self, told: Told, owner: PersonView) -> bool:
        return await self.reach.is_told(self.platform, owner, subject=told.subject, noticed_by=told.said.id)

    async def _write(self, slot: MessageSlot, told: Told, *, is_told: bool) -> None:
        """The message is posted or edited; an edit makes no sound, so that a line under it does."""
        shown = await self.platform.show(slot, told.card)
        is_heard_by_itself = slot.created_at is None or slot.is_newer_than(told.said.occurred_at)
        if not is_told or is_heard_by_itself or shown.message_id is None or told.line is None:
            return
        role = f"nudge:{told.said.id}"
        nudge = MessageSlot(told.subject, slot.platform, slot.place, role, channel=shown.channel)
        await self.platform.show(nudge, told.line, thread=shown.message_id)
