"""A change's whole life over HTTP, as another program drives it (G1, G2, G3, G6)."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta

import pytest

GATES = ("testing", "rollback_plan", "communication")


def call(product, method, path, *, role="agent_developer", status=200, **kwargs):
    answer = product.call(method, f"/api/v1/changes{path}", role=role, **kwargs)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json()


def drafted(product, **changes):
    body = {
        "title": "Raise the limit",
        "type": "configuration_change",
        "resources": [f"service:S-{secrets.token_hex(4)}"],
        **changes,
    }
    return call(product, "POST", "", status=201, json=body)


def approved(product, change):
    """The change in `schedule`; the registry hears of its approval by the outbox."""
    request = product.call("GET", f"/api/v1/requests/{change['request_id']}", role="agent_developer").json()
    for stage in request["stages"]:
        body = {"decision": "approve", "reason": "Fine.", "stage": stage["key"]}
        (role,) = {"technical_lead": ("meta_agent_manager",), "tenant_admin": ("tenant_administrator",)}.get(
            stage["key"], (stage["key"],)
        )
        voted = product.call("POST", f"/api/v1/requests/{request['id']}/votes", role=role, json=body)
        assert voted.status_code == 200, voted.text
    until = time.monotonic() + 20
    while (found := call(product, "GET", f"/{change['id']}"))["state"] != "schedule":
        assert time.monotonic() < until, found
        time.sleep(0.1)
    return found


@pytest.mark.row("G1")
def test_changes_and_requests_are_shown_as_people_call_them_too(product):
    change = drafted(product)
    assert call(product, "GET", f"/{change['reference']}")["id"] == change["id"]
    assert call(product, "GET", "/CHG-999999999", status=404)["detail"] == "There is no CHG-999999999 here."
    assert "such as CHG-12" in call(product, "GET", "/REQ-1001", status=422)["detail"]
    facts = {"sponsor": "s@x.example", "owner": "o@x.example", "business_service": "Desk"}
    asked = product.decide("agent_developer", "agent.create", name=f"called-{secrets.token_hex(4)}", **facts)
    by_id = product.call("GET", f"/api/v1/requests/{asked['request_id']}", role="agent_developer").json()
    by_name = product.call("GET", f"/api/v1/requests/{by_id['reference']}", role="agent_developer").json()
    assert by_name["id"] == asked["request_id"]


@pytest.mark.row("G1", "G2", "G3", "G6")
def test_a_change_goes_from_a_draft_to_its_review(product):
    now = datetime.now(UTC)
    times = {"starts_at": (now - timedelta(minutes=5)).isoformat(), "ends_at": (now + timedelta(hours=1)).isoformat()}
    change = drafted(product, **times)
    path = f"/{change['id']}"
    for gate in GATES:
        body = {"gate": gate, "summary": "It is there.", "url": "https://ci.example.com/run/17"}
        call(product, "POST", f"{path}/evidence", status=201, json=body)
    change = call(product, "POST", f"{path}/submit")
    assert (change["state"], change["missing"]) == ("authorise", [])
    early = call(product, "POST", f"{path}/implement", status=409)
    assert early["code"] == "changes.gates_missing"
    approved(product, change)
    tried = call(product, "POST", f"{path}/times", json=times)
    assert (tried["obstacles"], tried["risk"], tried["again"]) == ([], change["risk"]["level"], [])
    scheduled = call(product, "POST", f"{path}/schedule", json=times)
    assert scheduled["scheduled_at"] is not None
    shown = call(product, "GET", "/calendar", params={"since": (now - timedelta(hours=1)).isoformat()})
    assert change["reference"] in [each["reference"] for each in shown["changes"]]
    assert call(product, "POST", f"{path}/implement")["state"] == "implement"
    done = call(product, "POST", f"{path}/complete", json={"validation": "passed", "notes": "All green."})
    assert (done["state"], done["review_state"]) == ("review", "due")
    body = {"outcome": "successful", "notes": "As planned.", "lessons": "None."}
    refused = call(product, "POST", f"{path}/review", status=403, json=body)
    assert refused["code"] == "changes.not_independent"
    closed = call(product, "POST", f"{path}/review", role="meta_agent_manager", json=body)
    assert (closed["state"], closed["steps"]) == ("closed", [])


@pytest.mark.row("G2")
def test_a_repeated_call_under_the_same_key_drafts_one_change(product):
    word = secrets.token_hex(6)
    body = {"title": f"Limit {word}", "type": "configuration_change", "resources": ["service:Payments"]}
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    first, second = (call(product, "POST", "", status=201, json=body, headers=headers) for _ in range(2))
    assert first == second
    found = call(product, "GET", "", params={"q": word})
    assert [each["id"] for each in found["items"]] == [first["id"]]


@pytest.mark.row("G2")
def test_the_registry_is_searched_and_paged(product):
    word = secrets.token_hex(6)
    for number in range(3):
        drafted(product, title=f"{word} {number}")
    page = call(product, "GET", "", params={"q": word, "limit": 2})
    rest = call(product, "GET", "", params={"q": word, "limit": 2, "cursor": page["next_cursor"]})
    titles = [each["title"] for each in (*page["items"], *rest["items"])]
    assert (titles, rest["next_cursor"]) == ([f"{word} 2", f"{word} 1", f"{word} 0"], None)
    mine = call(product, "GET", "", params={"q": word, "mine": "true"}, role="meta_agent_manager")
    assert mine["items"] == []


@pytest.mark.row("G1", "G3")
def test_what_is_wrong_is_named_with_what_is_accepted(product):
    body = {"title": "X", "type": "configuration_chnge", "resources": ["service:Payments"]}
    problem = call(product, "POST", "", status=422, json=body)
    assert "Did you mean 'configuration_change'?" in problem["detail"]
    change = drafted(product)
    call(product, "POST", f"/{change['id']}/submit")
    problem = call(product, "POST", f"/{change['id']}/implement", status=409)
    assert "Missing: approval, testing, rollback plan, communication, schedule." in problem["detail"]
    policy = call(product, "GET", "/policy")
    assert policy["approval_matrix"]["low_risk"] == ["technical_lead"]
