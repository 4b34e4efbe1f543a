"""What a tenant says of its emergency bypass: who may, where, why, how sure, how long, and what follows (E1 to E5).

Every part has a default under which a document that says nothing of it means what it always meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Final

ASSURANCES: Final = ("click", "mfa")  # of core.signin, as far as somebody who asks in person can have them
BLOCKS: Final = ("person", "team")
UNNAMED: Final = "none"  # the environment of agents that name none
ANYWHERE: Final = ""  # the environment of a bypass where the tenant tells none apart


@dataclass(frozen=True, slots=True)
class Who:
    """People by role, by group or by their e-mail address. Nobody, if all are empty."""

    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """As a refusal lists them."""
        return (*self.roles, *self.groups, *self.people)


@dataclass(frozen=True, slots=True)
class StepUp:
    """How sure we must be of whoever asks, and how old the second factor may be by then (X2)."""

    assurance: str = "click"
    max_age: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class IncidentRule:
    """Whether an incident must be named, and the regular expression that its reference matches as a whole."""

    required: bool = False
    format: str = ""


@dataclass(frozen=True, slots=True)
class BypassReason:
    """A reason that can be chosen. Without an incident rule of its own the general one holds."""

    code: str
    title: str
    incident: IncidentRule | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentRule:
    """What holds in one environment; None where it is the same as anywhere."""

    allowed: Who | None = None
    max_duration: timedelta | None = None
    step_up: StepUp | None = None


@dataclass(frozen=True, slots=True)
class ExtensionRule:
    """How often a bypass can be extended, and by how much each time. Somebody else of management confirms it."""

    most: int = 1
    longest: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ReviewRule:
    """The post-deployment review: what is checked, by whom, when they hear of it, and whom an overdue one blocks."""

    checklist: tuple[str, ...] = ()
    reviewers: Who | None = None  # None: those who are told of the bypass
    remind_every: timedelta = timedelta(hours=12)  # once so long before it is due, then so often while it is overdue
    blocks: str = "person"


@dataclass(frozen=True, slots=True)
class BypassPolicy:
    """Who may use the emergency bypass, for how long, and what follows (E1, E2, E4)."""

    allowed_roles: tuple[str, ...] = ("tenant_administrator", "meta_agent_manager", "security_manager")
    max_duration: timedelta = timedelta(hours=4)
    review_due: timedelta = timedelta(hours=48)
    acknowledge_every: timedelta = timedelta(minutes=10)
    allowed_groups: tuple[str, ...] = ()
    allowed_people: tuple[str, ...] = ()
    environments: Mapping[str, EnvironmentRule] = field(default_factory=dict)  # empty: they are not told apart
    reasons: tuple[BypassReason, ...] = ()
    reason_required: bool = True  # where reasons are declared
    incident: IncidentRule = IncidentRule()
    step_up: StepUp = StepUp()
    extensions: ExtensionRule = ExtensionRule()
    escalate_after: int = 3  # reminders, before the next level is told
    escalation: tuple[Who, ...] = ()  # the levels above senior management
    review: ReviewRule = ReviewRule()

    @property
    def allowed(self) -> Who:
        """Who may, where an environment does not say otherwise."""
        return Who(self.allowed_roles, self.allowed_groups, self.allowed_people)

    def allowed_in(self, environment: str) -> Who:
        """Who may use a bypass there."""
        rule = self.environments.get(environment)
        return rule.allowed if rule is not None and rule.allowed is not None else self.allowed

    def longest_in(self, environment: str) -> timedelta:
        """How long a bypass may last there when it is granted."""
        rule = self.environments.get(environment)
        return rule.max_duration if rule is not None and rule.max_duration is not None else self.max_duration

    def step_up_in(self, environment: str) -> StepUp:
        """How sure we must be of whoever asks there."""
        rule = self.environments.get(environment)
        return rule.step_up if rule is not None and rule.step_up is not None else self.step_up

    def reason(self, code: str) -> BypassReason | None:
        """The declared reason of this code."""
        return next((each for each in self.reasons if each.code == code), None)

    def incident_for(self, code: str) -> IncidentRule:
        """What holds of the incident where this reason is given; an empty code is no reason."""
        reason = self.reason(code)
        return reason.incident if reason is not None and reason.incident is not None else self.incident

    def to_json(self) -> dict[str, Any]:
        """As stored; durations in seconds. `from_json` reads it back."""
        document = {key: _stored(value) for key, value in asdict(self).items()}
        # a list, as JSONB does not keep the order of keys, which is that of the choices in a form
        return {**document, "environments": [{"name": name, **rule} for name, rule in document["environments"].items()]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> BypassPolicy:
        """The policy that was stored, also by a release that knew less."""
        defaults = cls()
        return cls(
            allowed_roles=tuple(stored["allowed_roles"]),
            max_duration=timedelta(seconds=stored["max_duration"]),
            review_due=timedelta(seconds=stored["review_due"]),
            acknowledge_every=timedelta(seconds=stored["acknowledge_every"]),
            allowed_groups=tuple(stored.get("allowed_groups", ())),
            allowed_people=tuple(stored.get("allowed_people", ())),
            environments={
                rule["name"]: EnvironmentRule(
                    _who(rule["allowed"]), _duration(rule["max_duration"]), _step_up(rule["step_up"])
                )
                for rule in stored.get("environments", ())
            },
            reasons=tuple(
                BypassReason(each["code"], each["title"], _incident(each["incident"]))
                for each in stored.get("reasons", ())
            ),
            reason_required=stored.get("reason_required", defaults.reason_required),
            incident=_incident(stored.get("incident")) or defaults.incident,
            step_up=_step_up(stored.get("step_up")) or defaults.step_up,
            extensions=_extensions(stored.get("extensions")),
            escalate_after=stored.get("escalate_after", defaults.escalate_after),
            escalation=tuple(who for each in stored.get("escalation", ()) if (who := _who(each)) is not None),
            review=_review(stored.get("review")),
        )


def _stored(value: Any) -> Any:
    match value:
        case timedelta():
            return value.total_seconds()
        case dict():
            return {key: _stored(each) for key, each in value.items()}
        case tuple() | list():
            return [_stored(each) for each in value]
        case _:
            return value


def _duration(stored: float | None) -> timedelta | None:
    return None if stored is None else timedelta(seconds=stored)


def _who(stored: Mapping[str, Any] | None) -> Who | None:
    return None if stored is None else Who(**{key: tuple(names) for key, names in stored.items()})


def _step_up(stored: Mapping[str, Any] | None) -> StepUp | None:
    return None if stored is None else StepUp(stored["assurance"], timedelta(seconds=stored["max_age"]))


def _incident(stored: Mapping[str, Any] | None) -> IncidentRule | None:
    return None if stored is None else IncidentRule(**stored)


def _extensions(stored: Mapping[str, Any] | None) -> ExtensionRule:
    return ExtensionRule() if stored is None else ExtensionRule(stored["most"], timedelta(seconds=stored["longest"]))


def _review(stored: Mapping[str, Any] | None) -> ReviewRule:
    if stored is None:
        return ReviewRule()
    return ReviewRule(
        tuple(stored["checklist"]),
        _who(stored["reviewers"]),
        timedelta(seconds=stored["remind_every"]),
        stored["blocks"],
    )
