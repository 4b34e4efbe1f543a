"""Approval policies: YAML -> frozen values, every error with file, line, key and what is accepted (P1, P2, P3).

The framework's block loads unchanged:

    Agent Creation Approval:
      stages:
        - stage: "technical_review"
          approvers: ["meta_agent_manager"]
          criteria: ["technical_feasibility", "resource_requirements"]
          timeout: "24 hours"

Ours, all optional: `applies_to` (well-known titles imply it), `when`, `risk`, `automatic`, `calendar`,
`pause_for_questions`, `same_voter_may_decide_stages` and `ticket` on the policy; `needs`, `quorum`, `reminder`, `when`,
`on_timeout`, `escalations`, `assurance` and `suggested` on a stage. Stages follow one another unless `needs` says
otherwise. A policy with an empty list of stages means that the role's permission alone decides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

import rfc8785

from core.approvals import quorum as quorums
from core.approvals.assuring import AssuranceNeed
from core.approvals.quorum import PerGroup, Quorum
from core.approvals.risk import RiskModel, model_from_json
from core.calendars import EVERYBODYS_OWN, WorkingCalendar, calendar_from_json
from core.conditions import Condition, compile_condition
from core.durations import format_duration, parse_duration
from core.errors import ConfigError
from core.ids import UserId
from core.named_tickets import TicketNeed

WELL_KNOWN_TITLES: Final[Mapping[str, tuple[str, ...]]] = {"agent_creation_approval": ("agent.create",)}
TIMEOUT_MIN: Final = timedelta(seconds=1)
REMINDER_MAX: Final = timedelta(hours=24)


class OnTimeout(StrEnum):
    """What a stage does that nobody has decided in time. None of them approves: silence is no consent."""

    ESCALATE = "escalate"
    REJECT = "reject"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class StagePolicy:
    """One stage: who decides, by which criteria, within what time."""

    key: str
    approvers: tuple[str, ...]  # who is asked: asking.py
    criteria: tuple[str, ...]
    timeout: timedelta
    reminder: timedelta  # before the end
    needs: tuple[str, ...]
    quorum: Quorum = 1
    when: Condition | None = None  # the stage is needed only then
    on_timeout: OnTimeout = OnTimeout.ESCALATE
    escalations: int | None = None  # at most so many, then the request expires; None: up to the top
    assurance: AssuranceNeed | None = None  # None: a click is enough (X2)
    suggested: tuple[str, ...] = ()  # who is told first, of those asked: suggesting.py
    calendar: WorkingCalendar | None = None  # the policy's: time is working time then
    zones: Mapping[UserId, str] = field(default_factory=dict, compare=False)  # where people live; none: UTC

    def due_after(self, now: datetime, asked: Collection[UserId]) -> tuple[datetime, datetime]:
        """When the stage falls due, and when people are reminded, if it is asked of these people now.

        Where each one's own working time counts, it is due when as many as the quorum needs have had that much of it.
        """
        if self.calendar is None:
            due_at = now + self.timeout
            return due_at, due_at - self.reminder
        return self._when_enough(asked, now, lambda _calendar: self.timeout)

    def due_again(
        self, paused_at: datetime, due_at: datetime, asked: Collection[UserId], *, now: datetime
    ) -> tuple[datetime, datetime]:
        """When it falls due, and when people are reminded, if its time stood still from `paused_at` until now."""
        if self.calendar is None:
            new_due = now + max(due_at - paused_at, timedelta())
            return new_due, max(new_due - self.reminder, now)
        return self._when_enough(asked, now, lambda calendar: calendar.between(paused_at, due_at))

    def _when_enough(
        self, asked: Collection[UserId], now: datetime, left: Callable[[WorkingCalendar], timedelta]
    ) -> tuple[datetime, datetime]:
        """When those asked have had the time that is left for them, one after the other: of the last that is needed."""
        calendars = self._calendars(asked)
        found = {}
        for calendar in set(calendars):
            due_at = calendar.add(now, left(calendar))
            found[calendar] = due_at, calendar.subtract(due_at, self.reminder, not_before=now)
        needed = len(calendars) if self.quorum == "all" else min(self.at_least, len(calendars))
        return sorted(found[calendar] for calendar in calendars)[needed - 1]

    def _calendars(self, asked: Collection[UserId]) -> tuple[WorkingCalendar, ...]:
        """One for each of those asked; a single one where all live by the same."""
        if self.calendar is None:
            return ()
        if self.calendar.zone != EVERYBODYS_OWN:
            return (self.calendar,)
        return tuple(self.calendar.at(self.zones.get(user, "UTC")) for user in asked)

    @property
    def title(self) -> str:
        """The key as people read it: Technical review."""
        return self.key.replace("_", " ").capitalize()

    @property
    def at_least(self) -> int:
        """How many people must be asked for the stage to be decidable at all."""
        return quorums.at_least(self.quorum)


@dataclass(frozen=True, slots=True)
class AutomaticCriterion:
    """One of those that must all hold for a request to approve itself (P4)."""

    name: str
    when: Condition


@dataclass(frozen=True)
class ApprovalPolicy:
    """A policy as loaded. Two policies that mean the same have the same version."""

    key: str
    title: str
    applies_to: tuple[str, ...]
    stages: tuple[StagePolicy, ...]
    same_voter_may_decide_stages: bool = False
    when: Condition | None = None  # the policy applies only then
    risk: RiskModel | None = None  # None: the shipped one
    automatic: tuple[AutomaticCriterion, ...] = ()
    calendar: WorkingCalendar | None = None
    pause_for_questions: bool = True  # time stands still while the requester is asked something
    ticket: TicketNeed | None = None  # a ticket must be named, in another system (X6)
    source: str = field(default="", compare=False)  # file:line, for messages; not part of the document

    def stage(self, key: str) -> StagePolicy:
        """The stage of that key; KeyError if there is none."""
        for stage in self.stages:
            if stage.key == key:
                return stage
        raise KeyError(key)

    def lived_by(self, zones: Mapping[UserId, str]) -> ApprovalPolicy:
        """The same policy, knowing where people live; needed only where each one's own time counts."""
        if self.calendar is None or self.calendar.zone != EVERYBODYS_OWN:
            return self
        return replace(self, stages=tuple(replace(stage, zones=zones) for stage in self.stages))

    def restricted_to(self, actions: tuple[str, ...]) -> ApprovalPolicy:
        """The same policy for these actions only."""
        return replace(self, applies_to=actions)

    @cached_property
    def version(self) -> str:
        """SHA-256 of the canonical document (RFC 8785), in hex."""
        return hashlib.sha256(rfc8785.dumps(self.to_json())).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The document that a request is pinned to; `from_json` reads it back. What is not used is not in it."""
        return {
            **({"when": self.when.text} if self.when else {}),
            **({"risk": self.risk.to_json()} if self.risk else {}),
            **(
                {"automatic": [{"criterion": each.name, "when": each.when.text} for each in self.automatic]}
                if self.automatic
                else {}
            ),
            **({"calendar": self.calendar.to_json()} if self.calendar else {}),
            **({} if self.pause_for_questions else {"pause_for_questions": False}),
            **({"ticket": self.ticket.to_json()} if self.ticket else {}),
            "key": self.key,
            "title": self.title,
            "applies_to": list(self.applies_to),
            "same_voter_may_decide_stages": self.same_voter_may_decide_stages,
            "stages": [
                {
                    "stage": stage.key,
                    "approvers": list(stage.approvers),
                    "criteria": list(stage.criteria),
                    "timeout": format_duration(stage.timeout),
                    "reminder": format_duration(stage.reminder),
                    "needs": list(stage.needs),
                    "quorum": stage.quorum.to_json() if isinstance(stage.quorum, PerGroup) else stage.quorum,
                    **({"when": stage.when.text} if stage.when else {}),
                    **({"on_timeout": stage.on_timeout.value} if stage.on_timeout != OnTimeout.ESCALATE else {}),
                    **({"assurance": stage.assurance.to_json()} if stage.assurance else {}),
                    **({"suggested": list(stage.suggested)} if stage.suggested else {}),
                    **({"escalations": stage.escalations} if stage.escalations is not None else {}),
                }
                for stage in self.stages
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ApprovalPolicy:
        """The policy that was stored."""
        calendar = calendar_from_json(document["calendar"]) if "calendar" in document else None
        return cls(
            calendar=calendar,
            pause_for_questions=document.get("pause_for_questions", True),
            ticket=TicketNeed.from_json(document["ticket"]) if "ticket" in document else None,
            key=document["key"],
            title=document["title"],
            applies_to=tuple(document["applies_to"]),
            same_voter_may_decide_stages=document["same_voter_may_decide_stages"],
            when=_stored_condition(document),
            risk=model_from_json(document["risk"]) if "risk" in document else None,
            automatic=tuple(
                AutomaticCriterion(each["criterion"], compile_condition(each["when"]))
                for each in document.get("automatic", ())
            ),
            stages=tuple(
                StagePolicy(
                    key=stage["stage"],
                    approvers=tuple(stage["approvers"]),
                    criteria=tuple(stage["criteria"]),
                    timeout=_stored_duration(stage["timeout"]),
                    reminder=_stored_duration(stage["reminder"]),
                    needs=tuple(stage["needs"]),
                    quorum=quorums.from_json(stage["quorum"]),
                    when=_stored_condition(stage),
                    on_timeout=OnTimeout(stage.get("on_timeout", OnTimeout.ESCALATE)),
                    escalations=stage.get("escalations"),
                    assurance=AssuranceNeed.from_json(stage["assurance"]) if "assurance" in stage else None,
                    suggested=tuple(stage.get("suggested", ())),
                    calendar=calendar,
                )
                for stage in document["stages"]
            ),
        )


@dataclass(frozen=True)
class PolicySet:
    """The policies in force. An action may have any number of policies with a condition, and one without."""

    policies: tuple[ApprovalPolicy, ...]
    _by_action: Mapping[str, tuple[ApprovalPolicy, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_action: dict[str, list[ApprovalPolicy]] = {}
        for policy in self.policies:
            for action in policy.applies_to:
                by_action.setdefault(action, []).append(policy)
        for action, candidates in by_action.items():
            always = [policy for policy in candidates if policy.when is None]
            if len(always) > 1:
                raise ConfigError(
                    f"Both {_named(always[0])} and {_named(always[1])} apply to {action}.",
                    key="applies_to",
                    next_step="Let one policy cover each action, or give one of them a condition (`when`).",
                )
            candidates.sort(key=_is_unconditional)  # stable: as loaded, the one without a condition last
        object.__setattr__(self, "_by_action", {action: tuple(found) for action, found in by_action.items()})

    def candidates(self, action: str) -> tuple[ApprovalPolicy, ...]:
        """Those that may apply to the action, in the order in which they are tried; none means deny (X9)."""
        return self._by_action.get(action, ())


def slug(title: str) -> str:
    """The key of a titled policy: 'Agent Creation Approval' -> agent_creation_approval."""
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def default_reminder(timeout: timedelta) -> timedelta:
    """How long before the end people are reminded unless the policy says so: a quarter of the time, at most a day."""
    return min(
        timeout // timedelta(milliseconds=4) * timedelta(milliseconds=1), REMINDER_MAX
    )  # exact when written down


def _is_unconditional(policy: ApprovalPolicy) -> bool:
    return policy.when is None


def _named(policy: ApprovalPolicy) -> str:
    return f"'{policy.title}'" + (f" ({policy.source})" if policy.source else "")


def _stored_condition(document: Mapping[str, Any]) -> Condition | None:
    return compile_condition(document["when"]) if "when" in document else None


def _stored_duration(text: str) -> timedelta:
    duration = parse_duration(text)
    if duration is None:
        raise ConfigError(f"A stored policy holds the duration '{text}'.")
    return duration
