"""How risky a request is: factors that hold, each with its weight and the values that it saw (P5).

The score is the sum of the weights, at most 100: a number that people can check by adding up, not a model's opinion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from core.conditions import Condition, Facts, compile_condition

SCORE_MAX: Final = 100
SUBJECTS: Final = ("request", "agent", "requester", "tenant", "budget", "time")  # all but the risk itself


class RiskLevel(StrEnum):
    """The framework's three levels."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class RiskFactor:
    """Something that makes a request riskier."""

    name: str
    weight: int
    when: Condition


@dataclass(frozen=True, slots=True)
class RiskModel:
    """The factors of a policy, and from which score on a request is of medium and of high risk."""

    factors: tuple[RiskFactor, ...]
    medium_from: int = 30
    high_from: int = 60

    def to_json(self) -> dict[str, Any]:
        """As it stands in a policy; `model_from_json` reads it back."""
        return {
            "medium": self.medium_from,
            "high": self.high_from,
            "factors": [{"factor": each.name, "weight": each.weight, "when": each.when.text} for each in self.factors],
        }


@dataclass(frozen=True, slots=True)
class Counted:
    """A factor that counted, and why."""

    name: str
    weight: int
    values: Mapping[str, Any]
    error: str = ""  # it counted because it could not be evaluated


@dataclass(frozen=True, slots=True)
class Risk:
    """The score with its reasons, the heaviest first."""

    score: int
    level: RiskLevel
    counted: tuple[Counted, ...]


def assess_risk(model: RiskModel, facts: Facts) -> Risk:
    """The risk under the model. A factor that cannot be evaluated counts: what is not known is not safe."""
    counted = []
    for factor in model.factors:
        finding = factor.when.find(facts, in_doubt=True)
        if finding.holds:
            counted.append(Counted(factor.name, factor.weight, finding.values, finding.error))
    score = min(sum(each.weight for each in counted), SCORE_MAX)
    level = RiskLevel.LOW
    if score >= model.medium_from:
        level = RiskLevel.HIGH if score >= model.high_from else RiskLevel.MEDIUM
    return Risk(score, level, tuple(sorted(counted, key=lambda each: -each.weight)))


def model_from_json(document: Mapping[str, Any]) -> RiskModel:
    """The model that was stored."""
    return RiskModel(
        factors=tuple(
            RiskFactor(each["factor"], each["weight"], compile_condition(each["when"], subjects=SUBJECTS))
            for each in document["factors"]
        ),
        medium_from=document["medium"],
        high_from=document["high"],
    )


def _factor(name: str, weight: int, when: str) -> RiskFactor:
    return RiskFactor(name, weight, compile_condition(when, subjects=SUBJECTS))


# For policies that name no factors of their own: what the attributes of an agent say about what it could do.
DEFAULT_MODEL: Final = RiskModel(
    factors=(
        _factor(
            "Works on confidential or personal data",
            40,
            "has(agent.attributes.data_classification) && "
            'agent.attributes.data_classification in ["confidential", "restricted", "personal"]',
        ),
        _factor(
            "Acts without a person in the loop",
            30,
            'has(agent.attributes.autonomy) && agent.attributes.autonomy == "autonomous"',
        ),
        _factor(
            "Runs in production",
            20,
            'has(agent.attributes.environment) && agent.attributes.environment == "production"',
        ),
        _factor(
            "Reaches systems outside the company",
            20,
            'has(agent.attributes.external_access) && agent.attributes.external_access in ["yes", "true"]',
        ),
        _factor("Asked for outside working hours", 10, "!time.working_hours"),
    )
)
