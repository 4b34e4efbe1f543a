"""Usage told over HTTP, plainly and as CloudEvents, and what it cost (C1, C3, C7)."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

ROLE = "tenant_administrator"


def told(product, body, *, status=202, role=ROLE, media_type="application/json"):
    headers = {"Content-Type": media_type}
    answer = product.call("POST", "/api/v1/usage", role=role, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def spent(product, query):
    answer = product.call("GET", f"/api/v1/costs?{query}", role=ROLE)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def refusals(product):
    """How often somebody was not let tell usage."""
    wanted = {"action": "usage.recorded", "result": "denied"}
    return len(product.call("GET", "/api/v1/audit", role=ROLE, params=wanted).json()["items"])


def event(project, **about):
    now = datetime.now(UTC).isoformat()
    return {
        "id": secrets.token_hex(6),
        "meter": "cpu_hours",
        "quantity": "0.1",
        "project": project,
        "time": now,
        **about,
    }


@pytest.fixture
def project():
    return f"p-{secrets.token_hex(4)}"


@pytest.mark.row("C1", "C3", "C7")
def test_usage_is_told_once_and_its_cost_shows_at_once_by_whatever_it_is_grouped(product, project):
    events = [event(project), event(project, meter="agent_creation", quantity="2", agent="helper")]
    assert told(product, {"events": events}) == {"accepted": 2, "duplicates": 0}
    assert told(product, {"events": events}) == {"accepted": 0, "duplicates": 2}
    (by_project,) = spent(product, f"group_by=project&project={project}")
    assert (by_project["project"], by_project["events"]) == (project, 2)
    assert by_project["cost"] == {"amount": "10.01", "currency": "USD"}
    by_meter = spent(product, f"group_by=meter&group_by=agent&project={project}")
    assert [(each["meter"], each["agent"], each["quantity"], each["cost"]["amount"]) for each in by_meter] == [
        ("agent_creation", "helper", "2.00", "10.00"),
        ("cpu_hours", "", "0.10", "0.01"),
    ]
    lines = product.call("GET", f"/api/v1/usage?project={project}", role=ROLE).json()["items"]
    assert sorted((line["usage_id"], line["cost"]["amount"]) for line in lines) == sorted(
        [(events[0]["id"], "0.01"), (events[1]["id"], "10.00")]
    )


@pytest.mark.row("C3")
def test_late_usage_is_corrected_by_naming_it(product, project):
    late = (datetime.now(UTC) - timedelta(days=45)).isoformat()
    first = event(project, time=late, quantity="100")
    told(product, {"events": [first]})
    told(product, {"events": [event(project, time=late, quantity="50", corrects=first["id"])]})
    assert [each["cost"]["amount"] for each in spent(product, f"project={project}")] == ["5.00"]


@pytest.mark.row("C3", "M5")
def test_cloud_events_are_taken_alone_in_batches_and_with_their_attributes_in_headers(product, project):
    cloud = {
        "specversion": "1.0",
        "id": secrets.token_hex(4),
        "source": "/runners/7",
        "type": "security_scanning",
        "subject": "helper",
        "time": datetime.now(UTC).isoformat(),
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "data": {"quantity": "3", "project": project},
    }
    assert told(product, cloud, media_type="application/cloudevents+json")["accepted"] == 1
    batch = [cloud, {**cloud, "source": "/runners/8"}]
    found = told(product, batch, media_type="application/cloudevents-batch+json")
    assert found == {"accepted": 1, "duplicates": 1}
    attributes = {f"ce-{name}": quote(str(value)) for name, value in cloud.items() if name != "data"}
    for source, outcome in (("/runners/7", (0, 1)), ("/runners/9 %C3%BC", (1, 0))):  # known, and new
        headers = {**attributes, "ce-source": source, "Content-Type": "application/json"}
        answer = product.call("POST", "/api/v1/usage", role=ROLE, json=cloud["data"], headers=headers)
        assert (answer.json()["accepted"], answer.json()["duplicates"]) == outcome
    del attributes["ce-time"]
    answer = product.call("POST", "/api/v1/usage", role=ROLE, json={"quantity": "x"}, headers=attributes)
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"#/time", "#/data/quantity"}
    (row,) = spent(product, f"group_by=agent&project={project}")
    assert (row["agent"], row["cost"]["amount"]) == ("helper", "9.00")


@pytest.mark.row("C3")
def test_what_is_wrong_with_usage_is_pointed_at_and_nothing_is_recorded(product, project):
    future = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    events = [
        event(project),
        event(project, meter="cpu_hour"),
        event(project, quantity="0"),
        event(project, time=future),
    ]
    problem = told(product, {"events": events}, status=422)
    assert [fault["pointer"] for fault in problem["errors"]] == [
        "#/events/1/meter",
        "#/events/2/quantity",
        "#/events/3/time",
    ]
    assert "cpu_hours" in problem["errors"][0]["accepted"]
    for quantity in ("NaN", "-1", "1e400", 0.1, None):
        told(product, {"events": [event(project, quantity=quantity)]}, status=422)
    told(product, [], status=422)
    told(product, {"events": []}, status=422)
    before = refusals(product)
    denied = told(product, {"events": events}, status=403, role="audit_reviewer")  # and learns no meters
    assert denied["code"] == "access.permission_missing"
    assert refusals(product) == before + 1
    known = event(project)
    told(product, {"events": [known]})
    assert told(product, {"events": [{**known, "quantity": "7"}]}, status=409)["code"] == "costs.usage_conflict"
    assert [each["events"] for each in spent(product, f"project={project}")] == [1]


@pytest.mark.row("C3", "M5")
def test_a_conflict_is_pointed_at_in_whichever_form_usage_was_told(product, project):
    known = event(project)
    told(product, {"events": [known]})
    reused, lost = {**known, "quantity": "7"}, event(project, corrects="nobody-told-this")
    problem = told(product, {"events": [event(project), reused]}, status=409)
    assert [fault["pointer"] for fault in problem["errors"]] == ["#/events/1/id"]
    problem = told(product, {"events": [event(project), event(project), lost]}, status=409)
    assert [fault["pointer"] for fault in problem["errors"]] == ["#/events/2/corrects"]
    assert problem["code"] == "costs.uncorrectable"
    assert problem["title"] == "What this corrects is not known, or was corrected already."
    first, second = event(project, id="ring-1", corrects="ring-2"), event(project, id="ring-2", corrects="ring-1")
    problem = told(product, {"events": [event(project), first, second]}, status=409)
    assert [fault["pointer"] for fault in problem["errors"]] == ["#/events/1/corrects"]
    cloud = {
        "specversion": "1.0",
        "id": secrets.token_hex(4),
        "source": "/runners/7",
        "type": "cpu_hours",
        "time": datetime.now(UTC).isoformat(),
        "data": {"quantity": "3", "project": project},
    }
    wrong = {**cloud, "id": "other", "data": {**cloud["data"], "corrects": "nobody-told-this"}}
    assert told(product, [cloud, wrong], status=409)["errors"][0]["pointer"] == "#/1/data/corrects"
    assert told(product, wrong, status=409)["errors"][0]["pointer"] == "#/data/corrects"
    assert [each["events"] for each in spent(product, f"project={project}")] == [1]


@pytest.mark.row("C3")
def test_limits_of_quantities_and_of_groups_are_said_as_they_are(product, project):
    for quantity, reason in (
        ("0.1234567890123", "at most 18 digits before the point and 12 behind it"),
        ("1000000000000.5", "'1000000000000.5' is no quantity."),
        ("twelve", "decimal number in quotes"),
    ):
        problem = told(product, {"events": [event(project, quantity=quantity)]}, status=422)
        assert reason in problem["errors"][0]["detail"]
    assert told(product, {"events": [event(project, quantity="1000000000000")]})["accepted"] == 1
    answer = product.call("GET", "/api/v1/costs?group_by=project,agent", role=ROLE)
    assert answer.status_code == 422
    assert "group_by=project&group_by=agent" in answer.json()["errors"][0]["detail"]


@pytest.mark.row("C1", "C10")
def test_the_rate_card_is_shown_and_the_sums_are_those_of_the_ledger(product):
    rates = product.call("GET", "/api/v1/costs/rates", role="agent_developer").json()
    prices = {each["meter"]: each["prices"][0]["tiers"][0]["unit_price"]["amount"] for each in rates["meters"]}
    assert (prices["cpu_hours"], prices["agent_monitoring"], prices["compliance_reporting"]) == (
        "0.10",
        "0.50",
        "10.00",
    )
    check = product.call("POST", "/api/v1/costs/checks", role=ROLE, json={}).json()
    assert (check["sound"], check["differing"]) == (True, 0)
