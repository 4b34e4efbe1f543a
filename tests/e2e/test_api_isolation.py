"""No tenant reads or changes anything of another's through the API (T1)."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cost_books import sleepless
from tests.e2e.api_desk import OTHER_TENANT, facts, new_name, operations


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
        "incident_id": _incident(product),
        "follow_up_id": _follow_up(product),
        "benefit_id": _benefit(product),
        "recommendation_id": _recommendation(product),
        "objective_id": _objective(product),
        **_improvements(product),
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
        "budget_id": _budget(product),
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


def _incident(product):
    body = {"title": "Invoices come twice", "severity": "low", "service": "Payments"}
    return product.call("POST", "/api/v1/incidents", role="agent_operator", json=body).json()["id"]


def _follow_up(product):
    due_at = (datetime.now(UTC) + timedelta(days=300)).isoformat()
    body = {"title": "Alert earlier", "owner": product.email("agent_operator"), "due_at": due_at}
    path = f"/api/v1/incidents/{_incident(product)}/follow-ups"
    return product.call("POST", path, role="agent_operator", json=body).json()["id"]


def _recommendation(product):
    """What could cost less of the matcher of invoices."""
    events = sleepless("invoice-matcher", datetime.now(UTC))
    told = product.call("POST", "/api/v1/usage", role="meta_agent_manager", json={"events": events})
    assert told.ok, told.text
    assert product.call("POST", "/api/v1/costs/recommendations/find", role="meta_agent_manager").ok
    found = product.call("GET", "/api/v1/costs/recommendations", role="meta_agent_manager").json()["items"]
    return next(each["id"] for each in found if each["kind"] == "schedule")


def _benefit(product):
    """What the matcher of invoices is said to be worth."""
    body = {
        "agent": "invoice-matcher",
        "kind": "cost_avoided",
        "title": "Fewer reminders",
        "likely": "120",
        "currency": "USD",
        "starts_on": "2026-01-01",
    }
    answer = product.call("POST", "/api/v1/costs/benefits", role="meta_agent_manager", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


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


def _budget(product):
    """One of a project that nobody else has."""
    body = {"amount": {"amount": "5000.00", "currency": "USD"}, "project": "isolated"}
    return product.call("POST", "/api/v1/budgets", role="tenant_administrator", json=body).json()["id"]


def _planned_delegation(product):
    """One that begins when every other test is over."""
    begins = datetime.now(UTC) + timedelta(days=300)
    body = {
        "to": product.email("agent_developer"),
        "starts": begins.isoformat(),
        "ends": (begins + timedelta(days=1)).isoformat(),
    }
    return product.call("POST", "/api/v1/delegations", role="agent_operator", json=body).json()["id"]


def _objective(product):
    body = {"name": "fast", "service": "ours-alone", "metric": "response_time", "target": "< 300 ms"}
    made = product.call("POST", "/api/v1/sla/objectives", role="meta_agent_manager", json=body)
    return made.json()["id"]


def _improvements(product):
    """A plan and an action for a service of ours."""
    at = datetime.now(UTC).isoformat()
    sample = {"service": "ours-alone", "time": at, "response_time": 0.1, "success": True}
    product.call("POST", "/api/v1/sla/samples", role="agent_operator", json={"samples": [sample]})
    path = "/api/v1/sla/plans"
    plan = product.call("POST", path, role="meta_agent_manager", json={"service": "ours-alone"}).json()
    due_at = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    body = {"service": "ours-alone", "title": "Cache", "owner": product.email("agent_operator"), "due_at": due_at}
    action = product.call("POST", "/api/v1/sla/actions", role="meta_agent_manager", json=body).json()
    return {"plan_id": plan["id"], "action_id": action["id"], "service": "ours-alone"}


def _group(product):
    body = {"title": "Site reliability", "members": [product.email("agent_operator")]}
    answer = product.call("PUT", "/api/v1/groups/site-reliability", role="tenant_administrator", json=body)
    return answer.json()["key"]


# Addresses with a name in them that means everybody's own.
NAMES = (
    "/api/v1/connectors/{connector}/deliveries",
    "/api/v1/connectors/{connector}/dismiss",
    "/api/v1/connectors/{connector}/reconcile",
    "/api/v1/connectors/{connector}/reconciliations",
    "/api/v1/connectors/{connector}/replay",
    "/api/v1/connectors/{connector}/resume",
    "/api/v1/connectors/{connector}/test",
    "/api/v1/connectors/{connector}/throughput",
    "/api/v1/analytics/approvals/charts/{name}",
    "/api/v1/sla/reports/{report}",
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
    "dismiss": {"reason": "It is ours."},
    "review": {"verdict": "justified", "notes": "Fine."},
    "extend": {"duration": "10 minutes", "reason": "More."},
    "close": {"state": "done", "note": "Done."},
    "evidence": {"gate": "testing", "summary": "Fine."},
    "recovery": {"result": "passed"},
    "times": {"starts_at": "2030-01-02T09:00:00Z", "ends_at": "2030-01-02T10:00:00Z"},
    **dict.fromkeys(("rollback", "fail", "cancel"), {"reason": "It is ours."}),
}


RAISE = {"to": {"amount": "9000.00", "currency": "USD"}, "reason": "It is ours."}
# Where a word of that list means something else.
OWN_BODIES = {
    "/api/v1/sla/plans/{plan_id}/end": {"state": "dropped"},
    "/api/v1/sla/actions/{action_id}/end": {"state": "dropped"},
    "/api/v1/sla/actions/{action_id}/owner": {
        "owner": "marc.fischer@northwind.example",
        "due_at": "2030-01-02T09:00:00Z",
    },
    "/api/v1/connectors/{connector}/dry-run": {"operation": "create"},
    "/api/v1/budgets/{budget_id}/raise": RAISE,
    "/api/v1/budgets/{budget_id}/raise-requests": RAISE,
    "/api/v1/budgets/{budget_id}/reset": {"reason": "It is ours."},
    "/api/v1/changes/{change_id}/review": {"outcome": "successful", "notes": "Fine."},
    "/api/v1/changes/{change_id}/complete": {"validation": "passed"},
    "/api/v1/incidents/{incident_id}/assign": {"email": ""},
    "/api/v1/incidents/{incident_id}/close": {},
    "/api/v1/incidents/{incident_id}/roles": {"role": "scribe", "email": ""},
    "/api/v1/incidents/{incident_id}/severity": {"severity": "high"},
    "/api/v1/incidents/{incident_id}/start": {"started_at": "2026-01-02T09:00:00Z"},
    "/api/v1/incidents/{incident_id}/updates": {"text": "It is ours."},
    "/api/v1/incidents/{incident_id}/timeline": {"text": "It is ours."},
    "/api/v1/incidents/{incident_id}/links": {"target": "CHG-1001"},
    "/api/v1/incidents/{incident_id}/unlink": {"target": "CHG-1001"},
    "/api/v1/incidents/{incident_id}/resolve": {"resolution": "It is ours."},
    "/api/v1/incidents/{incident_id}/review": {"summary": "It is ours.", "causes": "None."},
    "/api/v1/incidents/{incident_id}/follow-ups": {
        "title": "It is ours.",
        "owner": "marc.fischer@northwind.example",
        "due_at": "2027-06-01T00:00:00Z",
    },
    "/api/v1/follow-ups/{follow_up_id}": {"drop": "It is ours."},
    "/api/v1/follow-ups/{follow_up_id}/done": {"evidence": "It is ours."},
}


def _body_for(path):
    return OWN_BODIES.get(path) or BODIES.get(path.rpartition("/")[2], {})


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
        "objective_id": f"/api/v1/sla/objectives/{value}",
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
    if name == "incident_id":
        return product.call("GET", f"/api/v1/incidents/{value}", role="tenant_administrator").json()
    if name == "recommendation_id":
        return product.call("GET", "/api/v1/costs/recommendations", role="tenant_administrator").json()
    if name == "benefit_id":
        return product.call("GET", "/api/v1/costs/benefits", role="tenant_administrator").json()
    if name == "change_id":
        return product.call("GET", f"/api/v1/changes/{value}", role="tenant_administrator").json()
    return product.call("GET", path, role="tenant_administrator").json() if path else None


@pytest.mark.row("T1")
def test_no_list_or_search_shows_anything_of_another_tenant(product, document, ours, marc):
    for method, path, _operation in operations(document, by_id=False):
        if method != "GET" or not path.startswith("/api/v1/"):
            continue
        if path == "/api/v1/sla/status":
            nobody = product.call(method, path, token=marc, params={"service": "ours-alone"})
            assert nobody.status_code == 404, nobody.text
            continue  # it shows nothing without the name of a service
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
