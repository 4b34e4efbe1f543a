"""Tells whom a rule of workflow automation wants told, and administrators when a rule is held up (N5).

A person with accounts on several platforms is told on one, as of everything else; a channel on each that has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import structlog

from bot.cards import Card
from bot.living import CHANNEL, DIRECT
from bot.platform import PlaceUnusable, Platform
from bot.reach import Reach
from bot.views.automation import rule_card, trouble_card
from core.access import PersonView, directory
from core.automation import AutomationEvent, Effect, finish_effect, load_effect, load_trouble, note_effect
from core.links import MessageSlot
from core.outbox import Event
from core.tenants import tenant_policy

log = structlog.get_logger()

EVENTS: Final = frozenset({str(AutomationEvent.NOTIFY), str(AutomationEvent.TROUBLE)})


@dataclass(frozen=True, slots=True)
class AutomationMessages:
    """The subscriber."""

    platform: Platform
    approvals_channel: str
    emergency_channel: str
    reach: Reach = field(default_factory=Reach)

    async def deliver(self, event: Event) -> None:
        """Whoever is to be told here has the message, once."""
        if event.tenant != self.platform.tenant:
            return
        if event.type == AutomationEvent.TROUBLE:
            async with self.platform.database.tenant(event.tenant) as tx:
                trouble = await load_trouble(tx, event.subject_id)
            if trouble is not None:
                await self._tell(event.subject_id, trouble.administrators, trouble_card(trouble))
            return
        effect = await load_effect(self.platform.database, event)
        if effect is not None:
            await self._notify(event, effect)

    async def _notify(self, event: Event, effect: Effect) -> None:
        """Whoever it names is told, and what came of it is kept: a platform that reached nobody speaks last."""
        who, database = effect.values["who"], self.platform.database
        if who == "channel":
            name = effect.values["to"]
            slot = MessageSlot(effect.id, self.platform.slug, await self._channel(event, name), CHANNEL)
            if await self._post(slot, rule_card(effect)):
                await finish_effect(database, event, f"It stands in #{name}.")
            else:
                await note_effect(database, event, f"Our app cannot write to #{name}.")
            return
        people = await self._people(event, effect)
        told = await self._tell(effect.id, people, rule_card(effect))
        if told:
            await finish_effect(database, event, f"{told} of {len(people)} told.")
        elif people:
            await note_effect(database, event, "Nobody could be reached.")
        else:
            named = effect.values.get("to") or effect.values.get("person", "")
            await finish_effect(database, event, f"There is nobody here like '{named}'.")

    async def _people(self, event: Event, effect: Effect) -> tuple[PersonView, ...]:
        async with self.platform.database.tenant(event.tenant) as tx:
            everybody = await directory(tx)
        if effect.values["who"] == "role":
            return tuple(everybody.people[user] for user in sorted(everybody.by_role.get(effect.values["to"], ())))
        person = everybody.by_email.get(effect.values["person"].strip().lower())
        return (person,) if person is not None and person.active else ()

    async def _channel(self, event: Event, name: str) -> str:
        """The channel's name here: `approvals` and `emergency` are the tenant's own."""
        async with self.platform.database.tenant(event.tenant) as tx:
            named = (await tenant_policy(tx)).channels
        ours = {"approvals": self.approvals_channel, "emergency": self.emergency_channel}
        return named.get(name, ours.get(name, name))

    async def _tell(self, subject: UUID, people: Iterable[PersonView], card: Card) -> int:
        told = 0
        for person in people:
            chat_user = await self.platform.chat_user(person)
            if chat_user is None or not await self.reach.is_told(self.platform, person, subject=subject):
                continue
            told += await self._post(MessageSlot(subject, self.platform.slug, chat_user, DIRECT), card)
        return told

    async def _post(self, slot: MessageSlot, card: Card) -> bool:
        try:
            await self.platform.show(slot, card)
        except PlaceUnusable as exc:  # gone, closed, or without our app: not for us to change
            log.warning("chat_place_unusable", place=slot.place, error=str(exc))
            return False
        return True
