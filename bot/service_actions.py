"""Owners of actions of service levels are told of them, and reminded when they are due (S6, S10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import structlog

from bot.late import is_late_for, said_in
from bot.living import DIRECT
from bot.owners import LATE, Owners, Told
from bot.platform import PlaceUnusable, Platform
from bot.reach import Reach
from bot.views.service_actions import service_action_card, service_action_line
from core.links import messages_of
from core.outbox import Event
from core.preferences import quiet_people
from core.sla import ACTION_SUBJECT, SlaEvent, load_owed

log = structlog.get_logger()

_MINE: Final = frozenset({SlaEvent.ACTION_GIVEN.value, SlaEvent.ACTION_DUE.value, SlaEvent.ACTION_ENDED.value})
EVENTS: Final = _MINE | LATE
_HEARD: Final = _MINE - {SlaEvent.ACTION_ENDED.value}


@dataclass(frozen=True, slots=True)
class ServiceActionMessages:
    """The subscriber that tells owners of actions on one platform."""

    platform: Platform
    reach: Reach = field(default_factory=Reach)

    async def deliver(self, event: Event) -> None:
        """The owner's message shows the action as it is now, and they hear that it is theirs, or due."""
        said = said_in(event) if event.type in LATE else event
        if event.tenant != self.platform.tenant or not event.subject.startswith(f"{ACTION_SUBJECT}:") or said is None:
            return
        async with self.platform.database.tenant(event.tenant) as tx:
            action = await load_owed(tx, event.subject_id)
            posted = await messages_of(tx, event.subject_id, self.platform.slug)
            quiet = await quiet_people(tx)
        if action is None:
            return
        known = {each.place: each for each in posted if each.role == DIRECT}
        now = self.platform.database.clock.now()
        is_so = said.type != SlaEvent.ACTION_DUE or action.due_at <= now
        is_theirs = said.data.get("owner") == str(action.owner.id)
        told = Told(
            event,
            said,
            event.subject_id,
            card=service_action_card(action, now=now, console=self.platform.console),
            holds=said.type in _HEARD and action.state == "open" and is_theirs and is_so,
            line=service_action_line(said.type, action),
        )
        chat_user = await self.platform.chat_user(action.owner)
        if chat_user is not None and (event is said or is_late_for(event, action.owner.id)):
            owners = Owners(self.platform, self.reach)
            slot = known.pop(chat_user, None) or owners.slot(event.subject_id, chat_user)
            await owners.tell(told, action.owner, slot, is_quiet=action.owner.id in quiet)
        for slot in known.values():  # whose it was before has a message that is true still
            try:
                await self.platform.show(slot, told.card)
            except PlaceUnusable as exc:
                log.info("chat_person_unreachable", place=slot.place, error=str(exc))
