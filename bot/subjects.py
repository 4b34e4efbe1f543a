"""What has living messages: each kind of subject as it is now, where it stands, who is told, what each of them sees.

A new kind of subject is one loader in SUBJECTS; the rest of the bot asks for no kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from bot.cards import Card
from bot.noticing import spoken_of
from bot.views.approvals import request_card
from bot.views.bypass import bypass_card
from bot.views.changes import change_card
from bot.views.incidents import incident_card
from core.access import PersonView
from core.approvals import RequestView, load_request
from core.changes import ChangeView, load_change
from core.db import Transaction
from core.emergency import BypassView, load_bypass
from core.ids import UserId
from core.incidents import IncidentView, load_incident
from core.outbox import Event
from core.suspects import suspects_of
from core.tenants import tenant_policy

NOBODY: Final = UserId(UUID(int=0))  # who asked for what nobody asked for
Told = tuple[PersonView, bool]  # and whether a message is posted if there is none


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject as it is now."""

    channel: str
    people: Sequence[Told]
    requester: UserId
    management: frozenset[UserId]  # who answers for a bypass, or has a stake in an incident
    card: Callable[[PersonView | None], Card]
    reference: str
    own_channel: str = ""  # one that it has for itself
    request: RequestView | None = None  # None: what everybody hears of at once


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a platform's messages stand if the tenant names no channel, and the console's address for links."""

    approvals_channel: str
    emergency_channel: str
    console: str


async def load_subject(tx: Transaction, event: Event, setting: Setting) -> Subject:
    """The subject of the event, which is of a kind in SUBJECTS."""
    load = SUBJECTS[event.subject.partition(":")[0]]
    return await load(tx, event, setting)


def has_living_messages(event: Event) -> bool:
    """Whether the event is of a kind of subject that has them."""
    return event.subject.partition(":")[0] in SUBJECTS


async def _request(tx: Transaction, event: Event, setting: Setting) -> Subject:
    policy, now, request = await tenant_policy(tx), tx.now, await load_request(tx, event.subject_id)
    return Subject(
        channel=policy.channels.get("approvals", setting.approvals_channel),
        people=_request_people(request, event),
        requester=request.requester.id,
        management=frozenset(),
        card=lambda viewer: request_card(request, viewer, now=now, console=setting.console),
        reference=request.reference,
        request=request,
    )


async def _change(tx: Transaction, event: Event, setting: Setting) -> Subject:
    policy, now, change = await tenant_policy(tx), tx.now, await load_change(tx, event.subject_id)
    return Subject(
        channel=policy.channels.get("approvals", setting.approvals_channel),
        people=_change_people(change),
        requester=change.requester.id,
        management=frozenset(),
        card=lambda viewer: change_card(change, viewer, now=now),
        reference=change.reference,
    )


async def _bypass(tx: Transaction, event: Event, setting: Setting) -> Subject:
    policy, now, bypass = await tenant_policy(tx), tx.now, await load_bypass(tx, event.subject_id)
    return Subject(
        channel=policy.channels.get("emergency", setting.emergency_channel),
        people=_bypass_people(bypass),
        requester=bypass.requester.id,
        management=frozenset(person.id for person in bypass.told),
        card=lambda viewer: bypass_card(bypass, viewer, now=now),
        reference=bypass.reference,
    )


async def _incident(tx: Transaction, event: Event, setting: Setting) -> Subject:
    policy, now, incident = await tenant_policy(tx), tx.now, await load_incident(tx, event.subject_id)
    suspects = () if incident.is_over else await suspects_of(tx, incident)
    emergency = policy.channels.get("emergency", setting.emergency_channel)
    return Subject(
        channel=policy.channels.get("incidents", emergency),
        people=_incident_people(incident),
        requester=incident.reporter.id if incident.reporter else NOBODY,
        management=frozenset(person.id for person in incident.stakeholders),
        card=lambda viewer: incident_card(incident, viewer, now=now, console=setting.console, suspects=suspects),
        reference=incident.reference,
        own_channel=incident.channel,
    )


# By what an event's subject begins with.
SUBJECTS: Final[Mapping[str, Callable[[Transaction, Event, Setting], Awaitable[Subject]]]] = {
    "request": _request,
    "change": _change,
    "bypass": _bypass,
    "incident": _incident,
}


def _request_people(request: RequestView, event: Event) -> list[Told]:
    """(person, whether a message is posted if there is none): the requester, and everybody asked by now.

    Where some are told first, the others get theirs with the event that speaks of them: a reminder, an escalation.
    """
    mentioned = spoken_of(event)
    people: dict[UserId, Told] = {request.requester.id: (request.requester, True)}
    for stage in request.stages:
        if stage.status == "waiting":
            continue
        for person in stage.approvers:
            is_told = not stage.told_first or person.id in stage.told_first or person.id in mentioned
            is_asked = stage.status == "open" and request.status == "pending" and is_told
            known = people.get(person.id, (person, False))
            people[person.id] = (person, known[1] or is_asked)
    return list(people.values())


def _change_people(change: ChangeView) -> list[Told]:
    """Its requester, whoever implements it, and who is told of an alarm; who decides has the message of its request."""
    people = {change.requester.id: (change.requester, True)}
    if change.implementer:
        people.setdefault(change.implementer.id, (change.implementer, True))
    for person in change.alarm.people if change.alarm else ():
        people.setdefault(person.id, (person, change.alarm is not None and not change.alarm.acknowledged_by))
    return list(people.values())


def _bypass_people(bypass: BypassView) -> list[Told]:
    """Its holder, those of management who are told, as far up, and who has to do something that its review wants."""
    owners = (each.owner for each in bypass.remediations)
    return list({each.id: (each, True) for each in (bypass.requester, *bypass.told, *owners)}.values())


def _incident_people(incident: IncidentView) -> list[Told]:
    """Who reported it, works on it, owes a follow-up, has a stake in it; while nobody looks after it, who is paged."""
    owners = (each.owner for each in incident.follow_ups if each.state == "open")
    parts = (incident.reporter, incident.assignee, *incident.roles.values(), *owners, *incident.stakeholders)
    people: dict[UserId, Told] = {each.id: (each, True) for each in parts if each}
    for person in incident.paged:
        people.setdefault(person.id, (person, incident.state == "open"))
    return list(people.values())
