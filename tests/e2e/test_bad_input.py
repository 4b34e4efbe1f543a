"""Bad input: the message that a user would want, and nothing changed."""

import secrets
import uuid

import pytest

from tests.e2e.test_chat import click, new_request
from tests.product import until


def other_tenants_token(product):
    return next(iter(product.status["tenants"]["northwind"]["people"].values()))["token"]


@pytest.mark.row("P2", "B3")
def test_a_reason_of_700_characters_is_kept_whole(product):
    reference, agent = new_request(product)
    tomas = product.email("meta_agent_manager")
    reason = ("It reads more than it needs. " * 30)[:700].strip()
    form = click(product, tomas, f"@{tomas}", reference, "Reject")["modal"]
    done = product.control("slack/submit", user=tomas, view_id=form["view_id"], values={"Reason": reason})
    assert not done.get("errors")
    found = product.call("GET", "/api/v1/requests", role="audit_reviewer", params={"q": agent}).json()["items"][0]
    assert found["stages"][0]["votes"][0]["reason"] == reason


@pytest.mark.row("T1")
def test_a_token_of_another_tenant_sees_and_changes_nothing(product):
    _reference, agent = new_request(product)
    request_id = product.call("GET", "/api/v1/requests", role="audit_reviewer", params={"q": agent}).json()["items"][0][
        "id"
    ]
    token = other_tenants_token(product)
    shown = product.call("GET", f"/api/v1/requests/{request_id}", token=token)
    voted = product.call("POST", f"/api/v1/requests/{request_id}/votes", token=token, json={"decision": "approve"})
    assert (shown.status_code, voted.status_code) == (404, 404)
    assert voted.json()["detail"] == "There is no such request here."
    entered = product.call("GET", "/api/v1/requests", token=token, headers={"X-Tenant-Id": "enterprise-corp"})
    assert entered.status_code == 403
    after = product.call("GET", f"/api/v1/requests/{request_id}", role="audit_reviewer").json()
    assert after["stages"][0]["votes"] == []


@pytest.mark.row("B1")
def test_a_request_that_does_not_exist_is_named_in_the_answer(product):
    answer = product.control(
        "slack/command", user=product.email("agent_developer"), channel="general", text="/approve show REQ-999999"
    )
    assert "There is no REQ-999999 here." in str(answer["ephemeral"])
    missing = product.call("GET", f"/api/v1/requests/{uuid.uuid4()}", role="agent_developer")
    assert (missing.status_code, missing.headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"action": "agent.create", "action": "agent.deploy", "resource": {}}', 400),
        (b'{"action": NaN, "resource": {}}', 400),
        (b'{"action": "agent.create"}', 422),
        (b'{"action": 7, "resource": {"name": "x"}}', 422),
        (b'{"action": "agent.create", "resource": {"name": "x"}, "surprise": 1}', 422),
        (b'{"action": "agent.paint", "resource": {"name": "x"}}', 422),
        (b'{"action": "agent.create", "resource": {"name": ["x"]}}', 422),
    ],
)
def test_a_question_that_cannot_be_read_is_a_problem_and_never_a_500(product, body, status):
    answer = product.call(
        "POST", "/api/v1/decisions", role="agent_developer", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.row("X7")
def test_an_agent_without_an_owner_is_denied_with_the_reason(product):
    decision = product.decide(
        "agent_developer",
        "agent.create",
        name=f"x-{secrets.token_hex(3)}",
        sponsor="a@b.example",
        business_service="Support",
    )
    assert decision["decision"] == "deny"
    assert "'owner' is missing" in decision["reasons"][0]["message"]


@pytest.mark.row("R6")
def test_a_forged_slack_signature_is_refused(product):
    answer = product.call(
        "POST",
        "/slack/events",
        data=b"command=%2Fapprove&text=help",
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": "1700000000",
            "X-Slack-Signature": "v0=" + "0" * 64,
        },
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"X-Slack-Request-Timestamp": "soon"}, b"command=x"),
        ({"X-Slack-Request-Timestamp": "1"}, b"payload={broken"),
        ({"X-Slack-Request-Timestamp": "1", "Content-Type": "application/json"}, b"\xff\xfe"),
    ],
)
def test_what_bolt_would_stumble_over_is_refused_before_it(product, headers, body):
    answer = product.call(
        "POST", "/slack/events", data=body, headers={"Content-Type": "application/x-www-form-urlencoded", **headers}
    )
    assert answer.status_code == 400


@pytest.mark.row("R6")
def test_a_vote_without_being_asked_is_refused_and_audited(product):
    _reference, agent = new_request(product)
    request_id = product.call("GET", "/api/v1/requests", role="audit_reviewer", params={"q": agent}).json()["items"][0][
        "id"
    ]
    refused = product.call(
        "POST", f"/api/v1/requests/{request_id}/votes", role="agent_operator", json={"decision": "approve"}
    )
    assert refused.status_code == 403
    assert refused.json()["code"] == "approvals.not_an_approver"
    recorded = until(
        lambda: product.call(
            "GET", "/api/v1/audit", role="audit_reviewer", params={"action": "request.vote", "resource": request_id}
        ).json()["items"],
        "the record of the refusal",
    )
    assert recorded[0]["result"] == "denied"
    assert recorded[0]["ip_address"] == "127.0.0.1"
