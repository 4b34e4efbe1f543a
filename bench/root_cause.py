"""How often the cause of an incident is the first suspect, or among three: on generated incidents with known causes.

A world is a graph of services, agents, tools, data and infrastructure, of which a share of the edges is not declared;
changes, deployments, other incidents and throttles that happen all day and cause nothing; and one cause. A label is the
cause in the alerts, or in samples of the service, which have four labels each; where something else is, labels have
nothing to do with what fails. The incident is noticed some minutes after its cause, by what needs it, and clocks differ
a little. The yardstick is what people do first: blame the last change or deployment before the incident.

`python -m bench.root_cause --incidents 2000 --seed 7`
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from core.sla import Sample
from core.sla.labelling import counts_of, tallied
from core.suspects import Happening, Kind, Scene, Share, rank
from core.suspects.shares import shares_of_samples

BEGAN: Final = datetime(2026, 3, 2, 15, tzinfo=UTC)
UNDECLARED: Final = 0.15  # of the edges, which the graph does not know
BACKGROUND: Final = {Kind.CHANGE: 14, Kind.DEPLOYMENT: 20, Kind.INCIDENT: 3, Kind.THROTTLE: 2}  # a day, on average
CAUSES: Final = {  # how often each is the cause
    Kind.CHANGE: 0.40,
    Kind.DEPLOYMENT: 0.25,
    Kind.INCIDENT: 0.15,
    Kind.THROTTLE: 0.08,
    Kind.DIMENSION: 0.12,
}
LAG_MEDIAN: Final = timedelta(minutes=12)  # from a cause to its incident
LAG_SPREAD: Final = 1.0  # of its logarithm
SKEW: Final = timedelta(seconds=60)
RISKS: Final = ((0.85, "low"), (1.0, "medium"), (1.2, "high"))
TOPS: Final = (1, 3)
LABELS: Final = {  # of samples: how many values each has
    "region": 3,
    "version": 2,
    "endpoint": 12,
    "agent": 30,
}
ERRORS: Final = 0.01  # of samples that the cause does not touch


@dataclass(frozen=True, slots=True)
class Case:
    """One incident, and what caused it."""

    scene: Scene
    cause: str
    kind: Kind
    is_sampled: bool = False  # the cause is a label of samples


@dataclass(frozen=True, slots=True)
class Hits:
    """How often the cause was found, of so many incidents."""

    cases: int
    first: int
    third: int

    def as_data(self) -> dict[str, float]:
        """Rates, with the number of cases."""
        return {"cases": self.cases, "top_1": _rate(self.first, self.cases), "top_3": _rate(self.third, self.cases)}


def generate(chance: random.Random) -> Case:
    """One incident with its cause."""
    needs = _graph(chance)
    kind = chance.choices(tuple(CAUSES), tuple(CAUSES.values()))[0]
    affected = chance.choice([each for each in needs if each.startswith("service:")])
    background = [
        _background(chance, each, number, tuple(needs))
        for each, often in BACKGROUND.items()
        for number in range(_poisson(chance, often))
    ]
    lag = LAG_MEDIAN * chance.lognormvariate(0.0, LAG_SPREAD)
    known = {
        resource: frozenset(each for each in others if chance.random() >= UNDECLARED)
        for resource, others in needs.items()
    }
    is_sampled = kind is Kind.DIMENSION and chance.random() < 0.5
    if is_sampled:
        label = chance.choice(tuple(LABELS))
        culprit = label, f"{label[0]}0"
        cause, happenings = "=".join(culprit), background
        shares = (*_shares(chance, is_cause=False), *_sampled(chance, culprit))
    elif kind is Kind.DIMENSION:
        cause, happenings, shares = "region=eu", background, _shares(chance, is_cause=True)
    else:
        happened = _culprit(chance, kind, needs, affected, lag)
        cause, happenings = happened.reference, [*background, happened]
        shares = (*_shares(chance, is_cause=False), *_sampled(chance, None))
    chance.shuffle(happenings)
    scene = Scene(BEGAN, frozenset({affected}), known, tuple(happenings), shares)
    return Case(scene, cause, kind, is_sampled)


def measure(cases: Sequence[Case]) -> dict[str, dict[str, float]]:
    """The rates over all incidents, by kind of cause, and of the yardstick."""
    found = {"all": _hits(cases, _ranked)}
    for kind in CAUSES:
        found[str(kind)] = _hits([each for each in cases if each.kind is kind], _ranked)
    found["dimension of samples"] = _hits([each for each in cases if each.is_sampled], _ranked)
    found["yardstick: the last change or deployment"] = _hits(cases, _latest)
    return {name: hits.as_data() for name, hits in found.items()}


def _ranked(case: Case) -> list[str]:
    return [each.reference for each in rank(case.scene)]


def _latest(case: Case) -> list[str]:
    began = case.scene.began_at
    work = [each for each in case.scene.happenings if each.kind in (Kind.CHANGE, Kind.DEPLOYMENT) and each.at <= began]
    return [each.reference for each in sorted(work, key=lambda each: each.ended_at or each.at, reverse=True)]


def _hits(cases: Sequence[Case], judge: object) -> Hits:
    assert callable(judge)
    ranks = [judge(case)[: max(TOPS)] for case in cases]
    first = sum(case.cause in found[:1] for case, found in zip(cases, ranks, strict=True))
    third = sum(case.cause in found for case, found in zip(cases, ranks, strict=True))
    return Hits(len(cases), first, third)


def _graph(chance: random.Random) -> dict[str, set[str]]:
    """Services need agents, agents need tools and data, those need infrastructure, as in a middling company."""
    layers = {
        "service": [f"service:s{number}" for number in range(12)],
        "agent": [f"agent:a{number}" for number in range(25)],
        "tool": [f"tool:t{number}" for number in range(12)],
        "data": [f"data:d{number}" for number in range(8)],
        "infrastructure": [f"infrastructure:i{number}" for number in range(5)],
    }
    needs: dict[str, set[str]] = {each: set() for layer in layers.values() for each in layer}
    for service in layers["service"]:
        needs[service] |= set(chance.sample(layers["agent"], chance.randint(1, 3)))
    for agent in layers["agent"]:
        needs[agent] |= set(chance.sample([*layers["tool"], *layers["data"]], chance.randint(1, 4)))
    for lower in (*layers["tool"], *layers["data"]):
        needs[lower] |= set(chance.sample(layers["infrastructure"], chance.randint(0, 2)))
    return needs


def _culprit(chance: random.Random, kind: Kind, needs: dict[str, set[str]], affected: str, lag: timedelta) -> Happening:
    """What caused it: on what is affected itself, or up to three steps down what it really needs."""
    at = affected
    for _step in range(chance.choice((0, 1, 1, 2, 2, 3))):
        if not needs[at]:
            break
        at = chance.choice(sorted(needs[at]))
    if kind is Kind.INCIDENT and at == affected and needs[affected]:
        at = chance.choice(sorted(needs[affected]))
    if kind in (Kind.DEPLOYMENT, Kind.THROTTLE):
        at = chance.choice(sorted(needs[affected]))
    return _happening(chance, kind, "cause", at, BEGAN - lag + _skew(chance), is_cause=True)


def _background(chance: random.Random, kind: Kind, number: int, resources: Sequence[str]) -> Happening:
    wanted = [each for each in resources if kind is not Kind.DEPLOYMENT or each.startswith("agent:")]
    at = BEGAN - timedelta(hours=24) * chance.random()
    return _happening(chance, kind, str(number), chance.choice(wanted), at, is_cause=False)


def _happening(
    chance: random.Random, kind: Kind, name: str, resource: str, at: datetime, *, is_cause: bool
) -> Happening:
    """What is dangerous is a cause more often, though not always."""
    weight, _level = chance.choices(RISKS, (1, 3, 3) if is_cause else (4, 3, 1))[0]
    took = timedelta(minutes=chance.uniform(1, 20)) if kind is Kind.CHANGE else timedelta()
    over = at + timedelta(hours=chance.uniform(0.2, 6)) if kind in (Kind.INCIDENT, Kind.THROTTLE) else at
    lasts = kind in (Kind.INCIDENT, Kind.THROTTLE) and (is_cause or over > BEGAN)
    return Happening(
        kind=kind,
        reference=f"{kind}:{name}",
        title=name,
        at=at - took,
        ended_at=None if lasts else over,
        resources=frozenset({resource}),
        weight=weight if kind is Kind.CHANGE else 1.0,
    )


def _shares(chance: random.Random, *, is_cause: bool) -> tuple[Share, ...]:
    """Labels of what failed: one value stands out if it is the cause, others a little, as chance has it."""
    failed = chance.randint(8, 120)
    found = []
    for label, usual in (("region", 0.3), ("model", 0.5), ("customer", 0.1)):
        value = "eu" if label == "region" else "x"
        stands_out = is_cause and label == "region"
        expected = chance.uniform(0.75, 1.0) if stands_out else usual + chance.uniform(-0.12, 0.12)
        failures = sum(chance.random() < expected for _ in range(failed))
        found.append(Share(label, value, failures, failed, int(usual * 5000), 5000))
    return tuple(found)


def _sampled(chance: random.Random, culprit: tuple[str, str] | None) -> tuple[Share, ...]:
    """Labels of samples that failed and of those that did not; what has the culprit's label fails far more often."""
    touched = chance.uniform(0.3, 0.95)  # of what the cause touches fails
    samples = []
    for _ in range(chance.randint(200, 800)):
        labels = tuple((name, f"{name[0]}{chance.randrange(count)}") for name, count in sorted(LABELS.items()))
        fails = chance.random() < (touched if culprit is None or culprit in labels else ERRORS)
        samples.append(Sample("s", BEGAN, 0.1, not fails, labels))
    (tallies,) = tallied(samples).values()
    return tuple(shares_of_samples(counts_of(tallies)))


def _poisson(chance: random.Random, often: float) -> int:
    """How many of them there are on one day."""
    count, passed = 0, chance.expovariate(often)
    while passed < 1:
        count += 1
        passed += chance.expovariate(often)
    return count


def _skew(chance: random.Random) -> timedelta:
    return SKEW * chance.gauss(0.0, 1.0)


def _rate(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 0.0


def main(argv: list[str] | None = None) -> int:
    """Prints the rates as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.root_cause", description=__doc__)
    parser.add_argument("--incidents", type=int, default=2000, help="generated (%(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="of the generator (%(default)s)")
    given = parser.parse_args(argv)
    chance = random.Random(given.seed)
    found = measure([generate(chance) for _ in range(given.incidents)])
    sys.stdout.write(f"{json.dumps({'seed': given.seed, **found}, indent=2)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
