"""Alerts open, update and resolve incidents; what is bad, forged, late or repeated does no harm (M1 to M5)."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from app.hooks import HookRefused, SystemHooks
from connectors.callbacks.signing import signed
from connectors.monitoring.alerts import SOURCES, AlertDoor
from connectors.monitoring.alerts.told import UnreadableMessage
from core.errors import InvalidInput, NotFound
from core.incidents import IncidentFilter, list_incidents
from core.monitoring import purge_messages
from tests.factories import START

SECRET = "correct-horse-battery-staple"
SIGNING = f"whsec_{base64.b64encode(b's' * 32).decode()}"
SHOWING = ("alertmanager", "datadog", "newrelic", "splunk")
BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def hooks(company, database):
    doors = [
        AlertDoor(source, company.tenant, database, SIGNING if slug == "webhooks" else SECRET)
        for slug, source in SOURCES.items()
    ]
    return SystemHooks(doors)


@pytest.fixture
def tell(hooks, company):
    async def say(slug, document, headers=BEARER):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        await hooks.receive(slug, str(company.tenant), headers, body, ip="203.0.113.9")

    return say


@pytest.fixture
def incidents(company, database):
    async def found():
        listed = await list_incidents(database, company.actor("audit_reviewer"), IncidentFilter())
        return [(each.title, str(each.state), str(each.severity), each.source) for each in listed]

    return found


def fired(status="firing", starts=START, name="SLOBurn"):
    labels = {"alertname": name, "severity": "critical"}
    alert = {"status": status, "labels": labels, "fingerprint": "f1", "startsAt": starts.isoformat()}
    return {"version": "4", "groupKey": "g", "alerts": [alert]}


def issue(state, priority="HIGH"):
    stamp = int(START.timestamp() * 1000)
    return {"id": "i-1", "title": "High latency", "state": state, "priority": priority, "createdAt": stamp}


@pytest.mark.row("M4")
async def test_an_alert_opens_an_incident_and_its_end_resolves_it(tell, incidents, company):
    await tell("alertmanager", fired())
    assert await incidents() == [("SLOBurn", "open", "critical", "alertmanager")]
    company.clock.advance(timedelta(minutes=3))
    await tell("alertmanager", fired("resolved"))
    assert await incidents() == [("SLOBurn", "resolved", "critical", "alertmanager")]


@pytest.mark.row("M4")
async def test_late_and_repeated_messages_change_nothing(tell, incidents, company):
    await asyncio.gather(*(tell("alertmanager", fired()) for _ in range(6)))
    company.clock.advance(timedelta(minutes=3))
    await tell("alertmanager", fired("resolved"))
    await tell("alertmanager", fired())  # from another of two Alertmanagers, late
    await tell("alertmanager", fired("resolved"))
    assert await incidents() == [("SLOBurn", "resolved", "critical", "alertmanager")]


@pytest.mark.row("M2")
async def test_an_issue_of_new_relic_is_followed_to_its_end(tell, incidents):
    basic = {"Authorization": "Basic " + base64.b64encode(f"countersign:{SECRET}".encode()).decode()}
    await tell("newrelic", issue("ACTIVATED"), basic)
    await tell("newrelic", issue("ACKNOWLEDGED", "CRITICAL"), basic)
    assert await incidents() == [("High latency", "open", "critical", "newrelic")]
    await tell("newrelic", issue("CLOSED"), basic)
    assert [each[1] for each in await incidents()] == ["resolved"]


@pytest.mark.row("M1")
async def test_what_does_not_show_the_secret_is_refused_and_recorded(tell, incidents, company):
    strange: tuple[dict[str, str], ...] = (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic !"},
        {"X-Countersign-Secret": "é\udcff"},
    )
    for slug in SHOWING:
        for headers in strange:
            with pytest.raises(HookRefused):
                await tell(slug, fired(), headers)
    assert await incidents() == []
    recorded = await company.trail(action="hook.receive")  # once a minute at most, for each
    assert {each["resource"] for each in recorded} == {f"/hooks/{slug}/{company.tenant}" for slug in SHOWING}
    assert {each["result"] for each in recorded} == {"denied"}
    assert len(recorded) == len(SHOWING)
    assert SECRET not in json.dumps(recorded)


@pytest.mark.row("M4")
@pytest.mark.parametrize("starts", [datetime(1, 1, 1, tzinfo=UTC), START - timedelta(days=400), START + timedelta(1)])
async def test_an_alert_that_began_at_no_time_that_can_be_is_refused(tell, incidents, starts):
    with pytest.raises(InvalidInput):
        await tell("alertmanager", fired(starts=starts))
    assert await incidents() == []


@pytest.mark.row("M4")
async def test_what_cannot_be_read_is_refused_for_what_is_wrong_with_it_and_not_for_its_origin(
    tell, incidents, company
):
    for slug in SHOWING:
        for body in (b"", b"[]", b"{", b"null", b'{"version":"5"}', b"\xff\xfe", b"[" * 5000):
            with pytest.raises(UnreadableMessage):
                await tell(slug, body)
            with pytest.raises(HookRefused):  # whoever shows no secret learns nothing of that
                await tell(slug, body, {})
    for document, reason in (
        (b"{", "It is not JSON"),
        ([], "no JSON object"),
        ({"version": "4", "alerts": [5]}, "One of its alerts is no object"),
        (fired("burning"), "'burning' is no status"),
    ):
        with pytest.raises(UnreadableMessage, match=reason):
            await tell("alertmanager", document)
    assert await incidents() == []
    assert len(await company.trail(action="hook.receive")) == len(SHOWING)


@pytest.mark.row("M3")
async def test_a_run_of_a_splunk_search_is_taken_once_and_the_repetition_is_recorded(tell, incidents, company):
    run = {"result": {"service": "Payments"}, "sid": "scheduler_1", "search_name": "Refusals"}
    for _ in range(2):
        await tell("splunk", run, {"X-Countersign-Secret": SECRET})
    assert [each[0] for each in await incidents()] == ["Refusals"]
    (recorded,) = await company.trail(action="hook.repeated")
    assert recorded["details"]["message_id"] == "scheduler_1"


@pytest.mark.row("M5")
async def test_a_signed_cloudevent_is_taken_once_and_a_forged_or_old_one_never(tell, incidents, company, database):
    data = {"state": "firing", "severity": "low", "title": "Disk fills up"}
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "https://x.example",
        "type": "a",
        "subject": "disk",
        "data": data,
    }
    body = json.dumps(event).encode()
    now = company.clock.now()
    with pytest.raises(HookRefused):
        await tell("webhooks", body, signed("m", body, [f"whsec_{base64.b64encode(b'o' * 32).decode()}"], at=now))
    with pytest.raises(HookRefused):
        await tell("webhooks", body, signed("m", body, [SIGNING], at=now - timedelta(minutes=6)))
    assert await incidents() == []
    headers = signed("m", body, [SIGNING], at=now)
    await tell("webhooks", body, headers)
    ending = json.dumps({**event, "id": "2", "data": {**data, "state": "resolved"}}).encode()
    await tell("webhooks", ending, signed("m2", ending, [SIGNING], at=now))
    await tell("webhooks", body, headers)  # replayed: it would open it again
    await tell("webhooks", body, signed("m3", body, [SIGNING], at=now))  # the same event in another envelope
    assert await incidents() == [("Disk fills up", "resolved", "low", "webhooks")]
    assert len(await company.trail(action="hook.repeated")) == 2
    company.clock.advance(timedelta(days=2))
    async with database.tenant(company.tenant) as tx:
        await purge_messages(tx)


@pytest.mark.row("M4")
async def test_another_tenants_address_is_not_there(hooks):
    with pytest.raises(NotFound):
        await hooks.receive("alertmanager", "northwind", BEARER, json.dumps(fired()).encode(), ip=None)
