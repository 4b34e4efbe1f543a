"""Alerts open, update and resolve incidents; what is bad, forged, late or repeated does no harm (M1 to M5)."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta

import pytest

from app.hooks import HookRefused, SystemHooks
from connectors.callbacks.signing import signed
from connectors.messages import UnreadableMessage
from connectors.monitoring.alerts import SOURCES, AlertDoor
from connectors.monitoring.alerts.fields import INSTANTS
from core.errors import NotFound
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
        return await hooks.receive(slug, str(company.tenant), headers, body, ip="203.0.113.9")

    return say


@pytest.fixture
def incidents(company, database):
    async def found():
        listed = await list_incidents(database, company.actor("audit_reviewer"), IncidentFilter())
        return [(each.title, str(each.state), str(each.severity), each.source) for each in listed]

    return found


@pytest.fixture
def begun(company, database):
    async def found():
        listed = await list_incidents(database, company.actor("audit_reviewer"), IncidentFilter())
        return {each.title: (each.started_at, str(each.state), each.reopened) for each in listed}

    return found


def fired(status="firing", starts=START, name="SLOBurn"):
    return {"version": "4", "groupKey": "g", "alerts": [one(status, starts, name)]}


def one(status="firing", starts=START, name="SLOBurn", key="f1"):
    starts_at = starts if isinstance(starts, str) else starts.isoformat()
    labels = {"alertname": name, "severity": "critical"}
    return {"status": status, "labels": labels, "fingerprint": key, "startsAt": starts_at}


def several(*alerts):
    return {"version": "4", "alerts": list(alerts)}


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
@pytest.mark.parametrize(
    ("starts", "began"),
    [
        ("0001-01-01T00:00:00+14:00", START - timedelta(days=366)),
        (START - timedelta(days=370), START - timedelta(days=366)),
        (START + timedelta(minutes=6), START),
        ("9999-12-31T23:59:59-14:00", START),
    ],
)
async def test_an_odd_start_costs_no_alert_and_is_held_at_what_can_be(tell, begun, company, starts, began):
    company.clock.advance(START - company.clock.now())
    await tell(
        "alertmanager", several(one(starts=START - timedelta(minutes=1), key="f0"), one(starts=starts, name="B"))
    )
    opened = {"SLOBurn": (START - timedelta(minutes=1), "open", 0), "B": (began, "open", 0)}
    assert await begun() == opened
    company.clock.advance(timedelta(minutes=3))
    await tell("alertmanager", fired(starts=starts, name="B"))  # told again: the same episode still
    assert await begun() == opened
    await tell("alertmanager", fired("resolved", starts, "B"))
    assert (await begun())["B"] == (began, "resolved", 0)


@pytest.mark.row("M4")
async def test_an_alert_that_cannot_be_taken_costs_no_other_and_is_named_recorded_and_answered(
    tell, incidents, company
):
    odd = several(one("burning", key="f0"), one(), one(starts="yesterday", key="f2"), 5)
    refused = await tell("alertmanager", odd)
    assert await incidents() == [("SLOBurn", "open", "critical", "alertmanager")]
    assert [(each.where, each.accepted) for each in refused] == [
        ("alerts/0/status", ("firing", "resolved")),
        ("alerts/2/startsAt", INSTANTS),
        ("alerts/3", ()),
    ]
    (recorded,) = await company.trail(action="hook.not_taken")
    assert (recorded["result"], recorded["resource"]) == ("failure", f"/hooks/alertmanager/{company.tenant}")
    assert recorded["details"] == {
        "door": "system",
        "refused": 3,
        "taken": 1,
        "alerts": [
            {"where": "alerts/0/status", "reason": "'burning' is no status of an alert."},
            {"where": "alerts/2/startsAt", "reason": "'yesterday' is no time."},
            {"where": "alerts/3", "reason": "The alert is no object."},
        ],
    }


@pytest.mark.row("M4")
async def test_a_message_of_which_nothing_can_be_taken_is_refused_by_the_place_and_recorded(tell, incidents, company):
    with pytest.raises(UnreadableMessage) as refused:
        await tell("alertmanager", several(one(starts="x"), one("burning", key="f2")))
    assert (refused.value.where, refused.value.accepted) == ("alerts/0/startsAt", INSTANTS)
    assert refused.value.message == "'x' is no time. So it is with the others: 2 in all."
    (recorded,) = await company.trail(action="hook.not_taken")
    assert (recorded["details"]["refused"], recorded["details"]["taken"]) == (2, 0)
    assert await incidents() == []


@pytest.mark.row("M4")
async def test_half_a_character_and_a_null_cost_no_alert(tell, incidents):
    await tell("alertmanager", several({**one(name="Disk\ud800 full\x00"), "annotations": {"a\udfff": "b\ud801"}}))
    assert await incidents() == [("Disk full", "open", "critical", "alertmanager")]


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
        ({"version": "4", "alerts": [5]}, "The alert is no object"),
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
