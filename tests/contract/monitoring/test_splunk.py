"""Splunk's collector: what is acknowledged is there, and events around a bad one arrive once (M3)."""

from __future__ import annotations

import pytest

from connectors.monitoring import CONNECTORS, splunk
from connectors.monitoring.base import MonitoringSettings, NotSent, OutcomeUnknown, Refused
from connectors.monitoring.signals import AuditLine
from core.deliveries import Health
from sandbox.splunk import create
from tests.contract.itsm.serving import serving
from tests.contract.monitoring.conftest import Bench, happening, line

pytestmark = pytest.mark.row("M3")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(splunk, "ACK_WITHIN_S", 0.6)
    monkeypatch.setattr(splunk, "ACK_EVERY_S", 0.05)


@pytest.fixture
def opened():
    return serving("splunk", create)


async def test_nothing_is_taken_before_the_indexer_says_so(opened):
    async with opened as (vendor, faults, url):
        bench = Bench("splunk", vendor, faults, url)
        vendor.configure({"ack_delay_s": 0.2})
        assert await bench.system.send_records([line()]) == [None]
        vendor.configure({"ack_never": True})
        (outcome,) = await bench.system.send_records([line()])
        assert type(outcome) is OutcomeUnknown
        assert "indexed" in outcome.reason
        await bench.system.close()


async def test_events_before_a_bad_one_are_not_sent_again_and_those_after_it_are(opened):
    async with opened as (vendor, faults, url):
        bench = Bench("splunk", vendor, faults, url)
        lines = [line() for _ in range(6)]
        lines[2] = AuditLine(lines[2].id, lines[2].tenant, lines[2].at, {})
        vendor.options.values["use_ack"] = False
        bad = bench.connected(acknowledge=False)
        told = [happening(subject=f"INC-{number}") for number in range(5)]
        assert await bad.send_events(told) == [None] * 5
        outcomes = await bench.connected(index="nowhere", acknowledge=False).send_records(lines[:2])
        assert [type(each) for each in outcomes] == [Refused, Refused]
        assert outcomes[0].field == "index"
        for system in bench.opened:
            await system.close()


async def test_a_bad_one_in_the_middle_is_told_apart(opened, monkeypatch):
    async with opened as (vendor, faults, url):
        bench = Bench("splunk", vendor, faults, url)
        lines = [line() for _ in range(7)]
        real = bench.system._wrapped

        def spoilt(sourcetype, at, event):
            wrapped = real(sourcetype, at, event)
            return {**wrapped, "event": ""} if event.get("event_id") == lines[3].id else wrapped

        monkeypatch.setattr(bench.system, "_wrapped", spoilt)
        outcomes = await bench.system.send_records(lines)
        assert [type(each) for each in outcomes] == [type(None)] * 3 + [Refused] + [type(None)] * 3
        kept = [each["event"]["event_id"] for each in vendor.records("event")]
        assert kept == [each.id for each in lines if each is not lines[3]]
        await bench.system.close()


async def test_a_disabled_token_waits_for_people(opened):
    async with opened as (vendor, faults, url):
        bench = Bench("splunk", vendor, faults, url)
        vendor.configure({"is_disabled": True})
        (outcome,) = await bench.system.send_records([line()])
        assert type(outcome) is NotSent
        assert outcome.reason == "Splunk does not accept our token: Token disabled."
        await bench.system.close()


async def test_a_token_without_acknowledgement_is_named_by_the_check(opened):
    async with opened as (vendor, faults, url):
        bench = Bench("splunk", vendor, faults, url)
        vendor.configure({"use_ack": False})
        found = await bench.system.check()
        assert [each.health for each in found] == [Health.OK, Health.WARNING]
        assert found[1].next_step.startswith("Enable indexer acknowledgement")
        await bench.system.close()


def test_what_is_declared_is_what_is_offered():
    assert sorted(CONNECTORS) == ["datadog", "newrelic", "splunk", "webhooks"]
    assert "key" not in repr(MonitoringSettings("https://x", "key", "i", now=lambda: None)).replace("key=", "")
