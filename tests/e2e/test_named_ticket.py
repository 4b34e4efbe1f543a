"""A policy asks for a change in ServiceNow: the request waits for it, goes on with it, and falls with it (X6)."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.product import another_server, until

POLICY = """
Agent Creation Approval:
  ticket: {systems: [servicenow], kinds: [change, emergency_change]}
  stages:
    - {stage: security_review, approvers: [security_manager], timeout: 24 hours}
"""


@pytest.fixture(scope="module")
def gated(product, tmp_path_factory):
    folder = tmp_path_factory.mktemp("policies")
    (folder / "gated.yaml").write_text(POLICY)
    with another_server(product, folder / "server.log", POLICIES_DIR=str(folder)) as server:
        yield server


def plan_change(product, agent, requester):
    """Somebody plans a change for the agent in ServiceNow, from an hour ago to tomorrow."""
    instance = product.status["systems"]["servicenow"]
    product.control("servicenow/configure", people=[{"email": requester, "name": product.people[requester]["name"]}])
    (person,) = [one for one in product.records("servicenow", "sys_user") if one["email"] == requester]
    now = datetime.now(UTC)
    body = {
        "short_description": f"Bring {agent} live",
        "requested_by": person["sys_id"],
        "start_date": f"{now - timedelta(hours=1):%Y-%m-%d %H:%M:%S}",
        "end_date": f"{now + timedelta(days=1):%Y-%m-%d %H:%M:%S}",
    }
    answer = requests.post(
        f"{instance['url']}/api/now/table/change_request",
        json=body,
        auth=(instance["user"], instance["password"]),
        headers={"Accept": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]["number"]


@pytest.mark.row("X6", "N1", "X3")
def test_a_request_waits_for_its_change_goes_on_with_it_and_falls_with_it(product, gated):
    agent, me = f"agent-{secrets.token_hex(3)}", product.email("agent_developer")
    resource = {
        "type": "agent",
        "name": agent,
        "sponsor": product.email("tenant_administrator"),
        "owner": me,
        "business_service": "Customer support",
    }
    question = {"action": "agent.create", "resource": resource, "context": {"justification": "Answers at night."}}

    def asked():
        return gated.call("POST", "/api/v1/decisions", role="agent_developer", json=question).json()

    def shown():
        return product.call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()

    first = asked()
    request_id = first["request_id"]
    assert (first["decision"], first["reasons"][0]["code"]) == ("pending", "approvals.ticket_missing")
    until(lambda: product.message_with(f"@{me}", agent, "Name a ticket"), "the requester to be asked for a ticket")

    number = plan_change(product, agent, me)
    named = gated.call("POST", f"/api/v1/requests/{request_id}/ticket", role="agent_developer", json={"ticket": number})
    assert named.status_code == 200, named.text
    until(lambda: shown()["ticket"]["standing"] == "holds", "ServiceNow to confirm the change")
    assert shown()["stages"][0]["status"] == "open"
    reviewer = product.email("security_manager")
    until(lambda: product.message_with(f"@{reviewer}", agent, "Approve"), "the reviewer to be asked")

    def written():
        (record,) = [one for one in product.records("servicenow", "change_request") if one["number"] == number]
        return [entry["value"] for entry in record["journal"] if "ticket accepted" in entry["value"]]

    assert len(until(written, "the change to be written on")) == 1

    vote = {"decision": "approve", "reason": "Planned well."}
    voted = product.call("POST", f"/api/v1/requests/{request_id}/votes", role="security_manager", json=vote)
    assert (voted.status_code, voted.json()["state"]) == (200, "approved"), voted.text

    product.control("servicenow/edit", type="change_request", id=number, fields={"state": "Canceled"})
    again = gated.call("POST", f"/api/v1/requests/{request_id}/ticket", role="agent_developer", json={"ticket": number})
    assert again.status_code == 200, again.text
    until(lambda: shown()["ticket"]["standing"] == "refused", "the change to be found cancelled")
    denied = asked()
    assert (denied["decision"], denied["reasons"][0]["code"]) == ("deny", "approvals.ticket_fell")
    assert f"{number} is cancelled" in denied["reasons"][0]["message"]

    standing = shown()
    assert (standing["state"], standing["suspension"]) == (
        "approved",
        denied["reasons"][0]["message"].partition(". ")[2],
    )
    headers = {"Authorization": f"Bearer {product.people[me]['token']}"}
    page = requests.get(
        f"{product.status['base_url']}/console/requests/{standing['reference']}", headers=headers, timeout=20
    )
    assert '<span class="status suspended">' in page.text
    assert "Approved, and suspended." in page.text
    assert "Name another ticket" in page.text

    def told():
        message = product.message_with(f"@{me}", agent)
        return [each for each in message["thread"] if "Suspended" in each["text"]] if message else []

    assert len(until(told, "the requester to be told")) == 1
