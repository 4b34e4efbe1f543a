"""How sure a stage wants to be of its voters (X2): `assurance: mfa`, or by risk: `assurance: {high: mfa}`.

Where nothing is said, every vote counts. `click` refuses those that come out of a ticket system.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from config.yamlfile import YamlPath
from core.approvals.risk import RiskLevel
from core.located import Reader
from core.signin import Assurance


@dataclass(frozen=True, slots=True)
class AssuranceNeed:
    """What a vote needs at each level of risk."""

    low: Assurance = Assurance.TICKET
    medium: Assurance = Assurance.TICKET
    high: Assurance = Assurance.TICKET

    def at(self, level: RiskLevel | None) -> Assurance:
        """What is needed at this risk; None, a request whose risk nobody has assessed, counts as high."""
        match level:
            case RiskLevel.LOW:
                return self.low
            case RiskLevel.MEDIUM:
                return self.medium
            case RiskLevel.HIGH | None:
                return self.high
            case _:
                assert_never(level)

    def to_json(self) -> dict[str, str]:
        """As it stands in a stored policy; `from_json` reads it back."""
        levels = {"low": self.low, "medium": self.medium, "high": self.high}
        return {level: need.value for level, need in levels.items() if need is not Assurance.TICKET}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> AssuranceNeed:
        """The need that was stored."""
        return cls(**{level: Assurance(value) for level, value in document.items()})


def read_assurance(reader: Reader, path: YamlPath, value: object) -> AssuranceNeed:
    """The need as a policy file states it: one level, or one for each of some levels of risk."""
    if isinstance(value, str):
        same = _level(reader, path, value)
        return AssuranceNeed(same, same, same)
    fields = reader.mapping(path, value, allowed=tuple(RiskLevel))
    return AssuranceNeed(
        **{level.value: _level(reader, (*path, level), fields[level]) for level in RiskLevel if level in fields}
    )


def _level(reader: Reader, path: YamlPath, value: object) -> Assurance:
    chosen = reader.choice(path, value, tuple(Assurance))
    return Assurance(chosen) if chosen in tuple(Assurance) else Assurance.MFA
