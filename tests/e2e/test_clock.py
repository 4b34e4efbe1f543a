"""Time passes: reminders, escalation, expiry, and a bypass that nobody acknowledges. On a product of its own."""

import secrets

import pytest
import requests

from tests.product import ticket_in, until

AGENT_FACTS = {"business_service": "Customer support"}


@pytest.fixture(scope="module")
def product(new_product):
    """Another demo: the clock is the whole product's, and other tests live by it."""
    with new_product() as running:
        yield running


def advance(product, how_far):
    """The clock has moved, and what fell due by that has been handled."""
    return product.control("clock", advance=how_far)


def new_request(product):
    agent = f"agent-{secrets.token_hex(3)}"
    facts = {"sponsor": product.email("tenant_administrator"), "owner": product.email("agent_developer")}
    answer = product.decide("agent_developer", "agent.create", name=agent, **facts, **AGENT_FACTS)
    message = until(lambda: product.message_with("approvals", agent), "the channel's message")
    return answer["request_id"], message["text"].partition(":")[0]


def request(product, request_id):
    return product.call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()


def thread_with(product, channel, subject, words):
    """The lines of the subject's thread in the channel, once one of them holds the words."""

    def look():
        message = product.message_with(channel, subject)
        lines = [reply["text"] for reply in message["thread"]] if message else []
        return lines if any(words in line for line in lines) else None

    return until(look, f"“{words}” under {subject} in {channel}")


def bypass(product, role, agent, **more):
    body = {
        "action": "agent.modify",
        "resource": agent,
        "justification": "It misroutes urgent tickets; the table must be changed now.",
        "duration": "1 hour",
        **more,
    }
    return product.call("POST", "/api/v1/bypasses", role=role, json=body)


def review(product, bypass_id):
    body = {"verdict": "justified", "notes": "Needed, and tested afterwards."}
    done = product.call("POST", f"/api/v1/bypasses/{bypass_id}/review", role="tenant_administrator", json=body)
    assert done.status_code == 200, done.text


def audited(product, action, subject_id):
    query = {"action": action, "subject_id": subject_id, "limit": 200}
    return product.call("GET", "/api/v1/audit", role="audit_reviewer", params=query).json()["items"]


@pytest.mark.row("P3", "P6", "B3")
def test_a_silent_approver_is_reminded_then_the_role_above_is_asked_with_a_new_due_time(product):
    request_id, reference = new_request(product)
    tomas, amara = product.email("meta_agent_manager"), product.email("tenant_administrator")
    until(lambda: product.message_with(f"@{tomas}", reference, "Approve"), "the first approver's message")

    advance(product, "23h")
    thread_with(product, f"@{tomas}", reference, "Reminder for Technical review")
    stage = request(product, request_id)["stages"][0]
    assert (stage["status"], stage["escalation_level"], len(stage["approvers"])) == ("open", 0, 1)
    assert product.message_with(f"@{amara}", reference) is None

    first_due = stage["due_at"]
    advance(product, "2h")
    stage = request(product, request_id)["stages"][0]
    assert (stage["status"], stage["escalation_level"]) == ("open", 1)
    assert stage["approver_roles"] == ["meta_agent_manager", "tenant_administrator"]
    assert {person["email"] for person in stage["approvers"]} == {tomas, amara}
    assert stage["due_at"] > first_due
    until(lambda: product.message_with(f"@{amara}", reference, "Approve"), "the buttons for the role above")
    thread_with(product, "approvals", reference, "Technical review is overdue")
    assert "_escalated_" in str(product.message_with("approvals", reference)["blocks"])

    vote = {"decision": "approve", "reason": "In place of Tomás."}
    path = f"/api/v1/requests/{request_id}/votes"
    assert product.call("POST", path, role="tenant_administrator", json=vote).status_code == 200
    assert [stage["status"] for stage in request(product, request_id)["stages"]][:2] == ["approved", "open"]


@pytest.mark.row("P3", "P6", "B3")
def test_a_request_that_nobody_decides_climbs_to_the_top_and_expires_in_every_place(product):
    request_id, reference = new_request(product)
    for level in (1, 2):
        advance(product, "25h")
        assert request(product, request_id)["stages"][0]["escalation_level"] == level
    ingrid = product.email("enterprise_administrator")
    until(lambda: product.message_with(f"@{ingrid}", reference, "Approve"), "the buttons for the top of the hierarchy")
    advance(product, "25h")
    assert request(product, request_id)["state"] == "expired"
    for place in ("approvals", f"@{ingrid}", f"@{product.email('agent_developer')}"):
        message = until(lambda place=place: product.message_with(place, "Expired"), f"its end in {place}")
        assert [each["text"] for each in message["actions"] if each["text"] in {"Approve", "Reject"}] == []
    vote = {"decision": "approve", "reason": "Too late."}
    path = f"/api/v1/requests/{request_id}/votes"
    late = product.call("POST", path, role="enterprise_administrator", json=vote)
    assert (late.status_code, late.json()["detail"]) == (409, "This request is expired already.")


@pytest.mark.row("E1", "B3")
def test_a_bypass_opens_the_gate_until_its_time_is_over(product):
    agent = f"agent-{secrets.token_hex(3)}"
    granted = bypass(product, "meta_agent_manager", agent, action="agent.create").json()
    facts = {"sponsor": product.email("tenant_administrator"), "owner": product.email("agent_developer")}
    while_active = product.decide("meta_agent_manager", "agent.create", name=agent, **facts, **AGENT_FACTS)
    assert (while_active["decision"], while_active["bypass_id"]) == ("allow", granted["id"])

    advance(product, "61 minutes")
    found = product.call("GET", f"/api/v1/bypasses/{granted['id']}", role="tenant_administrator").json()
    assert found["state"] == "expired"
    tomas = product.email("meta_agent_manager")
    for place in ("emergency", f"@{tomas}"):
        until(lambda place=place: _expired(product, place, granted["reference"]), f"its end in {place}")
    other = f"agent-{secrets.token_hex(3)}"
    afterwards = product.decide("meta_agent_manager", "agent.create", name=other, **facts, **AGENT_FACTS)
    assert (afterwards["decision"], afterwards["bypass_id"]) == ("pending", None)
    review(product, granted["id"])


def _expired(product, place, reference):
    message = product.message_with(place, reference)
    return message is not None and "Expired" in str(message["blocks"])


@pytest.mark.row("E4")
def test_management_is_reminded_of_a_bypass_until_somebody_acknowledges_it(product):
    granted = bypass(product, "meta_agent_manager", "night-desk", duration="2 hours").json()
    amara, ingrid = product.email("tenant_administrator"), product.email("enterprise_administrator")
    until(lambda: product.message_with(f"@{amara}", granted["reference"], "Acknowledge"), "the first word of it")

    for times in (1, 2):
        advance(product, "11 minutes")
        assert len(audited(product, "bypass.remind_management", granted["id"])) == times
    for person in (amara, ingrid):
        thread_with(
            product, f"@{person}", granted["reference"], "Nobody of senior management has acknowledged this yet"
        )

    path = f"/api/v1/bypasses/{granted['id']}/acknowledge"
    assert product.call("POST", path, role="tenant_administrator").status_code == 200
    advance(product, "25 minutes")
    assert len(audited(product, "bypass.remind_management", granted["id"])) == 2
    review(product, granted["id"])


@pytest.mark.row("E2")
def test_who_owes_a_review_gets_no_further_bypass_until_it_is_done(product):
    granted = bypass(product, "security_manager", "night-desk").json()
    advance(product, "49h")
    refused = bypass(product, "security_manager", "night-desk")
    assert refused.status_code == 403, refused.text
    assert f"The review of {granted['reference']} is overdue" in refused.json()["detail"]
    amara = product.email("tenant_administrator")
    thread_with(product, f"@{amara}", granted["reference"], "Review overdue")
    review(product, granted["id"])
    again = bypass(product, "security_manager", "night-desk")
    assert again.status_code == 201, again.text
    review(product, again.json()["id"])


@pytest.mark.parametrize("how_far", ["", "yesterday", "-3h", "25"])
def test_a_clock_that_cannot_be_understood_stands_still(product, how_far):
    url = f"{product.status['sandbox_url']}/control/clock"
    answer = requests.post(url, json={"advance": how_far}, timeout=30)
    assert answer.status_code in {400, 422}, answer.text


@pytest.mark.row("N1", "X6")
def test_what_other_machines_sign_by_their_own_clocks_is_taken_wherever_ours_stands(product):
    agent = f"agent-{secrets.token_hex(3)}"
    facts = {"sponsor": product.email("tenant_administrator"), "owner": product.email("agent_developer")}
    asked = product.decide("agent_developer", "agent.create", name=agent, **facts, **AGENT_FACTS)["request_id"]
    ticket = until(lambda: ticket_in(request(product, asked)), "its ticket in ServiceNow")
    advance(product, "1h")
    record = {"type": "change_request", "id": ticket["number"]}
    product.control("servicenow/edit", **record, fields={"work_notes": "The freeze begins on Friday."})

    def told():
        systems = requests.get(f"{product.status['sandbox_url']}/control/systems", timeout=30).json()
        last = systems["servicenow"]["webhook"]["last"]
        return last[0] if last and last[0]["body"]["number"] == ticket["number"] else None

    assert 200 <= until(told, "ServiceNow's message to us")["status"] < 300
