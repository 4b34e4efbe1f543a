"""Tells people whose chat account became, or ceased to be, theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from bot.platform import PlaceUnusable, Platform
from bot.views.accounts import notice_card
from core.access import directory
from core.accounts import AccountEvent, accounts_of
from core.ids import UserId
from core.links import MessageSlot
from core.outbox import Event

log = structlog.get_logger()

EVENTS: Final = frozenset(map(str, AccountEvent))


@dataclass(frozen=True, slots=True)
class AccountMessages:
    """The subscriber that tells people whose chat account became, or ceased to be, theirs."""

    platform: Platform

    async def deliver(self, event: Event) -> None:
        """The account, its person's other accounts here, and whoever had it before, each have one message."""
        platform, account = self.platform, event.data["account"]
        if event.tenant != platform.tenant:
            return
        here = (platform.slug, platform.workspace_id)
        async with platform.database.tenant(event.tenant) as tx:
            people = (await directory(tx)).people
            person, before = people[UserId(event.subject_id)], event.data.get("before")
            concerned = (person, people[UserId(UUID(before))]) if before else (person,)
            places = {
                each.chat.chat_user: reader
                for reader in concerned
                for each in await accounts_of(tx, reader.id)
                if (each.chat.platform, each.chat.workspace) == here
            }
        if (account["platform"], account["workspace"]) == here:
            places[account["chat_user"]] = person
        for place, each in places.items():
            card = notice_card(event.type, event.data, person, reader=each, is_itself=place == account["chat_user"])
            slot = MessageSlot(event.id, platform.slug, place, "account")
            try:
                await platform.show(slot, card)
            except PlaceUnusable as exc:  # they have not got the app, or blocked it: that is theirs to say
                log.warning("chat_person_unreachable", person=str(each.id), error=str(exc))
