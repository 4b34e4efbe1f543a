"""Telling a tenant's administrators of something that is not right, once each, where they are to be reached."""

from __future__ import annotations

from typing import Final

from bot.cards import Card
from bot.late import said_in
from bot.living import DIRECT
from bot.platform import Platform
from bot.reach import Reach
from core.access import directory
from core.links import MessageSlot
from core.outbox import Event
from core.preferences import PreferenceEvent, Unheard

TOLD: Final = "tenant_administrator"


def about(event: Event, kind: str, platform: Platform) -> Event | None:
    """The event of this kind that the platform has to tell of: itself, or what another could not say; None if none."""
    found = said_in(event) if event.type == PreferenceEvent.UNREACHED else event
    return found if found is not None and found.type == kind and event.tenant == platform.tenant else None


async def tell_administrators(platform: Platform, reach: Reach, event: Event, card: Card) -> None:
    """Each administrator of the tenant has one message about the event's subject, on the other platform if need be."""
    async with platform.database.tenant(event.tenant) as tx:
        everybody = await directory(tx)
    for user in sorted(everybody.by_role.get(TOLD, frozenset()) & set(everybody.active)):
        person = everybody.people[user]
        chat_user = await platform.chat_user(person)
        if chat_user is None or not await reach.is_told(platform, person, subject=event.subject_id):
            continue
        write = platform.show(MessageSlot(event.subject_id, platform.slug, chat_user, DIRECT), card)
        await reach.writes(platform, person, chat_user, write, about=Unheard(event.subject, event))
