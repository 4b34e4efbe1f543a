"""Pure rules of an incident: what an alert does to it, which step may be taken, who may (S3, B6)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from core.access import Directory, admits, people_of
from core.ids import UserId
from core.incidents.alerts import Alert, AlertState, Severity, reaches
from core.incidents.errors import InvalidIncident, NotAResponder, WrongState
from core.incidents.state import UNDER_WAY, IncidentState, Step, steps_from, target
from core.roles.hierarchy import ancestors
from core.tenants import IncidentPolicy, Who

TEXT_MAX: Final = 3000  # characters of what somebody writes
ROLES: Final = ("commander", "communications", "scribe")
CHANNEL_MAX: Final = 60  # characters; Slack takes 80
AHEAD: Final = timedelta(minutes=5)  # how wrong another system's clock may go
BACK: Final = timedelta(days=366)  # how long ago something may have been that is told now


class Effect(StrEnum):
    """What an alert leads to."""

    NOTHING = "nothing"  # it is known so, or too late
    COUNT = "count"  # told once more
    OPEN = "open"
    JOIN = "join"  # an incident that is under way
    REOPEN = "reopen"
    RESOLVE_ALERT = "resolve_alert"
    RESOLVE = "resolve"  # it was the last that fired


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """The last that is known of an alert, and its incident."""

    state: AlertState
    started_at: datetime
    incident: IncidentState
    resolved_at: datetime | None  # of the incident
    others_fire: bool = False  # other alerts of the incident


def after_alert(
    alert: Alert, known: KnownAlert | None, group: KnownAlert | None, policy: IncidentPolicy, *, now: datetime
) -> Effect:
    """What follows from the alert. `known` is itself as it was last; `group` the last incident of its group.

    An alert that fires again within `reopen_within` opens the same incident again. What a person has resolved while
    it still fires is opened again only when it has fired for so long afterwards.
    """
    if not alert.is_firing:
        return _after_resolution(alert, known, policy)
    if known is not None and alert.started_at < known.started_at:
        return Effect.NOTHING  # an earlier episode of it, told late
    same_episode = known is not None and alert.started_at == known.started_at
    if known is not None and known.incident in UNDER_WAY:
        if not same_episode:
            return Effect.JOIN
        return Effect.COUNT if known.state is AlertState.FIRING else Effect.NOTHING
    if known is not None and same_episode:
        return _still_firing(known, policy, now=now)
    if known is not None and _is_recent(known, policy, now=now):
        return Effect.REOPEN
    if group is not None and group.incident in UNDER_WAY:
        return Effect.JOIN
    if group is not None and _is_recent(group, policy, now=now):
        return Effect.REOPEN
    return Effect.OPEN


def held_start(alert: Alert, known: KnownAlert | None, *, now: datetime) -> datetime:
    """When the episode began of an alert whose teller cannot be told that it errs: between BACK before now and now.

    A start outside names no episode of its own: it is the known one as long as it may be that.
    """
    if alert.started_at > now + AHEAD:
        may_be_known = known is not None and (known.state is AlertState.FIRING or not alert.is_firing)
        return known.started_at if known is not None and may_be_known else now
    limit = now - BACK
    if alert.started_at < limit:
        return known.started_at if known is not None and known.started_at <= limit else limit
    return alert.started_at


def _after_resolution(alert: Alert, known: KnownAlert | None, policy: IncidentPolicy) -> Effect:
    if known is None or known.state is AlertState.RESOLVED or alert.started_at < known.started_at:
        return Effect.NOTHING
    is_last = not known.others_fire and known.incident in UNDER_WAY
    return Effect.RESOLVE if is_last and policy.resolves_itself else Effect.RESOLVE_ALERT


def _still_firing(known: KnownAlert, policy: IncidentPolicy, *, now: datetime) -> Effect:
    """Told again in the same episode, after its incident was resolved; if by a person, that has not helped in time."""
    if known.state is AlertState.RESOLVED:
        return Effect.NOTHING  # its resolution overtook it
    if known.resolved_at is None or now - known.resolved_at <= policy.reopen_within:
        return Effect.COUNT
    return Effect.REOPEN if known.incident is IncidentState.RESOLVED else Effect.OPEN


def _is_recent(known: KnownAlert, policy: IncidentPolicy, *, now: datetime) -> bool:
    if known.incident is not IncidentState.RESOLVED or known.resolved_at is None:
        return False  # what is closed is over for good
    return now - known.resolved_at <= policy.reopen_within


def move(reference: str, state: IncidentState, step: Step) -> IncidentState:
    """Where the step leads. Raises WrongState naming the steps that are legal instead."""
    to = target(step, state)
    if to is None:
        message = f"{reference} is {state}; that is not possible from there."
        raise WrongState(message, where="state", accepted=tuple(steps_from(state)))
    return to


def check_may_respond(
    policy: IncidentPolicy, everybody: Directory, user: UserId, *, involved: Collection[UserId | None]
) -> None:
    """Returns if the person may work on it: as a responder, in a role above one's, or with a part in it.

    Raises NotAResponder naming who may.
    """
    who = policy.responders
    above = tuple(dict.fromkeys(role for each in who.roles for role in (each, *ancestors(each))))
    if user not in involved and not admits(Who(above, who.groups, who.people), everybody, user):
        raise NotAResponder(where="role", accepted=who.names)


@dataclass(frozen=True, slots=True)
class Paging:
    """Who is told of an incident that nobody has acknowledged, and when to look again; None: nobody is left."""

    level: int  # of those that have been told; 0: none
    people: frozenset[UserId]
    again_at: datetime


def page(policy: IncidentPolicy, everybody: Directory, *, since: datetime, now: datetime) -> Paging:
    """Who is told by now. A level in which there is nobody is passed over, so that somebody hears at once."""
    told: set[UserId] = set()
    level = 0
    for index, each in enumerate(policy.escalation):
        if told and since + each.after > now:
            break
        told |= people_of(each.who, everybody)
        level = index + 1
    coming = (since + each.after for each in policy.escalation[level:])
    return Paging(level, frozenset(told), min((now + policy.remind_every, *coming)))


def pages(policy: IncidentPolicy, severity: Severity) -> bool:
    """Whether people are told directly of an incident as bad as that."""
    return reaches(severity, policy.page_from)


def channel_name(number: int, title: str) -> str:
    """What the incident's own channel is called: inc-1001-payments-answer-too-slowly."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return f"inc-{number}-{words}"[:CHANNEL_MAX].rstrip("-")


def check_text(where: str, text: str, longest: int = TEXT_MAX, *, least: int = 1) -> str:
    """The text without blanks around it. Raises InvalidIncident naming the field."""
    found = text.replace("\x00", "").strip()
    if not least <= len(found) <= longest:
        raise InvalidIncident(f"Write {least} to {longest} characters; here are {len(found)}.", where=where)
    return found


def check_past(where: str, at: datetime, *, now: datetime) -> datetime:
    """The instant, not later than now and at most BACK before it. Raises InvalidIncident naming the field."""
    if at > now + AHEAD:
        message, accepted = "That is still to come.", (f"until {now + AHEAD:%Y-%m-%dT%H:%M}Z",)
        raise InvalidIncident(message, where=where, accepted=accepted)
    if at < now - BACK:
        accepted = (f"from {now - BACK:%Y-%m-%d} on",)
        raise InvalidIncident(f"That is more than {BACK.days} days ago.", where=where, accepted=accepted)
    return min(at, now)


def check_reviewable(reference: str, state: IncidentState) -> None:
    """Returns if what happened can be looked back at. Raises WrongState."""
    if state not in (IncidentState.RESOLVED, IncidentState.CLOSED):
        raise WrongState(f"{reference} is {state}; resolve it first.", where="state")


def check_may_close(reference: str, review_state: str | None) -> None:
    """Returns if nothing is owed. Raises WrongState while its review is."""
    if review_state in ("due", "overdue"):
        raise WrongState(f"{reference} owes its review first.", where="review", next_step="Review it; that closes it.")
