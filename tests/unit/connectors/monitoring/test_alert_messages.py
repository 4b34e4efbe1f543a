"""What monitoring systems say of alerts, as each of them says it, and how a tenant's mapping reads it (M1 to M5)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.yamlfile import parse_yaml
from connectors.messages import UnreadableMessage
from connectors.monitoring.alerts import SOURCES, AlertMapping
from connectors.monitoring.alerts.mapping_file import read_alert_mapping
from connectors.monitoring.alerts.told import Told
from core.errors import ConfigError
from core.ids import TenantId
from core.incidents import AlertState, Severity

NOW = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)
TENANT = TenantId("enterprise-corp")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=20,
)

ALERTMANAGER = {
    "version": "4",
    "groupKey": '{}:{alertname="SLOBurn"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "countersign",
    "groupLabels": {},
    "commonLabels": {},
    "commonAnnotations": {},
    "externalURL": "http://am:9093",
    "notification_reason": "new in some release",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "SLOBurn", "severity": "page", "service": "Payments"},
            "annotations": {"summary": "Payments burns its budget", "description": "14.4 times too fast"},
            "startsAt": "2026-11-23T10:00:00.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph",
            "fingerprint": "a1b2c3d4e5f60718",
        },
        {
            "status": "resolved",
            "labels": {"alertname": "SLOBurn", "severity": "ticket"},
            "annotations": {},
            "startsAt": "2026-11-23T09:00:00Z",
            "endsAt": "2026-11-23T10:04:00Z",
            "fingerprint": "0000000000000001",
        },
    ],
}
DATADOG = {
    "id": "7",
    "alert_id": "42",
    "cycle": "c0ffee",
    "transition": "Triggered",
    "type": "metric alert monitor",
    "title": "[Triggered] Checkout is slow",
    "body": "p95 is above 2 s",
    "date": "1795428000000",
    "priority": "P2",
    "scope": "service:payments",
    "metric": "trace.p95",
    "tags": "env:prod,service:payments,team:a:b",
    "link": "https://app.datadoghq.com/monitors/42",
    "org": "1",
}
NEWRELIC = {
    "id": "issue-1",
    "issueUrl": "https://radar-api.service.newrelic.com/1",
    "title": "High latency",
    "priority": "CRITICAL",
    "state": "ACTIVATED",
    "createdAt": 1795428000000,
    "impactedEntities": ["checkout", "cart"],
    "alertPolicyNames": ["Golden signals"],
    "alertConditionNames": ["Latency"],
    "isCorrelated": False,
}
SPLUNK = {
    "result": {"service": "Payments", "count": "12", "severity": "high"},
    "sid": "scheduler__admin__search__RMD5_at_1795428000_123",
    "results_link": "http://splunk:8000/app/search",
    "search_name": "Too many refusals",
    "owner": "admin",
    "app": "search",
}
CLOUDEVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "https://watch.example",
    "type": "com.example.alert",
    "subject": "disk:db-1",
    "time": "2026-11-23T10:00:00Z",
    "data": {
        "state": "firing",
        "severity": "low",
        "title": "Disk fills up",
        "service": "Payments",
        "labels": {"host": "db-1"},
    },
}


def alerts(slug, document, mapping=None):
    told = SOURCES[slug].read(document, NOW)
    return [(mapping or AlertMapping()).alert_of(each, tenant=TENANT, source=slug) for each in told]


@pytest.mark.row("M4")
def test_each_alert_of_an_alertmanager_message_has_its_own_state_and_episode():
    firing, resolved = alerts("alertmanager", ALERTMANAGER)
    assert (firing.key, firing.state, firing.severity) == ("a1b2c3d4e5f60718", AlertState.FIRING, Severity.CRITICAL)
    assert (firing.service, firing.title) == ("Payments", "Payments burns its budget")
    assert firing.started_at == datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)
    assert (resolved.state, resolved.severity, resolved.title) == (AlertState.RESOLVED, Severity.MEDIUM, "SLOBurn")
    assert firing.group == resolved.group == ALERTMANAGER["groupKey"]


@pytest.mark.row("M1")
def test_a_datadog_monitor_is_known_by_its_cycle():
    (fired,) = alerts("datadog", DATADOG)
    (over,) = alerts("datadog", {**DATADOG, "transition": "Recovered", "date": "1795428300000"})
    assert fired.key == over.key == "42:c0ffee"
    assert (fired.severity, fired.service, fired.state) == (Severity.HIGH, "payments", AlertState.FIRING)
    assert (over.state, over.started_at > fired.started_at) == (AlertState.RESOLVED, True)
    assert fired.labels["team"] == "a:b"


@pytest.mark.row("M2")
def test_a_new_relic_issue_is_one_episode_from_its_creation_to_its_end():
    (fired,) = alerts("newrelic", NEWRELIC)
    (over,) = alerts("newrelic", {**NEWRELIC, "state": "CLOSED"})
    assert (fired.key, fired.severity, fired.started_at) == ("issue-1", Severity.CRITICAL, over.started_at)
    assert (over.state, fired.labels["impactedEntities"]) == (AlertState.RESOLVED, "checkout, cart")


@pytest.mark.row("M3")
def test_a_splunk_alert_is_its_search_and_a_run_of_it_is_taken_once():
    (fired,) = alerts("splunk", SPLUNK)
    assert (fired.key, fired.title, fired.service) == ("Too many refusals", "Too many refusals", "Payments")
    assert fired.started_at == datetime.fromtimestamp(1795428000, UTC)
    assert SOURCES["splunk"].message_id(SPLUNK) == SPLUNK["sid"]
    (over,) = alerts("splunk", {**SPLUNK, "result": {"state": "ok"}})
    assert over.state is AlertState.RESOLVED


@pytest.mark.row("M1", "M2", "M4", "M5")
@pytest.mark.parametrize(
    ("slug", "odd", "where"),
    [
        ("datadog", {**DATADOG, "date": "yesterday"}, "date"),
        ("newrelic", {**NEWRELIC, "createdAt": True}, "createdAt"),
        ("webhooks", {**CLOUDEVENT, "data": {**CLOUDEVENT["data"], "started_at": "x"}}, "data/started_at"),
        ("webhooks", {**CLOUDEVENT, "time": {}}, "time"),
        ("webhooks", {**CLOUDEVENT, "data": {**CLOUDEVENT["data"], "state": "burning"}}, "data/state"),
        ("webhooks", {**CLOUDEVENT, "data": {"state": "firing"}}, "data/title"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(slug, odd, where):
    with pytest.raises(UnreadableMessage) as refused:
        SOURCES[slug].read(odd, NOW)
    assert refused.value.where == where


@pytest.mark.row("M4")
@pytest.mark.parametrize("nothing", [None, ""])
def test_an_alert_without_a_start_begins_now(nothing):
    (told,) = SOURCES["datadog"].read({**DATADOG, "date": nothing}, NOW)
    assert told.started_at == NOW


@pytest.mark.row("M5")
def test_a_cloudevent_of_any_other_system_is_an_alert():
    (fired,) = alerts("webhooks", CLOUDEVENT)
    assert (fired.key, fired.severity) == ("https://watch.example:disk:db-1", Severity.LOW)
    assert (fired.service, fired.labels["host"]) == ("Payments", "db-1")


@pytest.mark.row("M4")
def test_a_mapping_says_how_bad_it_is_what_it_concerns_and_what_is_none_of_ours():
    mapping = read_alert_mapping(
        parse_yaml(
            """
severity: {labels: [urgency], values: {burning: critical, Smouldering: low}, otherwise: medium}
service: {labels: [job], values: {pay-api: "Payments"}, otherwise: "Platform"}
title: "{alertname} of {job}: {title}"
group: "{job}"
ignore:
  - {label: env, is: [staging, test]}
""",
            file="alerts.yaml",
        )
    )
    labels = {"alertname": "Slow", "job": "pay-api", "urgency": "smouldering", "env": "prod"}
    (one,) = alerts("alertmanager", message(labels), mapping)
    assert (one.severity, one.service, one.group) == (Severity.LOW, "Payments", "pay-api")
    assert one.title == "Slow of pay-api: Slow"
    assert alerts("alertmanager", message({**labels, "env": "Staging"}), mapping) == [None]
    (other,) = alerts("alertmanager", message({"alertname": "X"}), mapping)
    assert (other.severity, other.service) == (Severity.MEDIUM, "Platform")


def message(labels):
    return {"version": "4", "alerts": [{"status": "firing", "labels": labels, "fingerprint": "f"}]}


@pytest.mark.row("M4")
def test_every_problem_of_a_mapping_is_named_with_its_line():
    text = "severity: {otherwise: awful}\nservise: {}\nignore:\n  - {label: env}\n"
    with pytest.raises(ConfigError) as refused:
        read_alert_mapping(parse_yaml(text, file="alerts.yaml"))
    said = str(refused.value)
    assert "awful" in said
    assert "Did you mean 'service'?" in said
    assert "alerts.yaml" in said


@pytest.mark.parametrize("slug", sorted(SOURCES))
@given(
    document=st.dictionaries(
        st.sampled_from(
            [
                "version",
                "alerts",
                "transition",
                "alert_id",
                "id",
                "state",
                "result",
                "sid",
                "data",
                "specversion",
                "source",
                "type",
                "tags",
                "createdAt",
                "date",
            ]
        ),
        JSON,
        max_size=8,
    )
)
def test_whatever_is_sent_is_read_or_refused(slug, document):
    try:
        told = SOURCES[slug].read(document, NOW)
    except UnreadableMessage:
        return
    for each in told:
        if not isinstance(each, Told):
            continue
        AlertMapping().alert_of(each, tenant=TENANT, source=slug)
