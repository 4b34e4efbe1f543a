"""What was measured, as a table for people or as JSON. Ratios are taken round by round, then summarised.

A machine drifts within minutes; two cases of one round share its luck, so their ratio says more than either rate.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several rounds, and how far they lay apart."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{figure(self.median)} [{figure(self.low)}..{figure(self.high)}]"


@dataclass(frozen=True, slots=True)
class Round:
    """One case in one round. Latencies where calls were timed one by one."""

    rate: float  # per second
    p50_s: float | None = None
    p99_s: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was measured, in every round."""

    name: str
    rounds: tuple[Round, ...]

    @property
    def rates(self) -> tuple[float, ...]:
        """Per second, round by round."""
        return tuple(each.rate for each in self.rounds)

    @property
    def p50_s(self) -> tuple[float, ...]:
        """Median latencies, round by round; empty where none were taken."""
        return tuple(each.p50_s for each in self.rounds if each.p50_s is not None)

    @property
    def p99_s(self) -> tuple[float, ...]:
        """As `p50_s`."""
        return tuple(each.p99_s for each in self.rounds if each.p99_s is not None)


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio of rates that is wanted: the slower the peers and the faster the case, the better."""

    text: str
    case: str
    rivals: tuple[str, ...]  # of several, the fastest
    at_least: float


@dataclass(frozen=True, slots=True)
class Section:
    """Cases that were measured in the same interleaved rounds, `baselines` among them."""

    title: str
    cases: tuple[Case, ...]
    baselines: tuple[str, ...]
    goals: tuple[Goal, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def case(self, name: str) -> Case:
        """The case with this name."""
        return next(case for case in self.cases if case.name == name)


def spread(values: Sequence[float]) -> Spread:
    """Median, least and greatest. Raises ValueError for no values."""
    if not values:
        raise ValueError("there is nothing to summarise")
    return Spread(statistics.median(values), min(values), max(values))


def ratio(case: Sequence[float], baseline: Sequence[float]) -> Spread:
    """Case / baseline, each pair from the same round. Raises ValueError if the rounds do not match."""
    return spread([mine / other for mine, other in zip(case, baseline, strict=True)])


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the least value that is not below `share` (0..1) of all. No interpolation."""
    if not values:
        raise ValueError("there is nothing to rank")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def reached(section: Section, goal: Goal) -> Spread:
    """The goal's ratio, in each round against the rival that was fastest in it."""
    rivals = zip(*(section.case(name).rates for name in goal.rivals), strict=True)
    return ratio(section.case(goal.case).rates, [max(rates) for rates in rivals])


def figure(value: float) -> str:
    """Three significant digits, thousands separated."""
    digits = 2 - math.floor(math.log10(abs(value))) if value else 0
    rounded = round(value, digits)
    return f"{rounded:,.{digits}f}" if digits > 0 else f"{rounded:,.0f}"


def as_data(section: Section) -> dict[str, Any]:
    """The section for a machine: every round, so that others can summarise differently."""
    return {
        "title": section.title,
        "baselines": list(section.baselines),
        "cases": {
            case.name: [{"rate": each.rate, "p50_s": each.p50_s, "p99_s": each.p99_s} for each in case.rounds]
            for case in section.cases
        },
        "goals": [
            {"goal": goal.text, "at_least": goal.at_least, "reached": reached(section, goal).median}
            for goal in section.goals
        ],
        "notes": list(section.notes),
    }


def show(section: Section, out: Console) -> None:
    """The section stands on the console."""
    table = Table("case", "per second", title=section.title, title_justify="left")
    is_timed = any(case.p50_s for case in section.cases)
    if is_timed:
        table.add_column("p50 ms")
        table.add_column("p99 ms")
    for name in section.baselines:
        table.add_column(f"rate / {name}")
    if is_timed:
        table.add_column(f"p50, p99 / {section.baselines[-1]}")
    for case in section.cases:
        cells = [case.name, str(spread(case.rates))]
        if is_timed:
            cells += [_milliseconds(case.p50_s), _milliseconds(case.p99_s)]
        cells += [str(ratio(case.rates, section.case(name).rates)) for name in section.baselines]
        if is_timed:
            last = section.case(section.baselines[-1])
            cells.append(f"{ratio(case.p50_s, last.p50_s)}, {ratio(case.p99_s, last.p99_s)}")
        table.add_row(*cells)
    out.print(table)
    for goal in section.goals:
        value = reached(section, goal)
        verdict = "reached" if value.median >= goal.at_least else "missed"
        out.print(f"  {verdict}: {goal.text}: {value}", highlight=False)
    for note in section.notes:
        out.print(f"  {note}", highlight=False)
    out.print()


def _milliseconds(values: Sequence[float]) -> str:
    return str(spread([value * 1000 for value in values])) if values else "–"
