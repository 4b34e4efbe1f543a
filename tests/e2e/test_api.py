"""The API as an agent platform, an auditor and a stranger use it: one product, over HTTP alone."""

import csv
import io
import json
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.api_desk import facts, new_name, report

VOTERS = ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")
# The framework's audit record, the category that its list of categories asks for, and an id.
AUDIT_FIELDS = {
    *("timestamp", "tenant_id", "user_id", "action", "resource", "details", "ip_address", "user_agent", "result"),
    *("compliance_tags", "category", "event_id"),
}


def approve(product, request_id):
    for role in VOTERS:
        body = {"decision": "approve", "reason": "Fine."}
        voted = product.call("POST", f"/api/v1/requests/{request_id}/votes", role=role, json=body)
        assert voted.status_code == 200, voted.text
    return product.call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()


# Operation


def test_it_says_whether_it_lives_is_ready_and_how_it_fares(product, document):
    assert product.call("GET", "/healthz").json() == {"status": "alive"}
    ready = product.call("GET", "/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert {check["name"] for check in ready.json()["checks"]} == {"database", "scheduler", "policies", "outbox"}
    metrics = product.call("GET", "/metrics")
    assert "countersign_outbox_lag_seconds" in metrics.text
    assert "countersign_http_request_seconds_bucket" in metrics.text
    assert document["openapi"].startswith("3.1")
    docs = product.call("GET", "/api/docs")
    assert (docs.status_code, docs.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert all(path in docs.text for path in document["paths"])


# The gate


@pytest.mark.row("P1", "P9", "X8")
def test_a_decision_goes_from_pending_over_four_votes_to_allow_once_and_its_outcome(product):
    agent = facts(product, new_name())
    pending = product.decide("agent_developer", "agent.create", **agent)
    assert (pending["decision"], pending["operation"]) == ("pending", "none")
    again = product.decide("agent_developer", "agent.create", **agent)
    assert (again["decision"], again["request_id"]) == ("pending", pending["request_id"])

    approved = approve(product, pending["request_id"])
    assert approved["state"] == "approved"
    assert [stage["status"] for stage in approved["stages"]] == ["approved"] * 4

    changed = product.decide("agent_developer", "agent.create", **{**agent, "business_service": "Payroll"})
    assert changed["decision"] == "pending"
    product.call("POST", f"/api/v1/requests/{changed['request_id']}/withdraw", role="agent_developer", json={})

    allowed = product.decide("agent_developer", "agent.create", **agent)
    assert (allowed["decision"], allowed["request_id"]) == ("allow", pending["request_id"])
    assert product.decide("agent_developer", "agent.create", **agent)["id"] == allowed["id"]
    assert report(product, allowed["id"])["operation"] == "succeeded"
    assert report(product, allowed["id"])["operation"] == "succeeded"

    used = product.decide("agent_developer", "agent.create", **agent)
    assert used["decision"] == "deny"
    assert agent["name"] in used["reasons"][0]["message"]
    path = f"/api/v1/decisions/{allowed['id']}/outcome"
    contrary = product.call("POST", path, role="agent_developer", json={"status": "failed"})
    assert (contrary.status_code, contrary.json()["detail"]) == (409, "The outcome was reported already: succeeded.")


@pytest.mark.row("X1")
def test_authzen_answers_as_the_gate_does_and_uses_nothing_up(product):
    metadata = product.call("GET", "/.well-known/authzen-configuration").json()
    assert metadata["access_evaluation_endpoint"] == f"{product.status['base_url']}/access/v1/evaluation"
    agent = facts(product, new_name())
    dana = product.email("agent_developer")

    def evaluation(action):
        properties = {key: value for key, value in agent.items() if key != "name"}
        body = {
            "subject": {"type": "user", "id": dana},
            "action": {"name": action},
            "resource": {"type": "agent", "id": agent["name"], "properties": properties},
        }
        answer = product.call("POST", "/access/v1/evaluation", role="agent_developer", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["decision"], answer.json()["context"]["answer"], answer.json()["context"]["reason"]

    def gate(action):
        answer = product.decide("agent_developer", action, **agent)
        return answer["decision"], answer["reasons"][0]["code"], answer

    assert evaluation("agent.create") == (False, "pending", "approvals.pending")
    decision, code, pending = gate("agent.create")
    assert (decision, code) == ("pending", "approvals.pending")

    assert evaluation("agent.deploy") == (False, "deny", "access.permission_missing")
    assert gate("agent.deploy")[:2] == ("deny", "access.permission_missing")

    approve(product, pending["request_id"])
    assert evaluation("agent.create") == (True, "allow", "approvals.approved")
    assert evaluation("agent.create") == (True, "allow", "approvals.approved")
    decision, code, allowed = gate("agent.create")
    assert (decision, code) == ("allow", "approvals.approved")
    report(product, allowed["id"])


@pytest.mark.row("X7", "R2")
def test_an_agent_is_created_deployed_changed_and_retired_through_its_resource(product):
    agent = facts(product, new_name())
    asked = product.call("POST", "/api/v1/agents", role="agent_developer", json=agent)
    assert (asked.status_code, asked.json()["agent"]) == (202, None)
    approve(product, asked.json()["decision"]["request_id"])
    created = product.call("POST", "/api/v1/agents", role="agent_developer", json=agent)
    assert created.status_code == 201, created.text
    known = created.json()["agent"]
    assert (known["state"], known["sponsor"], known["created_by"]) == (
        "registered",
        product.email("tenant_administrator"),
        product.email("agent_developer"),
    )
    report(product, created.json()["decision"]["id"])

    path = f"/api/v1/agents/{known['id']}"
    refused = product.call("POST", f"{path}/deploy", role="agent_developer", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "decisions.denied")
    deployed = product.call("POST", f"{path}/deploy", role="agent_operator", json={})
    assert (deployed.status_code, deployed.json()["agent"]["state"]) == (200, "deployed")
    report(product, deployed.json()["decision"]["id"], role="agent_operator")

    change = {"changes": {"routing": "v2"}, "justification": "Two queues instead of one."}
    asked = product.call("POST", f"{path}/modify", role="agent_developer", json=change)
    assert (asked.status_code, asked.json()["decision"]["decision"]) == (202, "pending")
    assert product.call("GET", path, role="audit_reviewer").json()["attributes"] == {}

    retired = product.call("POST", f"{path}/retire", role="agent_operator", json={})
    assert (retired.status_code, retired.json()["agent"]["state"]) == (200, "retired")
    report(product, retired.json()["decision"]["id"], role="agent_operator")
    found = product.call("GET", "/api/v1/agents", role="audit_reviewer", params={"q": agent["name"]}).json()["items"]
    assert [(each["id"], each["state"]) for each in found] == [(known["id"], "retired")]


@pytest.mark.row("X7")
def test_an_agent_without_its_facts_is_denied_with_what_is_missing(product):
    agent = facts(product, new_name())
    del agent["sponsor"]
    answer = product.decide("agent_developer", "agent.create", **agent)
    assert (answer["decision"], answer["request_id"]) == ("deny", None)
    assert "sponsor" in answer["reasons"][0]["message"]


# Conventions


def test_a_call_sent_twice_under_one_key_is_done_once_and_answered_alike(product):
    key = {"Idempotency-Key": secrets.token_hex(16)}
    body = {"action": "agent.create", "resource": {"type": "agent", **facts(product, new_name())}, "context": {}}
    first = product.call("POST", "/api/v1/decisions", role="agent_developer", json=body, headers=key)
    second = product.call("POST", "/api/v1/decisions", role="agent_developer", json=body, headers=key)
    assert second.json() == first.json()
    assert (first.headers.get("Idempotent-Replayed"), second.headers.get("Idempotent-Replayed")) == (None, "true")
    body["resource"]["name"] = new_name()
    third = product.call("POST", "/api/v1/decisions", role="agent_developer", json=body, headers=key)
    assert (third.status_code, third.json()["code"]) == (422, "idempotency_key_reused")
    found = product.call("GET", "/api/v1/requests", role="agent_developer", params={"q": body["resource"]["name"]})
    assert found.json()["items"] == []


def test_a_list_is_walked_page_by_page_newest_first_and_ends(product):
    prefix = new_name()
    made = [product.decide("agent_developer", "agent.create", **facts(product, f"{prefix}-{n}")) for n in range(3)]
    pages, cursor = [], None
    while True:
        query = {"q": prefix, "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = product.call("GET", "/api/v1/requests", role="audit_reviewer", params=query).json()
        pages.append([each["id"] for each in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    newest_first = [each["request_id"] for each in reversed(made)]
    assert pages == [newest_first[:2], newest_first[2:]]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"cursor": "nonsense"}, 400, "malformed_cursor"),
        ({"limit": "0"}, 422, "invalid_request"),
        ({"limit": "201"}, 422, "invalid_request"),
        ({"lmit": "5"}, 422, "invalid_request"),
        ({"mine": "perhaps"}, 422, "invalid_request"),
    ],
)
def test_a_question_that_a_list_does_not_understand_is_refused(query, status, code, product):
    answer = product.call("GET", "/api/v1/requests", role="agent_developer", params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


# Audit


@pytest.mark.row("A1", "R6")
def test_an_audit_record_has_the_frameworks_fields_and_says_who_from_where_and_why(product):
    agent = facts(product, new_name())
    headers = {"User-Agent": "Platform/1.0"}
    body = {"action": "agent.create", "resource": {"type": "agent", **agent}, "context": {"justification": "Why."}}
    product.call("POST", "/api/v1/decisions", role="agent_developer", json=body, headers=headers)
    query = {"resource": agent["name"], "action": "agent_create"}
    record = product.call("GET", "/api/v1/audit", role="audit_reviewer", params=query).json()["items"][0]
    assert set(record) == AUDIT_FIELDS
    assert (record["tenant_id"], record["user_id"], record["result"], record["category"]) == (
        "enterprise-corp",
        product.email("agent_developer"),
        "success",
        "user",
    )
    assert (record["ip_address"], record["user_agent"]) == ("127.0.0.1", "Platform/1.0")
    assert (record["details"]["decision"], record["details"]["context"]) == ("pending", {"justification": "Why."})
    assert set(record["compliance_tags"]) <= {"GDPR", "SOX", "ISO27001"}
    assert record["timestamp"].endswith("Z")


@pytest.mark.row("A4")
def test_the_export_holds_what_the_search_shows_as_lines_of_json_and_as_a_table(product):
    agent = facts(product, "=cmd|' /C calc'!A0" + secrets.token_hex(3))
    product.decide("agent_developer", "agent.create", **agent)
    query = {"resource": agent["name"]}
    searched = product.call("GET", "/api/v1/audit", role="audit_reviewer", params=query).json()["items"]
    assert len(searched) > 1

    lines = product.call("GET", "/api/v1/audit/export", role="audit_reviewer", params={**query, "format": "jsonl"})
    assert lines.headers["Content-Type"] == "application/jsonl"
    assert "audit-enterprise-corp.jsonl" in lines.headers["Content-Disposition"]
    exported = [json.loads(line) for line in lines.text.splitlines()]
    assert [each["event_id"] for each in exported] == [each["event_id"] for each in searched]
    assert all(set(each) == AUDIT_FIELDS for each in exported)

    table = product.call("GET", "/api/v1/audit/export", role="audit_reviewer", params={**query, "format": "csv"})
    assert table.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["event_id"] for row in rows] == [each["event_id"] for each in searched]
    assert {row["resource"] for row in rows} == {"'" + agent["name"]}  # a spreadsheet must not run it

    trail = product.call("GET", "/api/v1/audit", role="audit_reviewer", params={"action": "audit.export"}).json()
    assert trail["items"][0]["user_id"] == product.email("audit_reviewer")


@pytest.mark.row("A4", "R5")
def test_who_may_not_read_the_trail_can_neither_search_nor_export_it(product):
    token = product.call(
        "POST", "/api/v1/tokens", role="agent_developer", json={"name": "gate only", "scopes": ["decide"]}
    ).json()["token"]
    for path in ("/api/v1/audit", "/api/v1/audit/export"):
        assert product.call("GET", path, token=token).status_code == 403


# Tenants


@pytest.mark.row("T2")
@pytest.mark.timeout(90)
def test_a_tenants_quotas_are_counted_exactly_one_by_one_and_all_at_once(product, marc):
    mia = f"mia-{secrets.token_hex(3)}@northwind.example"
    for path, body in (
        ("users", {"email": mia, "name": "Mia Huber"}),
        ("grants", {"email": mia, "role": "meta_agent_manager"}),
    ):
        made = product.call("POST", f"/api/v1/{path}", token=marc, json=body)
        assert made.status_code == 201, made.text
    token = product.call("POST", "/api/v1/tokens", token=marc, json={"name": "quotas", "email": mia}).json()["token"]
    bypass = {
        "action": "*",
        "resource": "*",
        "justification": "The quotas are to be filled without asking anybody.",
        "duration": "1 hour",
    }
    assert product.call("POST", "/api/v1/bypasses", token=token, json=bypass).status_code == 201

    def ask(action="agent.create", name=None):
        resource = {"type": "agent", "name": name or new_name(), "sponsor": mia, "owner": mia, "business_service": "B"}
        body = {"action": action, "resource": resource, "context": {}}
        answer = product.call("POST", "/api/v1/decisions", token=token, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reasons(answers):
        return {answer["reasons"][0]["message"] for answer in answers if answer["decision"] == "deny"}

    running = [ask() for _ in range(3)]
    assert [answer["decision"] for answer in running] == ["allow"] * 3
    assert reasons([ask()]) == {"Quota max_concurrent_operations is exhausted: 3 of 3 in use."}
    for answer in running:
        report(product, answer["id"], token=token)

    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(lambda _: ask(), range(8)))
    allowed = [answer for answer in at_once if answer["decision"] == "allow"]
    assert len(allowed) == 2
    assert reasons(at_once) == {"Quota max_agents is exhausted: 5 of 5 in use."}

    report(product, allowed[0]["id"], token=token, status="failed")  # it was not created after all
    report(product, allowed[1]["id"], token=token)
    report(product, ask()["id"], token=token)
    assert reasons([ask()]) == {"Quota max_agents is exhausted: 5 of 5 in use."}
    retired = ask("agent.retire", running[0]["resource"]["name"])
    assert retired["decision"] == "allow"
    report(product, retired["id"], token=token)
    last = ask()
    assert last["decision"] == "allow"
    report(product, last["id"], token=token)
    for answer in (*running[1:], allowed[1]):  # the tenant has room again for whoever comes after
        report(product, ask("agent.retire", answer["resource"]["name"])["id"], token=token)
