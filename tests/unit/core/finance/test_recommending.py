"""What could cost less, by how much, and what came of it (C6)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.finance.effect import effect_of
from core.finance.recommending import COMPUTE, Kind, Subject, Use, findings, monthly, spans

TODAY = date(2026, 3, 30)
LONG_AGO = date(2025, 1, 1)


def use(meter, quantity, cost, *, kind="agent_operations", days_ago=1):
    return Use(meter, kind, Decimal(quantity), Decimal(cost), TODAY - timedelta(days=days_ago))


def subject(name, *uses, service="Payments", words="", **more):
    return Subject(name=name, service=service, words=words or name, since=LONG_AGO, uses=uses, **more)


def found(*subjects):
    return [(each.kind, each.agent, each.saving) for each in findings(subjects, today=TODAY)]


MONITORED = use("agent_monitoring", 28, "14.00")


@pytest.mark.row("C6")
def test_an_agent_that_only_exists_is_idle_and_what_it_costs_by_existing_is_the_saving():
    idle = subject("sleeper", MONITORED, use("agent_deployment", 1, "2.00", days_ago=20))
    busy = subject("worker", MONITORED, use("agent_deployment", 1, "2.00", days_ago=13))
    assert found(idle, busy) == [(Kind.IDLE, "sleeper", Decimal("15.21"))]  # 14 x 365 / 12 / 28
    (finding,) = findings([idle], today=TODAY)
    assert finding.evidence[0] == ("Last deed", "2026-03-10, 20 days ago")
    young = Subject(name="new", service="", words="", since=TODAY - timedelta(days=5), uses=(MONITORED,))
    assert found(young) == []


def computing(name, gigabytes):
    return subject(
        name,
        use("cpu_hours", 100, "10", kind=COMPUTE),
        use("memory_gb_hours", gigabytes * 100, str(gigabytes * 5), kind=COMPUTE),
        service=name,
    )


@pytest.mark.row("C6")
def test_memory_far_beyond_that_of_its_peers_is_over_provision_down_to_twice_the_usual():
    peers = [computing(f"peer-{number}", 4) for number in range(4)]
    assert found(*peers, computing("heavy", 16)) == [(Kind.OVER_PROVISION, "heavy", monthly(Decimal(40)))]
    assert found(*peers, computing("fair", 11)) == []
    assert found(*peers[:3], computing("heavy", 16)) == []  # three are too few to compare with


@pytest.mark.row("C6")
def test_four_times_the_log_entries_of_its_peers_are_an_expensive_meter():
    peers = [subject(f"p{number}", use("audit_logging", 1000, "10"), service=f"s{number}") for number in range(4)]
    loud = subject("loud", use("audit_logging", 5000, "50"), service="x")
    ((kind, agent, saving),) = found(*peers, loud)
    assert (kind, agent, saving) == (Kind.EXPENSIVE_METER, "loud", monthly(Decimal(30)))
    trifle = subject("loud", use("audit_logging", 5000, "50"), use("agent_creation", 200, "1000"), service="x")
    assert found(*peers, trifle) == []


@pytest.mark.row("C6")
def test_two_agents_of_one_service_with_the_same_words_and_tools_are_one_too_many():
    words, tools = "reads invoices and posts them", frozenset({"ocr", "ledger"})
    big = subject("invoice-reader", MONITORED, use("cpu_hours", 1, "90", kind=COMPUTE), words=words, tools=tools)
    small = subject("invoices-reader", MONITORED, use("cpu_hours", 1, "20", kind=COMPUTE), words=words, tools=tools)
    ((kind, agent, saving),) = found(big, small)
    assert (kind, agent, saving) == (Kind.DUPLICATE, "invoices-reader", monthly(Decimal(24)))
    elsewhere = subject("invoices-reader", MONITORED, service="Claims", words=words, tools=tools)
    assert (
        found(
            big,
            Subject(
                **{
                    **{k: getattr(elsewhere, k) for k in ("name", "service", "words", "tools", "since")},
                    "uses": small.uses,
                }
            ),
        )
        == []
    )
    other = subject(
        "refund-checker",
        MONITORED,
        use("cpu_hours", 1, "20", kind=COMPUTE),
        words="checks refunds",
        tools=frozenset({"ledger"}),
    )
    assert found(big, other) == []


@pytest.mark.row("C6")
def test_hours_that_are_computed_through_without_a_deed_can_be_switched_off():
    hours = {hour: (Decimal(1), 4 if hour % 24 in range(7, 19) and hour < 120 else 0) for hour in range(168)}
    worker = subject("office", use("cpu_hours", 168, "168", kind=COMPUTE), hours=hours)
    (finding,) = findings([worker], today=TODAY)
    assert (finding.kind, finding.saving) == (Kind.SCHEDULE, monthly(Decimal("97.2")))  # nine tenths of 108 hours
    assert "Fri 19:00 - Mon 07:00, Mon 19:00 - Tue 07:00" in finding.action
    assert finding.title == "office computes through 108 hours of the week in which it does nothing"
    alone = {13: (Decimal(4), 0), **{hour: (Decimal(1), 4) for hour in range(30, 38)}}
    (finding,) = findings([replace(worker, hours=alone)], today=TODAY)
    assert finding.title == "office computes through an hour of the week in which it does nothing"
    always = {hour: (Decimal(1), 1) for hour in range(168)}
    assert found(subject("always", use("cpu_hours", 168, "168", kind=COMPUTE), hours=always)) == []


@pytest.mark.row("C6")
def test_spans_of_the_week_go_round_its_end():
    assert spans([167, 0, 1]) == "Sun 23:00 - Mon 02:00"
    assert spans([30]) == "Tue 06:00 - Tue 07:00"


@pytest.mark.row("C6")
def test_the_effect_is_what_is_left_when_what_others_did_is_taken_out():
    chance = random.Random(5)
    before = [10 * chance.uniform(0.9, 1.1) for _ in range(28)]
    after = [4 * chance.uniform(0.9, 1.1) for _ in range(21)]
    plain = effect_of(before, after, others_before=100, others_after=100)
    assert plain.saving == pytest.approx(6 * 365 / 12, rel=0.05)
    assert plain.is_sure
    cheaper = effect_of(before, after, others_before=100, others_after=60)
    assert cheaper.saving == pytest.approx(2 * 365 / 12, rel=0.15)
    assert effect_of(before, after[:6], others_before=1, others_after=1) is None
    nothing = effect_of(before, [10 * chance.uniform(0.9, 1.1) for _ in range(10)], others_before=1, others_after=1)
    assert not nothing.is_sure
