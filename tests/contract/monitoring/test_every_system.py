"""One suite for every monitoring system over real HTTP: what is sent arrives, and every failure is one of the four."""

from __future__ import annotations

import socket

import pytest

from connectors.monitoring.base import NotSent, OutcomeUnknown, Refused, Throttled
from connectors.monitoring.signals import PointKind
from core.deliveries import Health
from sandbox.faults import Fault

pytestmark = [pytest.mark.row("M1"), pytest.mark.row("M2"), pytest.mark.row("M3")]


async def test_a_happening_arrives_with_its_words_and_its_id(bench, make):
    told = make.happening()
    assert await bench.system.send_events([told]) == [None]
    (found,) = bench.taken("events")
    assert told.id in str(found)
    assert told.title in str(found)


async def test_many_of_each_kind_arrive_once_and_in_order(bench, make):
    happenings = [make.happening(subject=f"INC-{number}") for number in range(7)]
    points = [make.point(f"countersign.n{number}", float(number)) for number in range(30)]
    lines = [make.line() for _ in range(25)]
    assert await bench.system.send_events(happenings) == [None] * 7
    assert [str(found).count("INC-") > 0 for found in bench.taken("events")] == [True] * 7
    before = len(bench.taken("points"))
    assert await bench.system.send_points(points) == [None] * 30
    found = bench.taken("points")[before:]
    assert [f"countersign.n{number}" in str(each) for number, each in enumerate(found)] == [True] * 30
    before = len(bench.taken("lines"))
    assert await bench.system.send_records(lines) == [None] * 25
    assert [one.id in str(each) for one, each in zip(lines, bench.taken("lines")[before:], strict=True)] == [True] * 25


async def test_a_gauge_and_a_count_keep_what_they_are(bench, make):
    await bench.system.send_points([make.point("countersign.requests.pending", 4.0, PointKind.GAUGE, severity="high")])
    (found,) = bench.taken("points")
    kept = {
        "datadog": lambda: (found["type"], found["points"][0]["value"], "severity:high" in found["tags"]),
        "newrelic": lambda: (found["type"], found["value"], found["attributes"]["severity"] == "high"),
        "splunk": lambda: (
            found["event"],
            found["fields"]["metric_name:countersign.requests.pending"],
            found["fields"]["severity"] == "high",
        ),
    }[bench.slug]()
    assert (
        kept
        == {"datadog": (3, 4.0, True), "newrelic": ("gauge", 4.0, True), "splunk": ("metric", 4.0, True)}[bench.slug]
    )


async def test_what_is_too_large_is_cut_in_halves_until_it_fits(bench, make, smallest):
    bench.vendor.configure({smallest[bench.slug]: 900})
    points = [
        make.point(f"countersign.n{number}", float(number), tag=f"{number * 7919 % 1000}") for number in range(60)
    ]
    assert await bench.system.send_points(points) == [None] * 60
    assert len(bench.taken("points")) == 60


async def test_one_that_never_fits_is_refused_alone(bench, make, smallest):
    bench.vendor.configure({smallest[bench.slug]: 200 if bench.slug == "datadog" else 700})  # Datadog cuts tags
    huge = make.point("countersign.huge", tag="".join(f"{number * 7919 % 10007:x}" for number in range(900)))
    outcomes = await bench.system.send_points([make.point("countersign.a"), huge, make.point("countersign.b")])
    assert (outcomes[0], outcomes[2]) == (None, None)
    assert isinstance(outcomes[1], Refused)
    assert "too large" in outcomes[1].reason.lower()
    assert len(bench.taken("points")) == 2


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.RATE_LIMITED, Throttled),
        (Fault.SERVER_ERROR, OutcomeUnknown),
        (Fault.TIMEOUT, OutcomeUnknown),
        (Fault.COMMIT_THEN_TIMEOUT, OutcomeUnknown),
        (Fault.DOWN, OutcomeUnknown),
        (Fault.BAD_JSON, OutcomeUnknown),
    ],
)
async def test_each_fault_is_one_of_the_four_failures(bench, make, fault, expected):
    bench.faults.add(bench.slug, fault, 1, 7.0)
    (outcome,) = await bench.system.send_points([make.point()])
    assert type(outcome) is expected
    if fault is Fault.RATE_LIMITED:
        assert outcome.retry_after_s == 7.0
    assert await bench.system.send_points([make.point()]) == [None]


async def test_what_is_slow_is_waited_for(bench, make):
    bench.faults.add(bench.slug, Fault.SLOW, 1, 0.2)
    assert await bench.system.send_events([make.happening()]) == [None]


async def test_a_key_that_is_not_theirs_loses_nothing_and_is_named(bench, make):
    stranger = bench.connected(key="0" * 32)
    (outcome,) = await stranger.send_events([make.happening()])
    assert type(outcome) is NotSent
    assert "does not accept our" in outcome.reason
    (found, *_) = await stranger.check()
    assert found.health is Health.FAILED
    assert "docs/connectors" in found.next_step


async def test_nobody_there_is_not_sent(bench, make):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = bench.connected(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        (outcome,) = await nobody.send_points([make.point()])
    assert type(outcome) is NotSent


async def test_after_a_failure_that_is_about_all_nothing_more_is_tried(bench, make, smallest):
    bench.vendor.configure({smallest[bench.slug]: 700})
    bench.faults.add(bench.slug, Fault.RATE_LIMITED, 1, 3.0)
    outcomes = await bench.system.send_points([make.point(f"countersign.n{number}") for number in range(40)])
    assert {type(each) for each in outcomes} == {Throttled}
    assert bench.taken("points") == []


async def test_a_check_finds_all_well(bench):
    assert {found.health for found in await bench.system.check()} == {Health.OK}
