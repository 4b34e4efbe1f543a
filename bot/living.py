"""Living messages: one per subject and place, brought up to date after every event (B3).

This looks at the subject as it is now, not at what the event said, so late and repeated deliveries are harmless. What
must be noticed (edits make no sound) is said once per event in a thread, under the event's own key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import structlog

from bot.cards import Card
from bot.late import heard_of, is_late_for, times_out_at
from bot.noticing import to_be_noticed
from bot.platform import PlaceUnusable, Platform
from bot.reach import Reach
from bot.subjects import Setting, Subject, has_living_messages, load_subject
from bot.views.thread_lines import thread_line
from core.access import Directory, PersonView, directory
from core.accounts import ChatId, find_accounts
from core.accounts import Platform as ChatPlatform
from core.approvals import RequestEvent
from core.changes import ChangeEvent
from core.emergency import EmergencyEvent
from core.ids import UserId
from core.incidents import IncidentEvent
from core.links import MessageSlot, messages_of
from core.outbox import Event
from core.preferences import PreferenceEvent, Unheard, hold_back, quiet_people

log = structlog.get_logger()

EVENTS: Final = frozenset(
    map(str, (*RequestEvent, *EmergencyEvent, *ChangeEvent, *IncidentEvent, *PreferenceEvent))
) - {
    RequestEvent.TICKET_CHECK  # a question to another system, every few minutes
}
# Events after which what waits for somebody, on their App Home, is not what it was.
MOVES_HOME: Final = frozenset(
    {
        RequestEvent.STAGE_OPENED,
        RequestEvent.VOTED,
        RequestEvent.VOTE_UNDONE,
        RequestEvent.STAGE_REOPENED,
        RequestEvent.ASKED_ALSO,
        RequestEvent.ESCALATED,
        RequestEvent.DELEGATED,
        RequestEvent.STAND_IN_ASKED,
        RequestEvent.STAND_IN_ENDED,
        RequestEvent.APPROVED,
        RequestEvent.REJECTED,
        RequestEvent.WITHDRAWN,
        RequestEvent.AMENDED,
        RequestEvent.EXPIRED,
        EmergencyEvent.GRANTED,
        EmergencyEvent.ENDED,
        EmergencyEvent.EXPIRED,
        EmergencyEvent.REVIEWED,
    }
)
PARALLEL: Final = 6  # places of one subject that are written at the same time
# Events after which a channel of a subject's own is there, with whoever has a part in it by then.
_OPENS_CHANNEL: Final = frozenset(
    {
        IncidentEvent.CHANNEL_WANTED,
        IncidentEvent.ACKNOWLEDGED,
        IncidentEvent.ASSIGNED,
        IncidentEvent.ROLE_GIVEN,
    }
)
CHANNEL: Final = "channel"
DIRECT: Final = "direct"
BYSTANDER: Final = PersonView(id=UserId(UUID(int=0)), email="", name="")  # who reads a channel, and has no part in it


@dataclass(frozen=True, slots=True)
class _Told:
    """One event on its way to everybody. `known`: the places that have a message of the subject already."""

    event: Event
    subject: Subject
    names: Mapping[str, str]
    quiet: Collection[UserId]  # who has quiet hours
    known: frozenset[str]


@dataclass(frozen=True, slots=True)
class LivingMessages:
    """The subscriber that keeps a platform's messages true."""

    platform: Platform
    approvals_channel: str
    emergency_channel: str
    refresh_home: Callable[[str], Awaitable[None]]  # given a chat user
    reach: Reach = field(default_factory=Reach)

    async def deliver(self, event: Event) -> None:
        """Every message of the event's subject shows it as it is now, and its thread tells of the event."""
        if event.tenant != self.platform.tenant or not has_living_messages(event):
            return
        async with self.platform.database.tenant(event.tenant) as tx:
            everybody, quiet = await directory(tx), await quiet_people(tx)
            subject = await load_subject(tx, event, self._setting)
            posted = await messages_of(tx, event.subject_id, self.platform.slug)
            accounts = await find_accounts(tx, [self._account(each.place) for each in posted if each.role == DIRECT])
        known = frozenset(slot.place for slot in posted)
        # Whoever is asked no more, as somebody else took their place, has a message with buttons still.
        concerned = {person.id for person, _is_new in subject.people}
        before = [(everybody.people[each.user], False) for each in accounts if each.user not in concerned]
        told_of = _Told(event, subject, _names(everybody), quiet.keys(), known)
        gate, homes = asyncio.Semaphore(PARALLEL), list[str]()

        async def tell(person: PersonView, *, is_new: bool) -> None:
            async with gate:
                home = await self._tell(told_of, person, is_new=is_new)
            homes.extend([home] if home else ())

        async def refresh(home: str) -> None:
            async with gate:
                await self.refresh_home(home)

        people = (tell(person, is_new=is_new) for person, is_new in (*subject.people, *before))
        own = (self._tell_own_channel(told_of),) if subject.own_channel else ()
        await _all((self._tell_channel(told_of), *own, *people))  # what keeps one from being told delays no other
        if event.type in MOVES_HOME:  # what waits for them, wherever they are told of it; no message waits for that
            await _all(map(refresh, homes))

    async def _tell(self, told: _Told, person: PersonView, *, is_new: bool) -> str | None:
        """The person's message shows the subject, and they hear of the event; elsewhere if they cannot be reached.

        Who they are here, if they could be reached.
        """
        chat_user = await self.platform.chat_user(person)
        if chat_user is None:
            return None
        is_here = not (is_new or chat_user in told.known) or await self._tell_here(
            told, person, chat_user, is_new=is_new
        )
        return chat_user if is_here else None

    async def _tell_here(self, told: _Told, person: PersonView, chat_user: str, *, is_new: bool) -> bool:
        """Whether they could be reached here, if anything was to be written."""
        event, subject = told.event, told.subject
        heard = heard_of(event, person.id, subject.request)
        is_first = is_new and chat_user not in told.known
        may_wait = person.id in told.quiet and not is_late_for(event, person.id)
        waits = may_wait and await self._waits(heard, person, subject, is_first=is_first)
        is_told = not waits and await self._is_told(heard, person, subject)
        if is_told or chat_user in told.known:  # a message that exists is kept true wherever they are told by now
            slot = MessageSlot(event.subject_id, self.platform.slug, chat_user, DIRECT)
            unheard = Unheard(event.subject, heard if _is_noticed(heard, person, subject) else None)
            write = self._write(slot, heard if is_told else None, person, told)
            return await self.reach.writes(self.platform, person, chat_user, write, about=unheard if is_told else None)
        return True

    async def _write(self, slot: MessageSlot, heard: Event | None, person: PersonView, told: _Told) -> None:
        """The person's message shows the subject, and a line under it tells of what they hear."""
        shown = await self.platform.show(slot, told.subject.card(person), viewers=(person,))
        if heard is not None:
            await self._nudge(heard, person, shown, told)

    async def _tell_channel(self, told: _Told) -> None:
        """The channel's message shows the subject, and its thread tells of the event."""
        await self._tell_in(told, told.subject.channel)

    async def _tell_own_channel(self, told: _Told) -> None:
        """The same in the channel that the subject has for itself, where the platform's bots can open one."""
        if self.platform.traits.opens_channels:
            people = [person for person, _is_new in told.subject.people]
            if told.event.type in _OPENS_CHANNEL:
                await self.platform.open_channel(told.subject.own_channel, people)
            await self._tell_in(told, told.subject.own_channel)

    async def _tell_in(self, told: _Told, channel: str) -> None:
        event = told.event
        root = await self._show_channel(event, told.subject, channel)
        line = thread_line(event.type, event.data, told.names)
        if root and root.message_id and line:
            await self._say(event, root, line, role="thread")

    async def _is_told(self, event: Event, person: PersonView, subject: Subject) -> bool:
        """Whether the person is told here: of the subject, or anew if the event is one that they must notice."""
        noticed_by = event.id if _is_noticed(event, person, subject) else None
        return await self.reach.is_told(self.platform, person, subject=event.subject_id, noticed_by=noticed_by)

    async def _waits(self, event: Event, person: PersonView, subject: Subject, *, is_first: bool) -> bool:
        """Whether a sound that this would make waits for the end of the person's quiet hours, and is kept until then.

        A requester's own message answers what they did.
        """
        request, is_noticed = subject.request, _is_noticed(event, person, subject)
        is_asked = is_first and person.id != subject.requester
        if request is None or not (is_noticed or is_asked):
            return False
        due_at = times_out_at(person.id, request) if is_first else None
        async with self.platform.database.tenant(event.tenant) as tx:
            return await hold_back(tx, person.id, event, is_noticed=is_noticed, due_at=due_at)

    @property
    def _setting(self) -> Setting:
        return Setting(self.approvals_channel, self.emergency_channel, self.platform.console)

    def _account(self, place: str) -> ChatId:
        return ChatId(ChatPlatform(self.platform.slug), self.platform.workspace_id, place)

    async def _show_channel(self, event: Event, subject: Subject, channel: str) -> MessageSlot | None:
        """The channel's message. Where each reader may have a view of their own, it has nobody's buttons itself."""
        slot = MessageSlot(event.subject_id, self.platform.slug, channel, CHANNEL)
        card = subject.card(BYSTANDER if self.platform.traits.has_own_views else None)
        try:
            return await self.platform.show(slot, card, viewers=[person for person, _is_new in subject.people])
        except PlaceUnusable as exc:  # which must not keep people's own messages from moving
            log.warning("chat_channel_unusable", channel=channel, error=str(exc))
            return None

    async def _nudge(self, event: Event, person: PersonView, shown: MessageSlot, told: _Told) -> None:
        """A thread reply under the person's own message, where an edit alone would go unnoticed."""
        if not _is_noticed(event, person, told.subject):
            return
        reference = "" if self.platform.traits.answers_under_all else told.subject.reference
        line = thread_line(event.type, event.data, told.names, about=reference)
        if line and shown.message_id:
            await self._say(event, shown, line, role="nudge")

    async def _say(self, event: Event, under: MessageSlot, line: Card, *, role: str) -> None:
        slot = MessageSlot(
            event.subject_id, self.platform.slug, under.place, f"{role}:{event.id}", channel=under.channel
        )
        await self.platform.show(slot, line, thread=under.message_id)


def _is_noticed(event: Event, person: PersonView, subject: Subject) -> bool:
    return person.id in to_be_noticed(event, requester=subject.requester, management=subject.management)


def _names(everybody: Directory) -> Mapping[str, str]:
    people = everybody.people.values()
    return {str(person.id): person.name for person in people} | {person.email: person.name for person in people}


async def _all(calls: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Every call has been made; then the first failure is raised, so that one person's trouble delays nobody else."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
