"""What a service has promised: one figure, its bound, and the time over which it holds. Pure (S1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from core.durations import parse_duration
from core.sla.windows import LAST_DAY, Window

ANY: Final = "*"  # every service that has no objective of that name itself
PERCENTILE: Final = 0.95
MINIMUM_TRAFFIC: Final = 30  # operations in a window, below which nobody is woken for a few failures (D20)
_BOUND: Final = re.compile(r"(<=|>=|<|>|)\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(.*)", re.DOTALL)
_RATE_UNITS: Final = re.compile(
    r"(?:operations?|ops|requests?|calls?)\s*(?:/|per)\s*(second|sec|s|minute|min|m|hour|h)"
)
_FOUR_DIGITS: Final = 999.5  # of which three digits would be "1e+03"
_PER_MINUTE: Final = {"s": 60.0, "m": 1.0, "h": 1 / 60}


class Metric(StrEnum):
    """What is promised."""

    AVAILABILITY = "availability"  # share of the time in which it works
    RESPONSE_TIME = "response_time"  # seconds, at a percentile
    THROUGHPUT = "throughput"  # operations per minute
    SUCCESS_RATE = "success_rate"
    ERROR_RATE = "error_rate"


SHARES: Final = frozenset({Metric.AVAILABILITY, Metric.SUCCESS_RATE, Metric.ERROR_RATE})
EXAMPLES: Final[Mapping[Metric, tuple[str, ...]]] = {
    Metric.AVAILABILITY: ("99.9%",),
    Metric.RESPONSE_TIME: ("< 2 seconds", "<= 500 ms"),
    Metric.THROUGHPUT: ("> 1000 operations/minute",),
    Metric.SUCCESS_RATE: ("> 99%",),
    Metric.ERROR_RATE: ("< 1%",),
}
_UPWARDS: Final = frozenset({Metric.AVAILABILITY, Metric.THROUGHPUT, Metric.SUCCESS_RATE})


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must be: `op` is one of <, <=, >, >=; a share from 0 to 1, seconds, or operations per minute."""

    op: str
    limit: float

    def admits(self, value: float) -> bool:
        """Whether the value keeps it."""
        match self.op:
            case "<":
                return value < self.limit
            case "<=":
                return value <= self.limit
            case ">":
                return value > self.limit
            case _:
                return value >= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """One promise. `name` is unique within its service."""

    name: str
    metric: Metric
    bound: Bound
    window: Window = LAST_DAY
    service: str = ANY
    percentile: float = PERCENTILE  # of response times
    description: str = ""
    pages: bool = True  # whether an alert of it opens an incident
    minimum_traffic: int = MINIMUM_TRAFFIC
    labels: Mapping[str, str] = field(default_factory=dict)
    is_inherited: bool = False  # by its service, from what is promised of every one

    @property
    def target(self) -> float | None:
        """The share of what is counted that must be good; None where nothing is counted."""
        match self.metric:
            case Metric.AVAILABILITY | Metric.SUCCESS_RATE:
                return self.bound.limit
            case Metric.ERROR_RATE:
                return round(1 - self.bound.limit, 12)
            case Metric.RESPONSE_TIME:
                return self.percentile
            case Metric.THROUGHPUT:
                return None

    @property
    def target_words(self) -> str:
        """`>= 99.9%`, `< 2s`: `read_bound` reads it back."""
        return bound_words(self.metric, self.bound)

    @property
    def words(self) -> str:
        """`95% of response times < 2s`, `availability >= 99.9%`."""
        return f"{_SUBJECTS[self.metric].format(f'{self.percentile * 100:g}')} {self.target_words}"

    def to_json(self) -> dict[str, Any]:
        """As stored; `from_json` reads it back."""
        return {
            "name": self.name,
            "metric": self.metric,
            "op": self.bound.op,
            "limit": self.bound.limit,
            "window": self.window.to_json(),
            "service": self.service,
            "percentile": self.percentile,
            "description": self.description,
            "pages": self.pages,
            "minimum_traffic": self.minimum_traffic,
            "labels": dict(self.labels),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Objective:
        """What was stored."""
        return cls(
            name=document["name"],
            metric=Metric(document["metric"]),
            bound=Bound(document["op"], document["limit"]),
            window=Window.from_json(document["window"]),
            service=document["service"],
            percentile=document["percentile"],
            description=document["description"],
            pages=document["pages"],
            minimum_traffic=document["minimum_traffic"],
            labels=document["labels"],
        )


_SUBJECTS: Final[Mapping[Metric, str]] = {
    Metric.AVAILABILITY: "availability",
    Metric.RESPONSE_TIME: "{}% of response times",
    Metric.THROUGHPUT: "throughput",
    Metric.SUCCESS_RATE: "success rate",
    Metric.ERROR_RATE: "error rate",
}


def read_bound(metric: Metric, text: str) -> Bound | None:
    """The bound in "99.9%", "< 2 seconds", "> 1000 operations/minute"; None for anything else.

    Without a sign it is the sensible one, and inclusive. A sign that points the wrong way is none: nobody promises to
    be slow.
    """
    found = _BOUND.fullmatch(text.strip())
    if found is None:
        return None
    is_upwards = metric in _UPWARDS
    op = found[1] or (">=" if is_upwards else "<=")
    if op.startswith(">") != is_upwards:
        return None
    limit = _limit(metric, found[2], found[3].strip().lower())
    return None if limit is None else Bound(op, limit)


def is_same(one: Objective, other: Objective) -> bool:
    """Whether both promise the same: a percentile says something of response times alone."""
    return _compared(one) == _compared(other)


def bound_words(metric: Metric, bound: Bound) -> str:
    """The bound, exactly, as `read_bound` reads it."""
    limit = bound.limit
    if metric in SHARES:
        shown = f"{limit * 100:.10g}%"
    elif metric is Metric.RESPONSE_TIME:
        shown = f"{limit * 1000:.10g}ms" if limit < 1 else f"{limit:.10g}s"
    else:
        shown = f"{limit:.10g} operations/minute"
    return f"{bound.op} {shown}"


def value_words(metric: Metric, value: float) -> str:
    """A figure as people read it: `99.95%`, `1.84s`, `250ms`, `1,200 operations/minute`."""
    if metric in SHARES:
        return f"{round(value * 100, 4):g}%"
    if metric == Metric.RESPONSE_TIME:
        return f"{value * 1000:.3g}ms" if value < 0.9995 else f"{figure_words(value)}s"
    return f"{value:,.0f} operations/minute" if value >= 1 else f"{value:.2g} operations/minute"


def figure_words(value: float) -> str:
    """Three digits where there are fewer, else all of the whole ones: `0.125`, `14.4`, `22,525`; never `1e+03`."""
    return f"{value:.3g}" if abs(value) < _FOUR_DIGITS else f"{value:,.0f}"


def _limit(metric: Metric, number: str, unit: str) -> float | None:
    value = float(number)
    if metric in SHARES:
        share = round(value / 100, 12)
        return share if unit == "%" and 0 < share < 1 else None
    if metric is Metric.RESPONSE_TIME:
        is_in_ms = unit in ("ms", "millisecond", "milliseconds")
        length = None if is_in_ms else parse_duration(f"{number} {unit}" if unit else None)
        seconds = value / 1000 if is_in_ms else length.total_seconds() if length else 0.0
        return seconds if 0 < seconds <= 3600 else None
    rate = _RATE_UNITS.fullmatch(unit)
    return value * _PER_MINUTE[rate[1][0]] if rate and value > 0 else None


def _compared(objective: Objective) -> Objective:
    window = objective.window
    return replace(
        objective,
        percentile=objective.percentile if objective.metric is Metric.RESPONSE_TIME else PERCENTILE,
        window=replace(window, zone="UTC") if window.unit is None or window.zone == "Etc/UTC" else window,
        labels={},  # no document has any
        is_inherited=False,
    )
