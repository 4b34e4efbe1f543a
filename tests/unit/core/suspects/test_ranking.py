"""Who is suspected of an incident, and in what order (S5)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.root_cause import BEGAN, generate, measure
from core.suspects import Happening, Kind, Scene, Share, rank

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
    assert found["yardstick: the last change or deployment"]["top_1"] < found["all"]["top_1"] - 0.2
