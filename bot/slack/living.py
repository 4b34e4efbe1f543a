"""Living messages: one per subject and place, brought up to date after every event (B3).

This looks at the subject as it is now, not at what the event said, so late and repeated deliveries are harmless. What
must be noticed (edits make no sound) is said once per event in a thread, under the event's own key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from slack_sdk.errors import SlackApiError

from bot.cards import Card
from bot.slack import render
from bot.slack.workspace import PLATFORM, Workspace, error_of
from bot.views.answers import thread_line
from bot.views.approvals import request_card
from bot.views.bypass import bypass_card
from core.access import Directory, PersonView, directory
from core.approvals import RequestEvent, RequestView, load_request
from core.db import Transaction
from core.emergency import BypassView, EmergencyEvent, load_bypass
from core.ids import UserId
from core.links import MessageSlot, messages_of, person_of
from core.outbox import Event
from core.tenants import tenant_policy

log = structlog.get_logger()

EVENTS: Final = frozenset({*map(str, RequestEvent), *map(str, EmergencyEvent)})
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
CHANNEL: Final = "channel"
DIRECT: Final = "direct"
# A channel that the bot cannot write to must not keep people's own messages from moving.
CHANNEL_TROUBLE: Final = frozenset({"channel_not_found", "not_in_channel", "is_archived", "restricted_action"})


@dataclass(frozen=True, slots=True)
class _Subject:
    """A request or bypass as it is now: where it stands, who is told, what each of them sees."""

    channel: str
    people: Sequence[tuple[PersonView, bool]]  # and whether a message is posted if there is none
    requester: UserId
    management: frozenset[UserId]  # who answers for a bypass; nobody for a request
    card: Callable[[PersonView | None], Card]


@dataclass(frozen=True, slots=True)
class LivingMessages:
    """The subscriber that keeps a workspace's messages true."""

    workspace: Workspace
    approvals_channel: str
    emergency_channel: str
    refresh_home: Callable[[str], Awaitable[None]]  # given a chat user

    async def deliver(self, event: Event) -> None:
        """Every message of the event's subject shows it as it is now, and its thread tells of the event."""
        if event.tenant != self.workspace.tenant:
            return
        async with self.workspace.database.tenant(event.tenant) as tx:
            everybody = await directory(tx)
            subject = await self._subject(tx, event, everybody)
            posted = await messages_of(tx, event.subject_id, PLATFORM)
            told = [
                await person_of(tx, PLATFORM, self.workspace.team_id, each.place)
                for each in posted
                if each.role == DIRECT
            ]
        known = {slot.place for slot in posted}
        # Whoever is asked no more, as somebody else took their place, has a message with buttons still.
        concerned = {person.id for person, _is_new in subject.people}
        before = [(everybody.people[user], False) for user in told if user is not None and user not in concerned]
        root = await self._show_channel(event, subject.channel, subject.card(None))
        gate = asyncio.Semaphore(PARALLEL)

        async def tell(person: PersonView, *, is_new: bool) -> None:
            async with gate:
                chat_user = await self.workspace.chat_user(person)
                if chat_user is None or not (is_new or chat_user in known):
                    return
                slot = MessageSlot(event.subject_id, PLATFORM, chat_user, DIRECT)
                shown = await self.workspace.show(slot, render.message(subject.card(person)))
                await self._nudge(event, person, shown, everybody, subject)
                if event.type in MOVES_HOME:
                    await self.refresh_home(chat_user)

        await _all(tell(person, is_new=is_new) for person, is_new in (*subject.people, *before))
        line = thread_line(event.type, event.data, _names(everybody))
        if root and root.message_id and line:
            await self._say(event, root, line, role="thread")

    async def _subject(self, tx: Transaction, event: Event, everybody: Directory) -> _Subject:
        policy, now, console = await tenant_policy(tx), tx.now, self.workspace.console
        if event.subject.startswith("request:"):
            request = await load_request(tx, event.subject_id)
            return _Subject(
                channel=policy.channels.get("approvals", self.approvals_channel),
                people=_request_people(request),
                requester=request.requester.id,
                management=frozenset(),
                card=lambda viewer: request_card(request, viewer, now=now, console=console),
            )
        bypass = await load_bypass(tx, event.subject_id)
        management = _holders(everybody, policy.senior_management)
        return _Subject(
            channel=policy.channels.get("emergency", self.emergency_channel),
            people=_bypass_people(bypass, management),
            requester=bypass.requester.id,
            management=frozenset(person.id for person in management) - {bypass.requester.id},
            card=lambda viewer: bypass_card(bypass, viewer, now=now),
        )

    async def _show_channel(self, event: Event, channel: str, card: Card) -> MessageSlot | None:
        slot = MessageSlot(event.subject_id, PLATFORM, channel, CHANNEL)
        try:
            return await self.workspace.show(slot, render.message(card))
        except SlackApiError as exc:
            if error_of(exc) not in CHANNEL_TROUBLE:
                raise
            log.warning("chat_channel_unusable", channel=channel, error=error_of(exc))
            return None

    async def _nudge(
        self, event: Event, person: PersonView, shown: MessageSlot, everybody: Directory, subject: _Subject
    ) -> None:
        """A thread reply under the person's own message, where an edit alone would go unnoticed."""
        if person.id not in _to_be_noticed(event, subject):
            return
        line = thread_line(event.type, event.data, _names(everybody))
        if line and shown.message_id:
            await self._say(event, shown, line, role="nudge")

    async def _say(self, event: Event, under: MessageSlot, line: Card, *, role: str) -> None:
        slot = MessageSlot(event.subject_id, PLATFORM, under.place, f"{role}:{event.id}", channel=under.channel)
        await self.workspace.show(slot, render.message(line), thread=under.message_id)


def _request_people(request: RequestView) -> list[tuple[PersonView, bool]]:
    """(person, whether a message is posted if there is none): the requester, and everybody asked by now."""
    people: dict[UserId, tuple[PersonView, bool]] = {request.requester.id: (request.requester, True)}
    for stage in request.stages:
        if stage.status == "waiting":
            continue
        for person in stage.approvers:
            is_asked = stage.status == "open" and request.status == "pending"
            known = people.get(person.id, (person, False))
            people[person.id] = (person, known[1] or is_asked)
    return list(people.values())


def _bypass_people(bypass: BypassView, management: Iterable[PersonView]) -> list[tuple[PersonView, bool]]:
    """Senior management, whether they have a message or not, and the holder."""
    people = {person.id: (person, True) for person in management}
    return [(bypass.requester, True), *(entry for user, entry in people.items() if user != bypass.requester.id)]


def _holders(everybody: Directory, roles: Iterable[str]) -> tuple[PersonView, ...]:
    users = frozenset[UserId]().union(*(everybody.by_role.get(role, frozenset()) for role in roles))
    return tuple(everybody.people[user] for user in sorted(users))


def _to_be_noticed(event: Event, subject: _Subject) -> frozenset[UserId]:
    """Whom the event concerns so much that an edit is not enough: people asked, and the requester of the outcome."""
    data = event.data
    match event.type:
        case RequestEvent.APPROVED | RequestEvent.REJECTED | RequestEvent.EXPIRED | EmergencyEvent.EXPIRED:
            return frozenset({subject.requester})
        case EmergencyEvent.UNACKNOWLEDGED | EmergencyEvent.REVIEW_OVERDUE:
            return subject.management
        case RequestEvent.OUT_OF_REACH:
            return frozenset({subject.requester})
        case RequestEvent.COMMENTED:
            return frozenset({subject.requester}) if data.get("kind") == "question" else frozenset()
        case RequestEvent.REMINDED | RequestEvent.NUDGED | RequestEvent.ESCALATED:
            return frozenset(UserId(UUID(person)) for person in data.get("people", ()))
        case RequestEvent.DELEGATED | RequestEvent.STAND_IN_ASKED | RequestEvent.STAND_IN_ENDED:
            return frozenset({UserId(UUID(data["to"]))})
        case _:
            return frozenset()


def _names(everybody: Directory) -> Mapping[str, str]:
    people = everybody.people.values()
    return {str(person.id): person.name for person in people} | {person.email: person.name for person in people}


async def _all(calls: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Every call has been made; then the first failure is raised, so that one person's trouble delays nobody else."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
