"""A tenant that keeps its tickets in Jira, beside one that keeps them in ServiceNow."""

from __future__ import annotations

import secrets

import pytest
import requests

from tests.product import Product, until

NORTHWIND = "northwind"


def token(product: Product, email: str) -> str:
    return str(product.status["tenants"][NORTHWIND]["people"][email]["token"])


@pytest.mark.row("N2")
def test_a_request_of_a_tenant_has_its_issue_in_jira_and_none_elsewhere(product):
    nora = token(product, "nora.keller@northwind.example")
    agent = f"invoice-reader-{secrets.token_hex(3)}"
    resource = {"type": "agent", "name": agent, "business_service": "Payments", "owner": "nora.keller@northwind.example",
                "sponsor": "marc.fischer@northwind.example"}  # fmt: skip
    body = {"action": "agent.create", "resource": resource, "context": {"justification": "It saves a day."}}
    answer = product.call("POST", "/api/v1/decisions", token=nora, json=body)
    assert (answer.status_code, answer.json()["decision"]) == (200, "pending"), answer.text
    request_id = answer.json()["request_id"]

    def issue():
        found = [one for one in product.records("jira", "issue") if agent in str(one["summary"])]
        return next((one for one in found if one["status"] == "Waiting for Approval"), None)

    made = until(issue, "the issue to wait for approval", within_s=120)  # a busy machine repeats slow calls there
    assert made["properties"] == {"countersign": {"key": request_id, "kind": "change"}}
    assert [one for one in product.records("servicenow", "change_request") if agent in str(one)] == []

    def linked():
        shown = product.call("GET", f"/api/v1/requests/{request_id}", token=nora).json()
        return next((one for one in shown.get("tickets", ()) if one["state"] == "Waiting for Approval"), None)

    ticket = until(linked, "the request to show its ticket")
    assert ticket["number"] == made["key"]
    page = requests.get(ticket["url"], timeout=10)
    assert (page.status_code, agent in page.text) == (200, True)

    withdrawn = product.call("POST", f"/api/v1/requests/{request_id}/withdraw", token=nora, json={"reason": "Not yet."})
    assert withdrawn.status_code == 200, withdrawn.text
    ended = until(
        lambda: next((one for one in product.records("jira", "issue") if one["key"] == made["key"]
                      and one["status"] == "Canceled"), None),
        "the issue to be cancelled",
    )  # fmt: skip
    assert ended["resolution"] == "Won't Do"
    assert "Not yet." in ended["comments"][-1]["body"]
