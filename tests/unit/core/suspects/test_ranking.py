"""Who is suspected of an incident, and in what order (S5)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.root_cause import BEGAN, generate, measure
from core.sla import Sample
from core.sla.labelling import counts_of, tallied
from core.suspects import Happening, Kind, Scene, Share, ShareOf, rank
from core.suspects.ranking import chance_of
from core.suspects.shares import shares_of_samples

NEEDS = {
    "service:Payments": frozenset({"agent:payer"}),
    "agent:payer": frozenset({"tool:ledger"}),
    "service:Support": frozenset({"agent:helper"}),
}


def happened(reference="CHG-1", *, minutes=10, touches="agent:payer", kind=Kind.CHANGE, **changes):
    at = BEGAN - timedelta(minutes=minutes)
    over = None if kind in (Kind.INCIDENT, Kind.THROTTLE) else at
    facts = {"title": "Something", "at": at, "ended_at": over, "resources": frozenset({touches}), **changes}
    return Happening(kind=kind, reference=reference, **facts)


def scene(*happenings, shares=()):
    return Scene(BEGAN, frozenset({"service:Payments"}), NEEDS, happenings, shares)


def names(found):
    return [each.reference for each in found]


@pytest.mark.row("S5")
@pytest.mark.parametrize(
    ("likelier", "other"),
    [
        pytest.param(happened("A", minutes=5), happened("B", minutes=90), id="the later one"),
        pytest.param(happened("A", touches="agent:payer"), happened("B", touches="tool:ledger"), id="the nearer one"),
        pytest.param(happened("A", minutes=60), happened("B", touches="agent:helper"), id="one that is connected"),
        pytest.param(happened("A", weight=1.2), happened("B", weight=0.85), id="the riskier one"),
        pytest.param(
            happened("A", kind=Kind.INCIDENT, touches="tool:ledger"),
            happened("B", minutes=200),
            id="what it needs is down",
        ),
    ],
)
def test_of_two_the_likelier_is_suspected_first_whatever_their_order(likelier, other):
    assert names(rank(scene(likelier, other))) == ["A", "B"]
    assert names(rank(scene(other, likelier))) == ["A", "B"]


@pytest.mark.row("S5")
@pytest.mark.parametrize(
    "innocent",
    [
        pytest.param(happened(minutes=-10), id="done after it began"),
        pytest.param(happened(kind=Kind.INCIDENT, minutes=-1.5, touches="tool:ledger"), id="wrong only after it began"),
        pytest.param(happened(minutes=60 * 25), id="done more than a day before"),
        pytest.param(happened(at=datetime(1, 1, 1)), id="at the beginning of time"),  # noqa: DTZ001 (as it is read)
        pytest.param(happened(at=datetime.max.replace(tzinfo=UTC)), id="at its end"),
        pytest.param(
            happened(kind=Kind.INCIDENT, minutes=60, ended_at=BEGAN - timedelta(minutes=5)), id="over before it began"
        ),
    ],
)
def test_what_cannot_have_caused_it_is_not_suspected(innocent):
    assert rank(scene(innocent)) == ()


@pytest.mark.row("S5")
def test_what_is_measured_a_little_late_is_suspected():
    late = happened("INC-7", kind=Kind.INCIDENT, minutes=-0.5, touches="tool:ledger")
    (found,) = rank(scene(late))
    assert found.reasons[0] == "it is told of just after the incident began"


@pytest.mark.row("S5")
def test_what_nothing_connects_is_shown_only_if_there_is_nothing_better():
    strangers = [happened(f"CHG-{number}", touches="agent:helper", minutes=number) for number in range(2, 9)]
    likely, faint = happened("CHG-1", minutes=10), happened("CHG-1", minutes=120)
    assert names(rank(scene(likely, *strangers))) == ["CHG-1"]
    assert names(rank(scene(faint, *strangers))) == ["CHG-1", "CHG-2", "CHG-3"]
    assert names(rank(scene(*strangers))) == ["CHG-2", "CHG-3", "CHG-4"]


@pytest.mark.row("S5")
def test_a_suspect_says_in_words_why():
    (found,) = rank(scene(happened("CHG-7", minutes=4, touches="tool:ledger", marks=("its checks failed",))))
    assert found.reasons == (
        "it was done 4 min before the incident",
        "it touches tool:ledger: service:Payments needs agent:payer needs tool:ledger",
        "its checks failed",
    )
    (ongoing,) = rank(scene(happened(minutes=4, ended_at=None)))
    assert ongoing.reasons[0] == "it was under way as the incident began"


@pytest.mark.row("S5")
def test_a_label_that_failures_have_far_more_often_than_usual_is_suspected():
    eu, few = Share("region", "eu", 45, 50, 300, 1000), Share("model", "x", 4, 50, 10, 1000)
    (found,) = rank(scene(shares=(eu, few, Share("tenant", "a", 26, 50, 500, 1000))))
    assert found.reference == "region=eu"
    assert found.reasons == ("90% of what failed has region = eu; usually 30%",)


@pytest.mark.row("S5")
def test_a_label_of_failed_samples_is_suspected_beside_the_good_ones_with_counts_ratio_and_significance():
    version = Share("version", "1.9", 45, 50, 300, 1000, of=ShareOf.SAMPLES)
    region = Share("region", "eu", 17, 50, 330, 1000, of=ShareOf.SAMPLES)
    (found,) = rank(scene(shares=(region, version)))
    assert (found.kind, found.reference, found.share) == (Kind.DIMENSION, "version=1.9", version)
    assert found.reasons == (
        "45 of 50 samples that failed (90%) have version = 1.9, 300 of 1,000 that did not (30%): "
        "3 times as often, p < 0.001",
    )
    (never,) = rank(scene(shares=(replace(version, usual=0),)))
    assert never.reasons[0].endswith("0 of 1,000 that did not (0%): never otherwise, p < 0.001")


@pytest.mark.row("S5")
def test_what_chance_may_explain_is_not_suspected_and_less_so_the_more_is_looked_at():
    few = Share("version", "1.9", 8, 8, 11, 20, of=ShareOf.SAMPLES)
    assert 0.001 < chance_of(few) < 0.01
    assert rank(scene(shares=(few,))) == ()
    surer = replace(few, failures=11, failed=11)
    others = tuple(Share("agent", f"a{number}", 5, 50, 100, 1000, of=ShareOf.SAMPLES) for number in range(40))
    assert names(rank(scene(shares=(surer,)))) == ["version=1.9"]
    assert rank(scene(shares=(surer, *others))) == ()


@pytest.mark.row("S5")
def test_a_label_that_alerts_and_samples_share_is_one_suspect():
    of_alerts = Share("region", "eu", 45, 50, 300, 1000)
    of_samples = Share("region", "eu", 480, 500, 100, 1000, of=ShareOf.SAMPLES)
    (found,) = rank(scene(shares=(of_alerts, of_samples)))
    assert found.share == of_samples


@pytest.mark.row("S5")
def test_labels_that_have_nothing_to_do_with_failures_are_hardly_ever_suspected():
    """By chance alone six of seven may fail in one region and one of thirteen in the other: that is rare, not never."""
    suspected = [bool(rank(scene(shares=tuple(unrelated(random.Random(seed)))))) for seed in range(400)]
    assert sum(suspected) <= 4


def unrelated(chance):
    """What is known of labels where failures fall on samples by chance."""
    failing = chance.uniform(0.05, 0.9)
    found = [
        Sample(
            "payments",
            BEGAN,
            0.1,
            chance.random() > failing,
            (("agent", f"a{chance.randrange(12)}"), ("region", chance.choice(("eu", "us"))), ("version", "1")),
        )
        for _ in range(chance.randrange(20, 2_000))
    ]
    (tallies,) = tallied(found).values()
    return shares_of_samples(counts_of(tallies))


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_chance_is_a_probability_whatever_was_counted(failures, others, usual, good):
    assert 0 <= chance_of(Share("a", "x", failures, failures + others, usual, usual + good)) <= 0.5


def test_without_any_good_sample_there_is_nothing_to_compare_with():
    outage = [Sample("payments", BEGAN, 0.1, success=False, labels=(("region", "eu"),)) for _ in range(50)]
    (tallies,) = tallied(outage).values()
    assert tuple(shares_of_samples(counts_of(tallies))) == ()


@pytest.mark.row("S5")
@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_confidence_is_a_share_that_falls_from_suspect_to_suspect(seed):
    found = rank(generate(random.Random(seed)).scene)
    shares = [each.confidence for each in found]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1.0
    assert len(found) <= 5


@pytest.mark.row("S5")
@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_order_in_which_evidence_is_found_changes_nothing(seed, order):
    made = generate(random.Random(seed)).scene
    happenings = list(made.happenings)
    random.Random(order).shuffle(happenings)
    assert rank(replace(made, happenings=tuple(happenings))) == rank(made)


@pytest.mark.row("S5")
def test_causes_are_found_far_more_often_than_by_blaming_the_last_change():
    chance = random.Random(11)
    found = measure([generate(chance) for _ in range(300)])
    assert found["all"]["top_1"] > 0.75
    assert found["all"]["top_3"] > 0.93
    assert found["dimension of samples"]["top_3"] > 0.8
    assert found["yardstick: the last change or deployment"]["top_1"] < found["all"]["top_1"] - 0.2
