"""How a rollout is watched: the checks, for how long, and what follows when they fail. Kept with each rollout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

DEFAULT_WATCH: Final = timedelta(minutes=10)
DEFAULT_EVERY: Final = timedelta(seconds=30)
DEFAULT_LIMIT: Final = timedelta(hours=1)
DEFAULT_SILENCE: Final = timedelta(minutes=5)
DEFAULT_OVER: Final = timedelta(minutes=5)
LEVELS: Final = (
    "burn_rate", "availability", "response_time_p95", "throughput_per_minute", "success_rate", "error_rate",
)  # fmt: skip
"""The figures of a service that a check can hold it to."""
CHECKS_MAX: Final = 20  # each look asks for all of them


class CheckKind(StrEnum):
    """Where a check's value comes from."""

    HEALTH = "health"  # an address that answers 2xx
    METRIC = "metric"  # a figure that the platform reports of the rollout: error_rate
    QUERY = "query"  # a number in the JSON that an address answers with
    SERVICE_LEVEL = "service_level"  # a figure of a service whose operations are sampled here


class OnFailure(StrEnum):
    """What follows when a rollout fails or its checks do."""

    ROLL_BACK = "roll_back"
    TELL = "tell"  # people decide


@dataclass(frozen=True, slots=True)
class Check:
    """One success criterion. A value within the bounds passes; no value fails."""

    name: str
    kind: CheckKind
    url: str = ""
    metric: str = ""
    value: str = ""  # JSON pointer (RFC 6901) to the number in the answer of a query
    service: str = ""  # whose level; `{resource}`: of each that the change touches
    over_s: float = DEFAULT_OVER.total_seconds()  # of its level
    at_most: float | None = None
    at_least: float | None = None

    def admits(self, value: float) -> bool:
        """Whether the value is within the bounds."""
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)

    @property
    def bounds(self) -> str:
        """The bounds in words."""
        least = "" if self.at_least is None else f"at least {self.at_least:g}"
        most = "" if self.at_most is None else f"at most {self.at_most:g}"
        return " and ".join(each for each in (least, most) if each)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rollout is held to from its start to its end, whatever the policy says later."""

    watch: timedelta = DEFAULT_WATCH
    every: timedelta = DEFAULT_EVERY
    limit: timedelta = DEFAULT_LIMIT  # for the platform to do, or to undo, it
    silence: timedelta = DEFAULT_SILENCE  # after which people are told that nothing is heard
    tolerance: int = 2  # rounds in a row that must fail
    on_failure: OnFailure = OnFailure.ROLL_BACK
    checks: tuple[Check, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """As stored; `from_json` reads it back."""
        return {
            **{name: getattr(self, name).total_seconds() for name in _TIMES},
            "tolerance": self.tolerance,
            "on_failure": self.on_failure,
            "checks": [asdict(each) for each in self.checks],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Plan:
        """What was stored."""
        return cls(
            **{name: timedelta(seconds=document[name]) for name in _TIMES},
            tolerance=document["tolerance"],
            on_failure=OnFailure(document["on_failure"]),
            checks=tuple(Check(**{**each, "kind": CheckKind(each["kind"])}) for each in document["checks"]),
        )


_TIMES: Final = ("watch", "every", "limit", "silence")
