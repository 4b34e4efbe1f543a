"""Tells the two people of a delegation what became of it: one living message each, and their App Home."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bot.slack import render
from bot.slack.living import DIRECT
from bot.slack.workspace import PLATFORM, Workspace
from bot.views.delegations import notice_card
from core.delegations import DelegationEvent, load_delegation
from core.links import MessageSlot
from core.outbox import Event

EVENTS: Final = frozenset(map(str, DelegationEvent))


@dataclass(frozen=True, slots=True)
class AbsenceMessages:
    """The subscriber that tells of delegations."""

    workspace: Workspace
    refresh_home: Callable[[str], Awaitable[None]]  # given a chat user

    async def deliver(self, event: Event) -> None:
        """Both people's messages and homes show the delegation as it is now."""
        if event.tenant != self.workspace.tenant:
            return
        async with self.workspace.database.tenant(event.tenant) as tx:
            view = await load_delegation(tx, event.subject_id)
        for person in dict.fromkeys((view.absent, view.stand_in, view.decides)):
            chat_user = await self.workspace.chat_user(person)
            if chat_user is None:
                continue
            if person in (view.absent, view.stand_in):  # whoever is reached beyond them is told by their own delegation
                slot = MessageSlot(event.subject_id, PLATFORM, chat_user, DIRECT)
                await self.workspace.show(slot, render.message(notice_card(view, person)))
            await self.refresh_home(chat_user)
