"""What monitoring systems are told: each record of the trail once and none left out, each minute once (M3)."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.monitoring import CONNECTORS, MonitoringDesk, MonitoringSettings, Sends, TenantMonitoring
from core.actor import system_actor
from core.audit import record, records_between
from core.incidents import Alert, AlertState, Severity, open_or_update
from core.monitoring import AUDIT_DUE, MEASURED, export_audit, measure, measured_points
from core.outbox import Again, Permanent, Throttle, emit, past_events
from core.sla import Sample, Sampler, load_sla_catalogue
from sandbox.datadog import create as create_datadog
from sandbox.faults import Fault
from sandbox.splunk import create as create_splunk
from tests.contract.itsm.serving import serving
from tests.factories import START

SLA = Path(__file__).parents[3] / "config" / "sla"


async def write(database, tenant, action):
    async with database.tenant(tenant) as tx:
        await record(tx, system_actor(tenant), action=action, resource="x")


async def look(database, tenant, times=1):
    for _ in range(times):
        async with database.tenant(tenant) as tx:
            await export_audit(tx)


async def handed_on(database, tenant):
    """The actions of every record that an event speaks of, in order."""
    async with database.tenant(tenant) as tx:
        events = await past_events(tx, types=(AUDIT_DUE,), since=START, limit=1000)
        found = [await records_between(tx, after=e.data["after"], until=e.data["until"]) for e in events]
    return [each["action"] for batch in found for each in batch]


@contextlib.asynccontextmanager
async def desk(company, slug, create, *sends, **more):
    async with serving(slug, create) as (vendor, faults, url):
        told = vendor.describe()
        system = CONNECTORS[slug].connect(
            MonitoringSettings(
                url=url,
                key=told.get("token") or told["api_key"],
                installation="https://countersign.example",
                now=lambda: datetime.now(UTC),
                connect_s=1.0,
                read_s=2.0,
                **more,
            )
        )
        can = CONNECTORS[slug].capabilities
        opened = MonitoringDesk(slug, company.tenant, system, frozenset(sends), can, company.database)
        yield vendor, faults, TenantMonitoring({company.tenant: opened})
        await system.close()


@pytest.mark.row("M3")
async def test_the_trail_is_handed_on_from_now_on_each_record_once(company, database):
    await write(database, company.tenant, "before")
    await look(database, company.tenant)
    for number in range(450):
        await write(database, company.tenant, f"n{number}")
    await look(database, company.tenant, 4)
    assert await handed_on(database, company.tenant) == [f"n{number}" for number in range(450)]
    await look(database, company.tenant, 6)
    assert len(await handed_on(database, company.tenant)) == 450


@pytest.mark.row("M3")
async def test_a_record_that_commits_late_is_not_left_out(company, database):
    """It was written before another, and is seen after it: the trail waits for it."""
    await look(database, company.tenant)
    async with database.tenant(company.tenant) as slow:
        await record(slow, system_actor(company.tenant), action="slow", resource="x")
        await write(database, company.tenant, "quick")
        await look(database, company.tenant, 5)
        assert await handed_on(database, company.tenant) == []
    await look(database, company.tenant, 5)
    assert await handed_on(database, company.tenant) == ["slow", "quick"]


@pytest.mark.row("M3")
async def test_several_replicas_look_at_once_and_each_record_is_handed_on_once(company, database, other_replica):
    await look(database, company.tenant)

    async def writing(who):
        for number in range(40):
            await write(database, company.tenant, f"{who}-{number}")

    async def looking(replica):
        for _ in range(30):
            await look(replica, company.tenant)
            await asyncio.sleep(0.005)

    await asyncio.gather(*map(writing, "abc"), looking(database), looking(other_replica))
    await look(database, company.tenant, 6)
    found = await handed_on(database, company.tenant)
    assert sorted(found) == sorted(f"{who}-{number}" for who in "abc" for number in range(40))


@pytest.mark.row("M3")
async def test_the_trail_arrives_in_splunk_acknowledged(company, database):
    await look(database, company.tenant)
    await write(database, company.tenant, "request.vote")
    await look(database, company.tenant, 4)
    async with database.tenant(company.tenant) as tx:
        (event,) = await past_events(tx, types=(AUDIT_DUE,), since=START, limit=10)
    async with desk(company, "splunk", create_splunk, Sends.AUDIT) as (vendor, faults, there):
        faults.add("splunk", Fault.RATE_LIMITED, 1, 4.0)
        with pytest.raises(Throttle):
            await there.deliver(event)
        faults.add("splunk", Fault.DOWN, 1)
        with pytest.raises(Again):
            await there.deliver(event)
        await there.deliver(event)
        (found,) = vendor.records("event")
    assert (found["sourcetype"], found["event"]["action"]) == ("countersign:audit", "request.vote")


@pytest.mark.row("M1")
async def test_each_minute_is_measured_once(company, database, other_replica):
    async with database.tenant(company.tenant) as tx:
        assert not await measure(tx)
    company.clock.advance(timedelta(seconds=59))
    async with database.tenant(company.tenant) as tx:
        assert not await measure(tx)
    company.clock.advance(timedelta(seconds=2))

    async def turn(replica):
        async with replica.tenant(company.tenant) as tx:
            return await measure(tx)

    assert sorted(await asyncio.gather(turn(database), turn(database), turn(other_replica))) == [False, False, True]
    async with database.tenant(company.tenant) as tx:
        (event,) = await past_events(tx, types=(MEASURED,), since=START, limit=10)
    names = {each.name for each in measured_points(event).points}
    assert {
        "countersign.decisions",
        "countersign.incident.opened",
        "countersign.requests.pending",
        "countersign.incidents.open",
    } <= names
    assert measured_points(event).interval_s == 61


@pytest.mark.row("M1")
async def test_services_are_measured_with_what_is_left_of_their_error_budgets(company, database):
    levels = load_sla_catalogue(SLA)
    async with database.tenant(company.tenant) as tx:
        await measure(tx, levels)
    told = [Sample("Payments", company.clock.now(), 0.2, number > 0) for number in range(10)]
    await Sampler(database).take(company.actor("tenant_administrator"), told)
    company.clock.advance(timedelta(minutes=2))
    async with database.tenant(company.tenant) as tx:
        await measure(tx, levels)
        (event,) = await past_events(tx, types=(MEASURED,), since=START, limit=10)
    found = {each.name: each for each in measured_points(event).points if each.tags.get("service") == "Payments"}
    assert found["countersign.services.error_ratio"].value == 0.1
    assert "countersign.services.error_budget_left_ratio" in found


@pytest.mark.row("M1")
async def test_happenings_and_measured_values_arrive_in_datadog(company, database):
    alert = Alert(
        tenant=company.tenant,
        source="test",
        key="k",
        state=AlertState.FIRING,
        severity=Severity.HIGH,
        service="Payments",
        title="Checkout is slow",
        started_at=company.clock.now(),
    )
    async with database.tenant(company.tenant) as tx:
        await open_or_update(tx, alert)
    company.clock.advance(datetime.now(UTC) - company.clock.now())  # Datadog refuses what is long past
    async with database.tenant(company.tenant) as tx:
        await measure(tx)
    company.clock.advance(timedelta(minutes=2))
    async with database.tenant(company.tenant) as tx:
        await measure(tx)
        await emit(tx, subject="incident:x", type="incident.resolved", data={"reference": "INC-1", "title": "Checkout"})
        (measured, resolved) = await past_events(tx, types=(MEASURED, "incident.resolved"), since=START, limit=10)
    async with desk(company, "datadog", create_datadog, Sends.EVENTS, Sends.METRICS) as (vendor, _faults, there):
        await there.deliver(measured)
        await there.deliver(resolved)
        (told,) = vendor.records("event")
        pending = {each["metric"]: each["points"][0]["value"] for each in vendor.records("series")}
    assert (told["title"], told["alert_type"]) == ("INC-1 incident resolved: Checkout", "success")
    assert f"event_id:{resolved.id}" in told["tags"]
    assert pending["countersign.requests.pending"] == 0.0


@pytest.mark.row("M1")
async def test_what_is_refused_is_a_dead_letter_and_another_tenants_event_goes_nowhere(company, database):
    async with database.tenant(company.tenant) as tx:
        await emit(tx, subject="incident:x", type="incident.resolved", data={"reference": "INC-1"})
        (event,) = await past_events(tx, types=("incident.resolved",), since=START, limit=10)
    async with desk(company, "datadog", create_datadog, Sends.EVENTS) as (vendor, _faults, there):
        with pytest.raises(Permanent, match="too far in the past"):
            await there.deliver(event)
        await TenantMonitoring({}).deliver(event)
        assert vendor.records("event") == []
