"""Somebody works on a request's ticket in ServiceNow, and the people who decide hear of it in chat (N1, X6)."""

from __future__ import annotations

import secrets

import pytest
import requests

from tests.product import ticket_in, until


@pytest.mark.row("N1", "X6", "X3")
def test_a_ticket_that_somebody_writes_on_and_cancels_asks_the_approvers_what_was_meant(product):
    agent = f"agent-{secrets.token_hex(3)}"
    resource = {
        "type": "agent",
        "name": agent,
        "sponsor": product.email("tenant_administrator"),
        "owner": product.email("agent_developer"),
        "business_service": "Customer support",
    }
    question = {"action": "agent.create", "resource": resource, "context": {"justification": "Answers at night."}}
    asked = product.call("POST", "/api/v1/decisions", role="agent_developer", json=question).json()["request_id"]

    def ticket():
        shown = product.call("GET", f"/api/v1/requests/{asked}", role="agent_developer").json()
        found = ticket_in(shown)
        return found if found and found["state"] == "Assess" else None

    change = until(ticket, "the request's ticket to be assessed")
    record = {"type": "change_request", "id": change["number"]}
    product.control("servicenow/edit", **record, fields={"work_notes": "The freeze begins on Friday."})
    product.control("servicenow/edit", **record, fields={"state": "Canceled", "close_notes": "Wrong week."})

    def said():
        message = product.message_with("approvals", agent)
        lines = [each["text"] for each in message["thread"]] if message else []
        noted = [line for line in lines if "The freeze begins on Friday." in line]
        closed = [line for line in lines if "What was meant?" in line]
        return (noted, closed) if noted and closed else None

    noted, closed = until(said, "the thread to tell of the ticket", within_s=40)
    assert (len(noted), len(closed)) == (1, 1)
    request = product.call("GET", f"/api/v1/requests/{asked}", role="agent_developer").json()
    assert request["state"] == "pending"
    assert ticket_in(request)["state"] == "Canceled"

    answer = product.call("GET", f"/api/v1/requests/{asked}/ticket-events", role="agent_developer")
    events = {each["event"]: each for each in answer.json()["items"]}
    assert events["request.ticket_noted"]["text"] == "The freeze begins on Friday."
    assert (events["request.ticket_closed"]["number"], events["request.ticket_closed"]["state"]) == (
        change["number"],
        "Canceled",
    )
    for role, does in (("meta_agent_manager", "Approve or reject it"), ("agent_developer", "Withdraw it")):
        headers = {"Authorization": f"Bearer {product.people[product.email(role)]['token']}"}
        address = f"{product.status['base_url']}/console/requests/{request['reference']}"
        page = requests.get(address, headers=headers, timeout=20).text
        assert "What was meant?" in page
        assert does in page
        assert "The freeze begins on Friday." in page


@pytest.mark.row("N1", "R6")
def test_a_nudge_that_nobody_signed_is_refused(product):
    answer = product.call("POST", "/hooks/servicenow/enterprise-corp", json={"sys_id": "0" * 32}, token="")
    assert answer.status_code == 401, answer.text
    assert product.call("POST", "/hooks/nobody/enterprise-corp", json={}, token="").status_code == 404


def approved_in_servicenow(product, change, account, *, comment=""):
    """The row of sysapproval_approver on which the person of this account is asked, once they have approved it."""
    (who,) = [each["sys_id"] for each in product.records("servicenow", "sys_user") if each["user_name"] == account]

    def asked():
        rows = product.records("servicenow", "sysapproval_approver")
        mine = (each for each in rows if each["approver"] == who and each["display"]["sysapproval"] == change)
        return next((each for each in mine if each["state"] == "requested"), None)

    row = until(asked, f"{account} to be asked in ServiceNow")
    decision = {"state": "approved", "comments": comment, "sys_updated_by": account}
    product.control("servicenow/edit", type="sysapproval_approver", id=row["sys_id"], fields=decision)


@pytest.mark.row("N1", "X2", "X3")
def test_what_a_linked_person_approves_in_servicenow_is_their_vote_and_shows_in_slack(product):
    voter, account = product.email("meta_agent_manager"), "fred.luddy"
    product.link_account("meta_agent_manager", "servicenow", account)
    agent = f"agent-{secrets.token_hex(3)}"
    resource = {
        "type": "agent",
        "name": agent,
        "sponsor": product.email("tenant_administrator"),
        "owner": product.email("agent_developer"),
        "business_service": "Customer support",
    }
    question = {"action": "agent.create", "resource": resource, "context": {"justification": "Answers at night."}}
    asked = product.call("POST", "/api/v1/decisions", role="agent_developer", json=question).json()["request_id"]

    def ticket():
        shown = product.call("GET", f"/api/v1/requests/{asked}", role="agent_developer").json()
        found = ticket_in(shown)
        return found if found and found["state"] == "Assess" else None

    change = until(ticket, "the request's ticket to be assessed")["number"]
    approved_in_servicenow(product, change, account, comment="Read and weighed.")

    def voted():
        message = product.message_with("approvals", agent)
        lines = [each["text"] for each in message["thread"]] if message else []
        return [line for line in lines if "approved" in line and "Read and weighed." in line]

    assert len(until(voted, "the thread to tell of the vote", within_s=40)) == 1
    shown = product.call("GET", f"/api/v1/requests/{asked}", role="agent_developer").json()
    first = next(each for each in shown["stages"] if each["key"] == "technical_review")
    (vote,) = first["votes"]
    assert (first["status"], vote["assurance"]) == ("approved", "ticket")
    assert voter in str(vote["voter"])
