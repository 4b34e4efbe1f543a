"""A change that the platform rolls out, as people and programs see it on a running service (G6, G7, G8, G9, G10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.test_changes_api import GATES, approved, call, drafted
from tests.product import until

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def product(new_product):
    """One whose clock is moved by nobody else."""
    with new_product() as running:
        yield running


@pytest.fixture
def platform(product):
    """The platform, quick, whose next rollouts end as they are told to; afterwards they are good again."""

    def next_is(outcome):
        product.control("platform/configure", next=outcome, step_s=0.1)

    yield next_is
    product.control("platform/configure", next="good", step_s=0.5)


def scheduled(product):
    """A change of a service of its own that may be done now."""
    now = datetime.now(UTC)
    times = {"starts_at": (now - HOUR).isoformat(), "ends_at": (now + HOUR).isoformat()}
    change = drafted(product, title="Read invoices with the new model", **times)
    path = f"/{change['id']}"
    for gate in GATES:
        call(product, "POST", f"{path}/evidence", status=201, json={"gate": gate, "summary": "It is there."})
    approved(product, call(product, "POST", f"{path}/submit"))
    return call(product, "POST", f"{path}/schedule", json={})


def shown(product, change):
    return call(product, "GET", f"/{change['id']}")


@pytest.mark.timeout(300)
@pytest.mark.row("G7", "G10", "G6")
def test_a_change_that_goes_bad_is_undone_by_itself_and_its_message_tells_how(product, platform):
    platform("bad")
    change = scheduled(product)
    started = call(product, "POST", f"/{change['id']}/rollout")
    assert (started["state"], started["rollout"]["state"]) == ("implement", "starting")

    until(lambda: shown(product, change)["rollout"]["state"] == "rolled_back", "the rollback")
    until(lambda: shown(product, change)["recovery"]["state"] == "passed", "its validation")
    found = shown(product, change)
    assert (found["state"], found["review_state"]) == ("rolled_back", "due")
    assert "Error rate: 0.31, wanted at most 0.05." in found["rollout"]["reasons"]

    def told():
        message = product.message_with("approvals", f"{change['reference']} · Change")
        text = str(message["blocks"])
        return message if "Rolled back, and everything works again" in text else None

    until(told, "the message to say so")

    def lines():
        found = product.message_with("approvals", f"{change['reference']} · Change")
        return " ".join(each["text"] for each in found["thread"])

    until(lambda: "Everything works again" in lines(), "its thread to say so")
    assert "Being rolled back" in lines()


@pytest.mark.row("G6")
def test_somebody_has_the_platform_roll_out_by_a_button_and_it_is_validated(product, platform):
    platform("good")
    change = scheduled(product)
    dana = product.email("agent_developer")
    heading = f"{change['reference']} · Change"
    message = until(lambda: product.message_with(f"@{dana}", heading, "Roll out"), "the button")
    button = next(each for each in message["actions"] if each["text"] == "Roll out")
    clicked = {"action_id": button["action_id"], "value": button["value"]}
    product.control("slack/click", user=dana, channel=f"@{dana}", ts=message["ts"], **clicked)
    until(lambda: shown(product, change)["rollout"] is not None, "the rollout")
    until(lambda: shown(product, change)["rollout"]["state"] == "watching", "it to be out")
    product.control("clock", advance="40s")
    until(lambda: shown(product, change)["state"] == "review", "its validation")
    assert shown(product, change)["validation"]["result"] == "passed"


@pytest.mark.row("G8", "S5", "B6", "N1")
def test_a_rollback_is_asked_for_by_the_button_of_an_incident_that_suspects_the_change_and_a_yes_does_it(product):
    change = scheduled(product)
    call(product, "POST", f"/{change['id']}/implement")
    wrong = {"title": "Totals differ", "severity": "high", "service": change["resources"][0]}
    incident = product.call("POST", "/api/v1/incidents", role="agent_developer", json=wrong).json()
    label = "Roll back the change"
    message = until(lambda: product.message_with("emergency", incident["reference"], label), "the way back")
    assert change["reference"] in str(message["blocks"])
    (button,) = [each for each in message["actions"] if each["text"] == label]
    click = {"channel": "emergency", "ts": message["ts"], "action_id": button["action_id"], "value": button["value"]}
    opened = product.control("slack/click", user=product.email("agent_developer"), **click)
    sent = {"view_id": opened["modal"]["view_id"], "values": {"reason": "Totals differ."}}
    assert not product.control("slack/submit", user=product.email("agent_developer"), **sent).get("errors")
    asked = until(lambda: (found := shown(product, change))["rollback_request_id"] and found, "the request")
    assert (asked["state"], asked["rollback_request_state"]) == ("implement", "pending")
    vote = {"decision": "approve", "reason": "Yes."}
    path = f"/api/v1/requests/{asked['rollback_request_id']}/votes"
    assert product.call("POST", path, role="meta_agent_manager", json=vote).status_code == 200
    until(lambda: shown(product, change)["state"] == "rolled_back", "the rollback")

    def its_ticket_is_closed():
        title = f"{asked['rollback_request']}: change.rollback"
        (row,) = [one for one in product.records("servicenow", "change_request") if title in one["short_description"]]
        return row["display"]["state"] == "Closed" and "Successful" in row["display"]["close_code"]

    until(its_ticket_is_closed, "the ticket of the rollback's approval to be closed")
    recovered = call(product, "POST", f"/{change['id']}/recovery", json={"result": "passed", "notes": "As before."})
    assert recovered["recovery"]["state"] == "passed"


@pytest.mark.row("G9")
def test_a_drill_is_run_and_told_of_in_the_channel(product, platform):
    platform("good")
    run = product.call(
        "POST", "/api/v1/changes/drills/runs", role="meta_agent_manager", json={"drill": "Invoice reading"}
    )
    assert run.status_code == 202, run.text

    def passed():
        product.control("clock", advance="10s")
        (drill,) = call(product, "GET", "/drills")["drills"]
        return drill["last"]["id"] == run.json()["id"] and drill["last"]["state"] == "rolled_back"

    until(passed, "the drill to pass")
    until(lambda: product.message_with("approvals", "Rollback drill passed"), "the message about it")
    assert call(product, "GET", "/drills/runs")["items"][0]["reference"] == run.json()["reference"]
