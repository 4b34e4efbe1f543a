"""The API as an agent platform, an auditor and a stranger use it: one product, over HTTP alone."""

import csv
import io
import json
import random
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
import requests

VOTERS = ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")
OTHER_TENANT = "northwind"
# The framework's audit record, the category that its list of categories asks for, and an id.
AUDIT_FIELDS = {
    *("timestamp", "tenant_id", "user_id", "action", "resource", "details", "ip_address", "user_agent", "result"),
    *("compliance_tags", "category", "event_id"),
}
SEED = 20_240_115


def facts(product, agent):
    return {
        "name": agent,
        "sponsor": product.email("tenant_administrator"),
        "owner": product.email("agent_developer"),
        "business_service": "Customer support",
    }


def new_name():
    return f"agent-{secrets.token_hex(4)}"


def approve(product, request_id):
    for role in VOTERS:
        body = {"decision": "approve", "reason": "Fine."}
        voted = product.call("POST", f"/api/v1/requests/{request_id}/votes", role=role, json=body)
        assert voted.status_code == 200, voted.text
    return product.call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()


def report(product, decision_id, *, role="agent_developer", status="succeeded", token=None):
    path = f"/api/v1/decisions/{decision_id}/outcome"
    answer = product.call("POST", path, role=None if token else role, token=token, json={"status": status})
    assert answer.status_code == 200, answer.text
    return answer.json()


def other(product, email):
    return product.status["tenants"][OTHER_TENANT]["people"][email]["token"]


@pytest.fixture
def marc(product):
    """The other tenant's administrator."""
    return other(product, "marc.fischer@northwind.example")


@pytest.fixture(scope="module")
def document(product):
    return product.call("GET", "/api/openapi.json").json()


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
    assert ask()["decision"] == "allow"


@pytest.fixture(scope="module")
def ours(product):
    """An id of the main tenant for every parameter of a path."""

    def first(path, role):
        return product.call("GET", path, role=role).json()["items"][0]["id"]

    bypass = {
        "action": "agent.modify",
        "resource": "invoice-matcher",
        "justification": "Something that another tenant may try to reach.",
        "duration": "30 minutes",
    }
    granted = product.call("POST", "/api/v1/bypasses", role="security_manager", json=bypass).json()
    decision = product.decide("agent_developer", "agent.create", **facts(product, new_name()))
    return {
        "decision_id": decision["id"],
        "request_id": decision["request_id"],
        "bypass_id": granted["id"],
        "change_id": _change(product),
        "remediation_id": _remediation(product),
        "agent_id": first("/api/v1/agents", "agent_developer"),
        "grant_id": first("/api/v1/grants", "tenant_administrator"),
        "token_id": first("/api/v1/tokens", "agent_developer"),
        "delegation_id": _planned_delegation(product),
        "draft_id": product.call("POST", "/api/v1/drafts", role="agent_developer", json=DRAFT).json()["id"],
        "user_id": first("/api/v1/users", "agent_developer"),
        "key": _group(product),
        "delivery_id": first("/api/v1/connectors/slack/deliveries", "tenant_administrator"),
        "connector": "slack",
        "rule": first_rule(product),
        "task_id": _task(product),
        "callback_id": _callback(product),
        "platform": "slack",
        "workspace": "T0ENTERPRISE",
        "chat_user": product.people[product.email("agent_developer")]["slack_id"],
    }


def _remediation(product):
    """What the review of another bypass wants done."""
    bypass = {"action": "agent.retire", "resource": "invoice-matcher", "justification": "For what its review asks."}
    granted = product.call("POST", "/api/v1/bypasses", role="meta_agent_manager", json=bypass).json()
    due_at = (datetime.now(UTC) + timedelta(days=300)).isoformat()
    follow_up = {"title": "Alert earlier", "owner": product.email("agent_operator"), "due_at": due_at}
    review = {"verdict": "justified", "notes": "Needed.", "follow_ups": [follow_up]}
    path = f"/api/v1/bypasses/{granted['id']}/review"
    return product.call("POST", path, role="tenant_administrator", json=review).json()["remediations"][0]["id"]


def first_rule(product):
    """The name of a rule of enterprise-corp's."""
    rules = product.call("GET", "/api/v1/automation/rules", role="tenant_administrator").json()["items"]
    return rules[0]["name"]


def _change(product):
    """A change that waits for its approval."""
    body = {"title": "Raise the limit", "type": "configuration_change", "resources": ["service:Payments"]}
    change = product.call("POST", "/api/v1/changes", role="agent_developer", json=body).json()
    answer = product.call("POST", f"/api/v1/changes/{change['id']}/submit", role="agent_developer")
    assert answer.json()["state"] == "authorise", answer.text
    return change["id"]


def _task(product):
    """An access request that waits for its approval."""
    agent = facts(product, new_name())
    body = {
        "subject": {"type": "user", "id": product.email("agent_developer")},
        "action": {"name": "agent.create"},
        "resource": {"type": "agent", "id": agent.pop("name"), "properties": agent},
    }
    denied = product.call("POST", "/access/v1/evaluation", role="agent_developer", json=body).json()["context"]
    denial = {"evaluation_id": denied["evaluation_id"], "expires_at": denied["access_request"]["expires_at"]}
    asked = {**body, "denial": denial}
    return product.call("POST", "/access/v1/requests", role="agent_developer", json=asked).json()["task"]["id"]


def _callback(product):
    body = {"endpoint": "http://127.0.0.1:9/callbacks"}
    return product.call("POST", "/api/v1/callbacks", role="tenant_administrator", json=body).json()["id"]


def _planned_delegation(product):
    """One that begins when every other test is over."""
    begins = datetime.now(UTC) + timedelta(days=300)
    body = {
        "to": product.email("agent_developer"),
        "starts": begins.isoformat(),
        "ends": (begins + timedelta(days=1)).isoformat(),
    }
    return product.call("POST", "/api/v1/delegations", role="agent_operator", json=body).json()["id"]


def _group(product):
    body = {"title": "Site reliability", "members": [product.email("agent_operator")]}
    answer = product.call("PUT", "/api/v1/groups/site-reliability", role="tenant_administrator", json=body)
    return answer.json()["key"]


# Addresses with a name in them that means everybody's own.
NAMES = (
    "/api/v1/connectors/{connector}/deliveries",
    "/api/v1/connectors/{connector}/reconcile",
    "/api/v1/connectors/{connector}/reconciliations",
    "/api/v1/connectors/{connector}/replay",
    "/api/v1/connectors/{connector}/resume",
    "/api/v1/connectors/{connector}/test",
    "/api/v1/connectors/{connector}/throughput",
    "/api/v1/analytics/approvals/charts/{name}",
)
# Parts of addresses that are nobody's: words that other tenants use as well.
WORDS = {"system": "servicenow", "account": "bow.ruggeri"}
DRAFT = {"action": "agent.create", "resource": {"name": "not-ready-yet"}}
# What a call needs so that nothing but the id can be wrong with it.
BODIES = {
    "outcome": {"status": "succeeded"},
    "votes": {"decision": "approve"},
    "comments": {"text": "Hello."},
    "reassign": {"to": "marc.fischer@northwind.example"},
    "reopen": {"reason": "It is different now."},
    "ticket": {"ticket": "CHG0030001"},
    "manager": {"manager": ""},
    "fallback": {"fallback": ""},
    "calendar": {"address": "https://calendar.example/private.ics"},
    "{draft_id}": DRAFT,
    "review": {"verdict": "justified", "notes": "Fine."},
    "extend": {"duration": "10 minutes", "reason": "More."},
    "close": {"state": "done", "note": "Done."},
    "evidence": {"gate": "testing", "summary": "Fine."},
    "recovery": {"result": "passed"},
    "times": {"starts_at": "2030-01-02T09:00:00Z", "ends_at": "2030-01-02T10:00:00Z"},
    **dict.fromkeys(("rollback", "fail", "cancel"), {"reason": "It is ours."}),
}


# Where a word of that list means something else.
OWN_BODIES = {
    "/api/v1/changes/{change_id}/review": {"outcome": "successful", "notes": "Fine."},
    "/api/v1/changes/{change_id}/complete": {"validation": "passed"},
}


def _body_for(path):
    return OWN_BODIES.get(path) or BODIES.get(path.rpartition("/")[2], {})


def operations(document, *, by_id):
    return [
        (method.upper(), path, operation)
        for path, methods in sorted(document["paths"].items())
        for method, operation in methods.items()
        if ("{" in path) == by_id
    ]


@pytest.mark.row("T1")
def test_no_address_gives_or_changes_anything_by_another_tenants_ids(product, document, ours, marc):
    before = {name: _shown(product, name, value) for name, value in ours.items()}
    tried = operations(document, by_id=True)
    for method, path, operation in tried:
        if path in NAMES:
            continue  # not an id of anybody's; see the lists
        if (method, path) == ("PUT", "/api/v1/groups/{key}"):
            continue  # a name that every tenant may give to a group of its own
        body = _body_for(path) if "requestBody" in operation else None
        answer = product.call(method, path.format(**ours, **WORDS), token=marc, json=body)
        assert answer.status_code == 404, f"{method} {path}: {answer.status_code} {answer.text}"
    assert len(tried) > 15
    assert {name: _shown(product, name, value) for name, value in ours.items()} == before


def _shown(product, name, value):
    paths = {
        "decision_id": f"/api/v1/decisions/{value}",
        "agent_id": f"/api/v1/agents/{value}",
        "grant_id": "/api/v1/grants",
        "user_id": "/api/v1/users",
        "key": "/api/v1/groups",
    }
    path = paths.get(name)
    if name == "request_id":
        found = product.call("GET", f"/api/v1/requests/{value}", role="agent_developer").json()
        return found["state"], found["stages"], found["comments"]
    if name == "delegation_id":
        found = product.call("GET", "/api/v1/delegations", role="tenant_administrator").json()["items"]
        return [each for each in found if each["id"] == value]
    if name == "task_id":
        return product.call("GET", f"/access/v1/requests/{value}", role="agent_developer").json()
    if name == "callback_id":
        return product.call("GET", "/api/v1/callbacks", role="tenant_administrator").json()
    if name == "bypass_id":
        found = product.call("GET", f"/api/v1/bypasses/{value}", role="tenant_administrator").json()
        return found["state"], found["acknowledged_at"], found["review_state"]
    if name == "change_id":
        return product.call("GET", f"/api/v1/changes/{value}", role="tenant_administrator").json()
    return product.call("GET", path, role="tenant_administrator").json() if path else None


@pytest.mark.row("T1")
def test_no_list_or_search_shows_anything_of_another_tenant(product, document, ours, marc):
    for method, path, _operation in operations(document, by_id=False):
        if method != "GET" or not path.startswith("/api/v1/"):
            continue
        answer = product.call(method, path, token=marc)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        _assert_foreign(answer.text, ours, path)
        across = product.call(method, path, token=marc, headers={"X-Tenant-Id": "enterprise-corp"})
        assert (across.status_code, across.json()["code"]) == (403, "access.tenant_refused"), path
    deliveries = product.call("GET", "/api/v1/connectors/slack/deliveries", token=marc)
    _assert_foreign(deliveries.text, ours, "deliveries")
    for query in ({"q": "invoice-matcher"}, {"user_id": product.email("agent_developer")}):
        assert product.call("GET", "/api/v1/audit", token=marc, params=query).json()["items"] == []


def _assert_foreign(text, ours, path):
    leaks = [
        "dana.reyes@",
        "invoice-matcher",
        *(value for key, value in ours.items() if key not in ("connector", "platform")),
    ]
    assert [leak for leak in leaks if leak in text] == [], path


@pytest.mark.row("R1", "T1")
def test_an_enterprise_administrator_may_look_into_a_tenant_by_naming_it(product, marc):
    headers = {"X-Tenant-Id": OTHER_TENANT}
    seen = product.call("GET", "/api/v1/users", role="enterprise_administrator", headers=headers).json()["items"]
    own = product.call("GET", "/api/v1/users", token=marc).json()["items"]
    assert seen == own
    nowhere = product.call("GET", "/api/v1/users", role="enterprise_administrator", headers={"X-Tenant-Id": "nowhere"})
    assert nowhere.status_code in {403, 404}, nowhere.text


# Chance


class Chance:
    """Bodies that almost fit: each field right, wrong or strange, with luck missing. Seeded, so that it repeats."""

    STRANGE: ClassVar[tuple[Any, ...]] = (
        *(None, True, -1, 0, 2**63, 1e308, "", " ", "x" * 5000, "ä\u202e🙂", "'; DROP TABLE agents; --", "../../etc"),
        *([], {}, [[[]]], {"a": {"b": []}}, "NaN", "1970-01-01T00:00:00Z", "00000000-0000-0000-0000-000000000000"),
    )

    def __init__(self, document):
        self.random = random.Random(SEED)
        self.schemas = document["components"]["schemas"]

    def body(self, schema):
        schema = self.resolved(schema)
        made = {}
        for name, field in schema.get("properties", {}).items():
            luck = self.random.random()
            if luck < 0.55:
                made[name] = self.fitting(field)
            elif luck < 0.85:
                made[name] = self.random.choice(self.STRANGE)
        if self.random.random() < 0.1:
            made["unknown"] = 1
        return self.random.choice(self.STRANGE) if self.random.random() < 0.05 else made

    def fitting(self, schema):
        schema = self.resolved(schema)
        options = schema.get("anyOf") or schema.get("oneOf")
        if options:
            return self.fitting(self.random.choice(options))
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        match schema.get("type"):
            case "string":
                known = (
                    "approve",
                    "agent.create",
                    "agent.modify",
                    "succeeded",
                    "justified",
                    "30 minutes",
                    "a@b.example",
                )
                return self.random.choice((*known, *(each for each in self.STRANGE if isinstance(each, str))))
            case "integer" | "number":
                return self.random.choice((0, 1, 7, -1, 10**9))
            case "boolean":
                return self.random.random() < 0.5
            case "array":
                return [self.fitting(schema.get("items", {})) for _ in range(self.random.randrange(3))]
            case "object":
                if schema.get("properties"):
                    return self.body(schema)
                return {key: self.random.choice(self.STRANGE) for key in ("name", "type", "x")}
            case _:
                return self.random.choice(self.STRANGE)

    def resolved(self, schema):
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        return schema


@pytest.mark.timeout(90)
def test_no_body_or_query_whatever_makes_it_fail_inside(product, document, marc):
    chance = Chance(document)
    nora = other(product, "nora.keller@northwind.example")
    resource = {"type": "agent", "name": new_name(), "sponsor": "a@b.example", "owner": "a@b.example"}
    question = {"action": "agent.create", "resource": {**resource, "business_service": "B"}, "context": {}}
    decision = product.call("POST", "/api/v1/decisions", token=nora, json=question).json()
    ids = {"request_id": decision["request_id"], "decision_id": decision["id"], "connector": "slack"}
    stranger = "01a20a68-d996-703c-8646-2196a0e5917c"
    session = requests.Session()
    calls = 0
    for by_id in (False, True):
        for method, path, operation in operations(document, by_id=by_id):
            names = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"]
            url = product.status["base_url"] + path.format(**{name: ids.get(name, stranger) for name in names})
            for _ in range(12 if "requestBody" in operation else 5):
                request = {"headers": {"Authorization": f"Bearer {marc}"}, "timeout": 30}
                if "requestBody" in operation:
                    schema = operation["requestBody"]["content"]["application/json"]["schema"]
                    request["json"] = chance.body(schema)
                queries = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
                request["params"] = {
                    name: str(chance.random.choice(chance.STRANGE)) for name in queries if chance.random.random() < 0.3
                }
                answer = session.request(method, url, **request)
                calls += 1
                assert answer.status_code < 500, f"{method} {url} {request}: {answer.text}"
    session.close()
    assert calls > 200
