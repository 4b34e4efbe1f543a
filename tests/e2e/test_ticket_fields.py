"""Somebody works past us in ServiceNow: changes a mapped field, and deletes a ticket (N1, N3, X3)."""

from __future__ import annotations

import secrets

import pytest

from tests.product import ticket_in, until


def asked(product):
    """A pending request's id and its assessed change."""
    agent = f"agent-{secrets.token_hex(3)}"
    resource = {
        "type": "agent",
        "name": agent,
        "sponsor": product.email("tenant_administrator"),
        "owner": product.email("agent_developer"),
        "business_service": "Customer support",
    }
    question = {"action": "agent.create", "resource": resource, "context": {"justification": "Answers at night."}}
    request_id = product.call("POST", "/api/v1/decisions", role="agent_developer", json=question).json()["request_id"]

    def ticket():
        found = ticket_in(shown(product, request_id))
        return found if found and found["state"] == "Assess" else None

    return agent, request_id, until(ticket, "the request's ticket to be assessed")


def shown(product, request_id):
    return product.call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()


def answered(product, method, path, **sent):
    answer = product.call(method, path, role="tenant_administrator", **sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


def changes_of(product, request_id):
    return [one for one in product.records("servicenow", "change_request") if one["correlation_id"] == request_id]


@pytest.mark.row("N1", "N3", "X3")
def test_a_field_that_somebody_changes_on_the_ticket_amends_the_request(product):
    agent, request_id, change = asked(product)
    assert changes_of(product, request_id)[0]["justification"] == "Answers at night."
    record = {"type": "change_request", "id": change["number"]}
    product.control("servicenow/edit", **record, fields={"justification": "Answers by day too."})

    amended = until(
        lambda: found if (found := shown(product, request_id))["justification"] == "Answers by day too." else None,
        "the request to be amended",
        within_s=40,
    )
    assert amended["state"] == "pending"

    def said():
        message = product.message_with("approvals", agent)
        lines = [each["text"] for each in message["thread"]] if message else []
        return [line for line in lines if "beth.anglin in ServiceNow" in line]

    assert len(until(said, "the thread to tell who changed it")) == 1


@pytest.mark.row("N1", "X3")
def test_a_ticket_that_was_deleted_is_found_made_again_and_reported(product):
    _agent, request_id, change = asked(product)
    product.control("servicenow/delete", type="change_request", id=change["number"])
    path = "/api/v1/connectors/servicenow"
    walk = answered(product, "POST", f"{path}/reconcile", json={})

    def done():
        found = answered(product, "GET", f"{path}/reconciliations")["items"]
        return next((one for one in found if one["id"] == walk["id"] and one["state"] == "done"), None)

    report = until(done, "the walk to be over", within_s=60)
    findings = [(one["ticket"], one["what"], one["remedy"]) for one in report["findings"]]
    assert (change["number"], "missing", "repair") in findings
    again = until(lambda: changes_of(product, request_id), "the ticket to be made again", within_s=40)
    assert [one["number"] for one in again] != [change["number"]]
    console = product.call("GET", f"{path}/deliveries?state=dead", role="tenant_administrator").json()
    assert [one for one in console["items"] if one["subject"] == f"request:{request_id}"] == []
    administrator = f"@{product.email('tenant_administrator')}"
    until(
        lambda: [m for m in product.messages(administrator) if "Tickets in ServiceNow were compared" in str(m)],
        "the administrators to be told",
    )
