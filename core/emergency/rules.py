"""Pure rules of the emergency bypass: who may, what is well formed, who is told, what is covered (E1, E4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from core.access import Directory, admits, people_of
from core.emergency.errors import BypassNotAllowed, InvalidBypass
from core.ids import BypassId, UserId
from core.tenants import ANYWHERE, UNNAMED, BypassPolicy, TenantPolicy, Who

ACTIONS: Final = ("agent.create", "agent.deploy", "agent.modify", "agent.retire", "change.implement", "*")
JUSTIFICATION_MIN: Final = 10  # characters; "fix" explains nothing to a reviewer
JUSTIFICATION_MAX: Final = 2000
RESOURCE_MAX: Final = 120
INCIDENT_MAX: Final = 80
DURATION_MIN: Final = timedelta(minutes=5)
# The message of a running bypass says anew what is left when less than each of these is.
COUNT_DOWN: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 10, 15, 30, 60, 120, 240, 480, 1440))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where, why (a code of the policy) and for which incident; each is empty where nothing is said."""

    environment: str = ANYWHERE
    reason: str = ""
    incident: str = ""


UNSAID: Final = Circumstances()


@dataclass(frozen=True, slots=True)
class Wish:
    """A bypass as it is asked for."""

    action: str
    resource: str
    justification: str
    duration: timedelta
    named: Circumstances = UNSAID

    def trimmed(self) -> Wish:
        """Without the white space around what was typed, and with its resource as the gate will name it."""
        named = Circumstances(self.named.environment.strip(), self.named.reason.strip(), self.named.incident.strip())
        return Wish(self.action, _plain(self.resource), self.justification.strip(), self.duration, named)

    def to_json(self) -> dict[str, Any]:
        """As it waits for a second factor; `from_json` reads it back."""
        return {**asdict(self), "duration": self.duration.total_seconds()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Wish:
        """The wish that was stored."""
        return cls(
            stored["action"],
            stored["resource"],
            stored["justification"],
            timedelta(seconds=stored["duration"]),
            Circumstances(**stored["named"]),
        )


def _plain(resource: str) -> str:
    """`agent:invoice-reader`, as changes and incidents write it, is the agent 'invoice-reader'; `chg-7` is CHG-7."""
    kind, colon, name = resource.strip().partition(":")
    plain = name.strip() if colon and kind.strip().casefold() == "agent" else resource.strip()
    return plain.upper() if re.fullmatch(r"(?i)chg-[0-9]+", plain) else plain


def environments_for(policy: BypassPolicy, everybody: Directory, user: UserId) -> tuple[str, ...]:
    """Where the person may use a bypass; `ANYWHERE` alone if places are not told apart. Raises BypassNotAllowed."""
    known = tuple(policy.environments) or (ANYWHERE,)
    open_to = tuple(each for each in known if admits(policy.allowed_in(each), everybody, user))
    if not open_to:
        names = tuple(dict.fromkeys(name for each in known for name in policy.allowed_in(each).names))
        raise _not_allowed("Your role may not use the emergency bypass.", names)
    return open_to


def check_may_bypass(policy: BypassPolicy, everybody: Directory, user: UserId, *, environment: str) -> None:
    """Returns if the person may use a bypass there. Raises BypassNotAllowed naming who may."""
    environments_for(policy, everybody, user)
    who = policy.allowed_in(environment)
    if not admits(who, everybody, user):
        raise _not_allowed(f"You may not use the emergency bypass in '{environment}'.", who.names)


def _not_allowed(message: str, names: tuple[str, ...]) -> BypassNotAllowed:
    return BypassNotAllowed(
        message, where="role", accepted=names, next_step="Ask one of these people, or use /approve."
    )


def check_wish(policy: BypassPolicy, wish: Wish) -> None:
    """Returns if the bypass is well formed; raises InvalidBypass naming the field and what it accepts."""
    if wish.action not in ACTIONS:
        raise InvalidBypass(f"'{wish.action}' is not an action that can be bypassed.", where="action", accepted=ACTIONS)
    if not wish.resource or len(wish.resource) > RESOURCE_MAX:
        raise InvalidBypass(f"Name the agent (at most {RESOURCE_MAX} characters), or '*' for any.", where="resource")
    _check_environment(policy, wish.named.environment)
    _check_reason(policy, wish.named.reason)
    _check_incident(policy, wish)
    length = len(wish.justification)
    if not JUSTIFICATION_MIN <= length <= JUSTIFICATION_MAX:
        has = "1 character" if length == 1 else f"{length} characters"
        raise InvalidBypass(
            f"The justification has {has}; it needs {JUSTIFICATION_MIN} to {JUSTIFICATION_MAX}.",
            where="justification",
        )
    longest = policy.longest_in(wish.named.environment)
    if not DURATION_MIN <= wish.duration <= longest:
        minutes = longest.total_seconds() / 60
        hours = "1 hour" if minutes == 60 else f"{minutes / 60:g} hours"
        at_most = f"{minutes:g} minutes" if minutes % 60 else hours
        raise InvalidBypass(f"A bypass lasts from 5 minutes to {at_most} here.", where="duration")


def _check_environment(policy: BypassPolicy, environment: str) -> None:
    known = tuple(policy.environments)
    if known and environment not in known:
        said = f"'{environment}' is not an environment here." if environment else "Name the environment."
        raise InvalidBypass(said, where="environment", accepted=known)
    if environment and not known:
        raise InvalidBypass("Environments are not told apart here; leave it out.", where="environment")


def _check_reason(policy: BypassPolicy, reason: str) -> None:
    codes = tuple(each.code for each in policy.reasons)
    if reason and reason not in codes:
        said = f"'{reason}' is not a reason here." if codes else "No reasons are declared here; leave it out."
        raise InvalidBypass(said, where="reason", accepted=codes)
    if codes and policy.reason_required and not reason:
        raise InvalidBypass("Choose a reason.", where="reason", accepted=codes)


def _check_incident(policy: BypassPolicy, wish: Wish) -> None:
    rule = policy.incident_for(wish.named.reason)
    if rule.required and not wish.named.incident:
        raise InvalidBypass("Name the incident.", where="incident", accepted=(rule.format,) if rule.format else ())
    if len(wish.named.incident) > INCIDENT_MAX:
        raise InvalidBypass(f"An incident's reference has at most {INCIDENT_MAX} characters.", where="incident")
    if wish.named.incident and rule.format and not re.fullmatch(rule.format, wish.named.incident):
        raise InvalidBypass(
            f"'{wish.named.incident}' is no reference of an incident.", where="incident", accepted=(rule.format,)
        )


@dataclass(frozen=True, slots=True)
class RunningBypass:
    """Whom it admits to what: an action, a resource and an environment, each any."""

    id: BypassId
    user: UserId
    action: str
    resource: str
    environment: str = ANYWHERE

    def covers(self, user: UserId | None, *, action: str, resource: str, environments: Iterable[str]) -> bool:
        """Whether it admits this person's action. `environments`: the agent's before the action, and after it.

        An agent that would move to another environment is covered in neither of them.
        """
        return (
            self.user == user
            and self.action in (action, "*")
            and self.resource in (resource, "*")
            and (self.environment == ANYWHERE or all((each or UNNAMED) == self.environment for each in environments))
        )


def told(policy: TenantPolicy, everybody: Directory, *, holder: UserId, level: int) -> tuple[UserId, ...]:
    """Who answers for a bypass, as far up as it was told: senior management, then each level above. Not its holder."""
    levels = (Who(roles=policy.senior_management), *policy.bypass.escalation[:level])
    found = frozenset[UserId]().union(*(people_of(each, everybody) for each in levels))
    return tuple(sorted(found - {holder}))


def first_level(policy: TenantPolicy, everybody: Directory, *, holder: UserId) -> int:
    """The lowest level at which there is somebody to tell; 0 if nobody is there at all."""
    levels = range(len(policy.bypass.escalation) + 1)
    return next((each for each in levels if told(policy, everybody, holder=holder, level=each)), 0)


def next_level(policy: TenantPolicy, everybody: Directory, *, holder: UserId, level: int) -> int | None:
    """The next level that has somebody who was not told yet; None if there is none."""
    known = told(policy, everybody, holder=holder, level=level)
    above = range(level + 1, len(policy.bypass.escalation) + 1)
    return next((each for each in above if told(policy, everybody, holder=holder, level=each) != known), None)


def team_of(everybody: Directory, user: UserId) -> frozenset[UserId]:
    """The person, whoever shares a group with them, and whoever has the same manager."""
    groups = everybody.groups_of(user)
    manager = everybody.people[user].manager
    mates = frozenset[UserId]().union(*(everybody.groups[key].members for key in groups))
    peers = {each.id for each in everybody.people.values() if manager is not None and each.manager == manager}
    return mates | peers | {user}


def next_count_down(expires_at: datetime, *, now: datetime) -> datetime | None:
    """When the message says anew what is left; None once it says "less than a minute"."""
    return min((at for mark in COUNT_DOWN if (at := expires_at - mark) > now), default=None)


def at_most_left(expires_at: datetime, *, now: datetime) -> timedelta | None:
    """The least step of the count-down that is not below what is left: true until the next step. None if longer."""
    left = expires_at - now
    return next((mark for mark in COUNT_DOWN if left <= mark), None)
