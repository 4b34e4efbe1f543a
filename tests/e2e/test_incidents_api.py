"""Incidents over HTTP, as another program drives them (S3, B6)."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest


def call(product, method, path, *, role="agent_operator", status=200, **kwargs):
    answer = product.call(method, f"/api/v1/{path}", role=role, **kwargs)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json()


@pytest.mark.row("S3", "B6")
def test_an_alert_opens_an_incident_that_is_worked_on_and_learnt_from(product):
    key, now = secrets.token_hex(4), datetime.now(UTC)
    alert = {"source": "probe", "key": key, "state": "firing", "severity": "medium", "title": f"Slow {key}"}
    opened = call(product, "POST", "incidents/alerts", json={**alert, "service": f"S-{key}"})
    assert opened["effect"] == "open"
    assert call(product, "POST", "incidents/alerts", json={**alert, "state": "maybe"}, status=422)["errors"]

    path = f"incidents/{opened['reference']}"  # as people call it; or by its id
    assert call(product, "GET", path)["id"] == opened["incident_id"]
    assert call(product, "GET", f"incidents/{opened['incident_id']}")["reference"] == opened["reference"]
    unknown = product.call("POST", "/api/v1/incidents/INC-999999999/acknowledge", role="agent_operator")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "There is no INC-999999999 here.")
    suspected = [call(product, "GET", f"incidents/{opened[which]}/suspects") for which in ("reference", "incident_id")]
    assert suspected[0] == suspected[1]
    acts = (
        ("acknowledge", None),
        ("assign", {"email": product.email("agent_developer")}),
        ("roles", {"role": "commander", "email": product.email("agent_operator")}),
        ("severity", {"severity": "high", "reason": "Everybody."}),
        ("start", {"started_at": (now - timedelta(hours=1)).isoformat()}),
        ("updates", {"text": "We look into it."}),
        ("links", {"target": "OPS-17"}),
    )
    for act, body in acts:
        shown = call(product, "POST", f"{path}/{act}", json=body)
    assert (shown["state"], shown["severity"], shown["business_service"]) == ("acknowledged", "high", f"S-{key}")
    assert shown["roles"]["commander"]["email"] == product.email("agent_operator")
    call(product, "POST", f"{path}/timeline", json={"text": "Seen."}, status=201)

    ended = call(product, "POST", "incidents/alerts", json={**alert, "state": "resolved"})
    assert (ended["effect"], ended["reference"]) == ("resolve", opened["reference"])
    due_at = (now + timedelta(days=30)).isoformat()
    agreed = {"title": "Cache", "owner": product.email("agent_developer"), "due_at": due_at, "before": "4 s"}
    follow_up = call(product, "POST", f"{path}/follow-ups", json=agreed, status=201)
    reviewed = call(product, "POST", f"{path}/review", json={"summary": "Slow.", "causes": "No cache."})
    assert (reviewed["state"], reviewed["review_state"]) == ("closed", "done")
    done = call(product, "POST", f"follow-ups/{follow_up['id']}/done", json={"evidence": "CHG-1", "after": "1 s"})
    assert (done["state"], done["before"], done["after"]) == ("done", "4 s", "1 s")

    first = call(product, "GET", f"{path}/timeline", params={"limit": 5})
    rest = call(product, "GET", f"{path}/timeline", params={"cursor": first["next_cursor"]})
    kinds = [each["kind"] for each in (*first["items"], *rest["items"])]
    assert sorted(kinds) == sorted(
        [
            *("opened", "acknowledged", "assigned", "role_given", "severity_changed", "start_corrected", "updated"),
            *("linked", "noted", "resolved", "follow_up_added", "reviewed", "closed", "follow_up_done"),
        ]
    )
    found = call(product, "GET", "incidents", params={"q": key, "state": "closed"})
    assert [each["reference"] for each in found["items"]] == [opened["reference"]]
    refused = product.call("POST", f"/api/v1/{path}/reopen", role="compliance_manager", json={"reason": "No."})
    assert (refused.status_code, refused.json()["code"]) == (403, "incidents.not_a_responder")
