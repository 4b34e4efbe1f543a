"""What could cost less, by how much a month, and what shows it. Pure (C6).

Five kinds, each from four weeks of the ledger. A saving is what the last four weeks cost, times 365/12/28, of what
would not have been spent; it is an expectation, and `effect.py` measures what came of it.

idle            costs money by existing (monitoring, storage) and has done nothing for two weeks: retire it
over_provision  holds three times the memory for each CPU hour that its peers hold: give it less
expensive_meter uses four times what its peers use of one meter: look at why
duplicate       the same service, and nearly the same words and tools, as another that does more: merge them
schedule        computes through hours of the week in which it never does anything: switch it off then
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import combinations
from statistics import median
from typing import Final

from core.costs import meter_title
from core.finance.variance import decimal_of
from core.money import in_full

WINDOW: Final = 28  # days
MONTH: Final = Fraction(365, 12)  # days
SAVING_MIN: Final = Decimal(1)  # a month, in the currency: less is not worth a person's time
IDLE_DAYS: Final = 14
PEERS_MIN: Final = 4  # others: a median of fewer is an anecdote
PROVISION_FACTOR: Final = 3
METER_FACTOR: Final = 4
METER_SHARE: Final = Decimal("0.1")  # of the agent's own cost: a trifle is left alone
LIKENESS: Final = 0.6  # of words and tools
ASLEEP_SHARE: Final = Fraction(1, 4)  # of its compute cost
ASLEEP_SAVED: Final = Fraction(9, 10)  # switching off and on costs something too
COMPUTE: Final = "compute_costs"
STANDING: Final = frozenset({"agent_monitoring", "storage_gb_months"})  # meters that run by an agent's mere existence
MEMORY, CPU = "memory_gb_hours", "cpu_hours"
_WORD: Final = re.compile(r"[^\W_]{3,}")
HOURS: Final = 7 * 24


class Kind(StrEnum):
    """What could be done."""

    IDLE = "idle"
    OVER_PROVISION = "over_provision"
    EXPENSIVE_METER = "expensive_meter"
    DUPLICATE = "duplicate"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Use:
    """What an agent used of a meter in the window, and when it last did."""

    meter: str
    meter_class: str
    quantity: Decimal
    cost: Decimal
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An agent of the registry, with what it used. `hours`: of each hour of the week, compute cost and deeds."""

    name: str
    service: str
    words: str  # what it is said to do
    tools: frozenset[str] = frozenset()
    since: date
    uses: tuple[Use, ...] = ()
    hours: Mapping[int, tuple[Decimal, int]] = field(default_factory=dict)  # 0: Monday, 00:00 to 01:00 UTC

    @property
    def cost(self) -> Decimal:
        """Of the window."""
        return sum((each.cost for each in self.uses), Decimal(0))

    @property
    def standing_cost(self) -> Decimal:
        """What it costs by existing, in the window."""
        return sum((each.cost for each in self.uses if each.meter in STANDING), Decimal(0))

    @property
    def compute_cost(self) -> Decimal:
        """Of the window."""
        return sum((each.cost for each in self.uses if each.meter_class == COMPUTE), Decimal(0))

    def used(self, meter: str) -> Use | None:
        """What it used of the meter; None if nothing."""
        return next((each for each in self.uses if each.meter == meter), None)


@dataclass(frozen=True, slots=True)
class Finding:
    """A recommendation. `key` is the same however often it is found; `saving` is by the month."""

    kind: Kind
    agent: str
    key: str
    title: str
    action: str  # what to do, in one sentence
    saving: Decimal
    evidence: tuple[tuple[str, str], ...]  # label and figure


def findings(subjects: Sequence[Subject], *, today: date) -> tuple[Finding, ...]:
    """Everything that could cost less, the dearest first. What is idle is not looked at in other ways."""
    idle = list(_idle(subjects, today=today))
    resting = {each.agent for each in idle}
    busy = [each for each in subjects if each.name not in resting]
    found = [*idle, *_over_provision(busy), *_expensive(busy), *_duplicates(busy), *_asleep(busy)]
    worth = [each for each in found if each.saving >= SAVING_MIN]
    return tuple(sorted(worth, key=lambda each: (-each.saving, each.key)))


def monthly(cost: Decimal | Fraction) -> Decimal:
    """What four weeks cost, as a month."""
    return decimal_of(Fraction(cost) * MONTH / WINDOW).quantize(Decimal("0.01"))


def _idle(subjects: Iterable[Subject], *, today: date) -> Iterator[Finding]:
    for each in subjects:
        deeds = [use.last for use in each.uses if use.meter not in STANDING]
        last = max(deeds, default=each.since)
        days = (today - last).days
        if days < IDLE_DAYS or not each.cost:
            continue
        evidence = (
            ("Last deed", f"{last.isoformat()}, {days} days ago" if deeds else f"none since {each.since.isoformat()}"),
            ("Cost in 28 days", str(_money(each.cost))),
            ("of that by existing", str(_money(each.standing_cost))),
        )
        yield _finding(
            Kind.IDLE,
            each.name,
            f"{each.name} has done nothing for {days} days",
            f"Retire {each.name}, or pause it until it is needed.",
            monthly(each.standing_cost),
            evidence,
        )


def _over_provision(subjects: Sequence[Subject]) -> Iterator[Finding]:
    ratios = {
        each.name: Fraction(memory.quantity) / Fraction(cpu.quantity)
        for each in subjects
        if (memory := each.used(MEMORY)) and (cpu := each.used(CPU)) and cpu.quantity > 0 and memory.quantity > 0
    }
    for each in subjects:
        if each.name not in ratios:
            continue
        usual = _usual(ratios, each.name)
        ratio, memory = ratios[each.name], each.used(MEMORY)
        if usual is None or memory is None or ratio < PROVISION_FACTOR * usual:
            continue
        saved = Fraction(memory.cost) * (1 - 2 * usual / ratio)  # down to twice the usual, not to the usual itself
        evidence = (
            ("GB-hours for each CPU hour", f"{float(ratio):.1f}"),
            (f"median of {len(ratios) - 1} others", f"{float(usual):.1f}"),
            ("Memory cost in 28 days", str(_money(memory.cost))),
        )
        yield _finding(
            Kind.OVER_PROVISION,
            each.name,
            f"{each.name} holds {float(ratio / usual):.1f} times the memory of its peers",
            f"Give {each.name} less memory: {float(2 * usual):.1f} GB for each CPU is twice what others need.",
            monthly(saved),
            evidence,
        )


def _expensive(subjects: Sequence[Subject]) -> Iterator[Finding]:
    meters: dict[str, dict[str, Fraction]] = defaultdict(dict)
    for each in subjects:
        for use in each.uses:
            if use.meter not in STANDING and use.meter_class != COMPUTE and use.quantity > 0:
                meters[use.meter][each.name] = Fraction(use.quantity)
    for each in subjects:
        for use in each.uses:
            usual = _usual(meters.get(use.meter, {}), each.name)
            quantity = Fraction(use.quantity)
            if usual is None or quantity < METER_FACTOR * usual or use.cost < METER_SHARE * each.cost:
                continue
            saved = Fraction(use.cost) * (1 - 2 * usual / quantity)
            words = meter_title(use.meter)
            evidence = (
                (f"{words} in 28 days", in_full(use.quantity)),
                (f"median of {len(meters[use.meter]) - 1} others", f"{float(usual):,.1f}"),
                ("Cost in 28 days", str(_money(use.cost))),
                ("Share of its cost", f"{use.cost / each.cost:.0%}"),
            )
            yield _finding(
                Kind.EXPENSIVE_METER,
                each.name,
                f"{each.name} uses {float(quantity / usual):.1f} times the {words} of its peers",
                f"Find out why {each.name} needs so much of {words}: log less, report or scan less often.",
                monthly(saved),
                evidence,
                about=use.meter,
            )


def _duplicates(subjects: Sequence[Subject]) -> Iterator[Finding]:
    by_service: dict[str, list[Subject]] = defaultdict(list)
    for each in subjects:
        by_service[each.service].append(each)
    for service, peers in by_service.items():
        for one, other in combinations(sorted(peers, key=lambda each: each.name), 2):
            likeness = _likeness(one, other)
            if likeness < LIKENESS:
                continue
            less, more = sorted((one, other), key=lambda each: (each.cost, each.name))
            saved = Fraction(less.standing_cost) + Fraction(less.compute_cost) / 2
            evidence = (
                ("Service of both", service),
                ("Likeness of words and tools", f"{likeness:.0%}"),
                (f"{less.name} in 28 days", str(_money(less.cost))),
                (f"{more.name} in 28 days", str(_money(more.cost))),
            )
            yield _finding(
                Kind.DUPLICATE,
                less.name,
                f"{less.name} does what {more.name} does",
                f"Let {more.name} do both, and retire {less.name}: its standing cost and half of its compute go.",
                monthly(saved),
                evidence,
                about=more.name,
            )


def _asleep(subjects: Iterable[Subject]) -> Iterator[Finding]:
    for each in subjects:
        compute = sum((Fraction(cost) for cost, _deeds in each.hours.values()), Fraction(0))
        deeds = sum(count for _cost, count in each.hours.values())
        asleep = [hour for hour, (_cost, count) in each.hours.items() if not count]
        lost = sum((Fraction(each.hours[hour][0]) for hour in asleep), Fraction(0))
        if deeds < WINDOW or compute <= 0 or lost < ASLEEP_SHARE * compute:
            continue
        evidence = (
            ("Hours of the week without a deed", f"{len(asleep)} of {len(each.hours)} in which it computes"),
            ("Compute cost of these in 28 days", str(_money(decimal_of(lost)))),
            ("Share of its compute cost", f"{float(lost / compute):.0%}"),
            ("Deeds in 28 days", f"{deeds:,}"),
        )
        hours = "an hour" if len(asleep) == 1 else f"{len(asleep)} hours"
        yield _finding(
            Kind.SCHEDULE,
            each.name,
            f"{each.name} computes through {hours} of the week in which it does nothing",
            f"Switch {each.name} off in these hours (UTC): {spans(asleep)}.",
            monthly(lost * ASLEEP_SAVED),
            evidence,
        )


def spans(hours: Iterable[int]) -> str:
    """Hours of the week as people say them, the longest spans first: Sat 00:00 - Mon 06:00."""
    chosen = sorted(set(hours))
    found: list[list[int]] = []
    for hour in chosen:
        if found and found[-1][1] == hour:
            found[-1][1] = hour + 1
        else:
            found.append([hour, hour + 1])
    if len(found) > 1 and found[0][0] == 0 and found[-1][1] == HOURS:  # the week goes round
        found[-1][1] += found.pop(0)[1]
    longest = sorted(found, key=lambda each: each[0] - each[1])
    said = [f"{_hour(begins)} - {_hour(ends)}" for begins, ends in longest[:4]]
    return ", ".join(said) + (f" and {len(longest) - 4} shorter ones" if len(longest) > 4 else "")


def _hour(hour: int) -> str:
    hour %= HOURS
    return f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[hour // 24]} {hour % 24:02d}:00"


def _usual(figures: Mapping[str, Fraction], name: str) -> Fraction | None:
    """The median of the others; None if there are too few."""
    others = [figure for other, figure in figures.items() if other != name]
    return Fraction(median(others)) if len(others) >= PEERS_MIN and name in figures else None


def _likeness(one: Subject, other: Subject) -> float:
    """How much of their words, and of their tools, they share; what neither names counts not."""
    pairs = [(_words(one), _words(other)), (one.tools, other.tools)]
    shares = [len(a & b) / len(a | b) for a, b in pairs if a and b]
    return sum(shares) / len(shares) if shares else 0.0


def _words(subject: Subject) -> frozenset[str]:
    return frozenset(_WORD.findall(f"{subject.name} {subject.words}".lower()))


def _finding(
    kind: Kind,
    agent: str,
    title: str,
    action: str,
    saving: Decimal,
    evidence: tuple[tuple[str, str], ...],
    *,
    about: str = "",
) -> Finding:
    key = ":".join(filter(None, (kind, agent, about)))
    return Finding(kind, agent, key, title, action, saving, evidence)


def _money(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))
