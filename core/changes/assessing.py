"""How risky a change is: factors in CEL that hold, each with its weight and the values that it saw (G5). Pure.

The same sum that policies make of requests (core/approvals/risk.py), over what is known of a change. How similar
changes ended is one of the facts, and the counts are shown: nobody has to believe a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from core.approvals.facts import time_facts
from core.approvals.risk import Counted, Risk, RiskFactor, RiskLevel, RiskModel, assess_risk
from core.conditions import Condition, Facts, Variables, Vocabulary, compile_condition

ENOUGH: Final = 5  # similar changes; of fewer a rate says more about chance than about the next one
VOCABULARY: Final = Vocabulary(
    {
        "change": {
            "type": "agent_update",
            "standard": False,  # from a template
            "resources": 1,  # how many it names
            "reach": 2,  # how many feel it, with those that it names
            "agents": 1,
            "services": 1,  # that feel it
            "hours": 1.0,  # how long it takes, as planned; 0 without a plan
            "notice_hours": 48.0,  # until it begins; 0 without a plan
            "tested": True,
            "has_rollback_plan": True,
        },
        "time": {"planned": True, "date": "2026-03-02", "weekday": "monday", "hour": 9, "working_hours": True},
        "history": {
            "similar": 12,  # changes of this type that have ended, on what it touches if there are enough of them
            "failed": 3,  # of these, rolled back or failed
            "rate": 0.25,
            "is_enough": True,  # whether they are enough to say something
            "own": 4,  # changes of this type that its requester has seen through
        },
    }
)
SUBJECTS: Final = tuple(VOCABULARY.examples)


@dataclass(frozen=True, slots=True)
class History:
    """How similar changes ended, and which those are."""

    similar: int = 0
    failed: int = 0
    own: int = 0
    basis: str = "type"  # type and resources, where there are enough of these; else type

    @property
    def rate(self) -> float:
        """The share that was rolled back or failed; 0 where there were none."""
        return self.failed / self.similar if self.similar else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is assessed."""

    type: str
    is_standard: bool
    resources: tuple[str, ...]
    reach: tuple[str, ...]
    starts_at: datetime | None
    ends_at: datetime | None
    is_tested: bool
    has_rollback_plan: bool
    history: History


@dataclass(frozen=True, slots=True)
class ChangeRisk:
    """The score, the level and the factors, with the base rate that they may rest on."""

    score: int
    level: RiskLevel
    counted: tuple[Counted, ...]
    history: History

    def to_json(self) -> dict[str, Any]:
        """As stored; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ChangeRisk:
        """What was stored."""
        return cls(
            document["score"],
            RiskLevel(document["level"]),
            tuple(Counted(**each) for each in document["counted"]),
            History(**document["history"]),
        )


def assess(model: RiskModel, subject: Subject, *, now: datetime, time_zone: str) -> ChangeRisk:
    """The risk under the model, as things are now. A factor that cannot be evaluated counts."""
    risk: Risk = assess_risk(model, Facts(_variables(subject, now=now, time_zone=time_zone)))
    return ChangeRisk(risk.score, risk.level, risk.counted, subject.history)


def change_condition(text: str) -> Condition:
    """The condition over a change. Raises InvalidInput with what it may speak of."""
    return compile_condition(text, subjects=SUBJECTS, vocabulary=VOCABULARY)


def _variables(subject: Subject, *, now: datetime, time_zone: str) -> Variables:
    starts, ends, history = subject.starts_at, subject.ends_at, subject.history
    return {
        "change": {
            "type": subject.type,
            "standard": subject.is_standard,
            "resources": len(subject.resources),
            "reach": len(subject.reach),
            "agents": _count("agent:", subject.reach),
            "services": _count("service:", subject.reach),
            "hours": (ends - starts).total_seconds() / 3600 if starts and ends else 0.0,
            "notice_hours": max(0.0, (starts - now).total_seconds() / 3600) if starts else 0.0,
            "tested": subject.is_tested,
            "has_rollback_plan": subject.has_rollback_plan,
        },
        "time": {"planned": starts is not None, **time_facts(starts or now, time_zone)},
        "history": {
            "similar": history.similar,
            "failed": history.failed,
            "rate": round(history.rate, 3),
            "is_enough": history.similar >= ENOUGH,
            "own": history.own,
        },
    }


def _count(prefix: str, resources: tuple[str, ...]) -> int:
    return sum(each.startswith(prefix) for each in resources)


def _factor(name: str, weight: int, when: str) -> RiskFactor:
    return RiskFactor(name, weight, change_condition(when))


# For tenants that name no factors of their own. A well-tested change of one agent with a way back is low; what lies
# under many services, or often went wrong, is not.
DEFAULT_MODEL: Final = RiskModel(
    factors=(
        _factor("Infrastructure lies under everything else", 30, 'change.type == "infrastructure_change"'),
        _factor("A security patch is done in haste", 10, 'change.type == "security_patch"'),
        _factor("More than two services feel it", 20, "change.services > 2"),
        _factor("More than five resources feel it", 15, "change.reach > 5"),
        _factor("No test has passed", 20, "!change.tested"),
        _factor("There is no way back yet", 20, "!change.has_rollback_plan"),
        _factor("Done while people work", 10, "time.planned && time.working_hours"),
        _factor("Before a weekend", 10, 'time.planned && time.weekday == "friday"'),
        _factor("Less than a day's notice", 10, "time.planned && change.notice_hours < 24.0"),
        _factor("Takes more than four hours", 10, "change.hours > 4.0"),
        _factor("One in five similar changes went wrong", 20, "history.is_enough && history.rate >= 0.2"),
        _factor("Half of the similar changes went wrong", 20, "history.is_enough && history.rate >= 0.5"),
        _factor("Too few similar changes to know", 10, "!history.is_enough && !change.standard"),
        _factor("Its requester has done none before", 5, "history.own == 0 && !change.standard"),
    )
)
