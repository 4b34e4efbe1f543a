"""An incident and its ticket are in step, both ways (N1, N2, S3)."""

from __future__ import annotations

import secrets

import pytest

from tests.product import ticket_in, until


def call(product, method, path, **kwargs):
    answer = product.call(method, f"/api/v1/incidents{path}", role="agent_operator", **kwargs)
    assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json()


@pytest.mark.row("N1", "S3", "X3")
def test_an_incident_and_its_ticket_in_servicenow_move_together_whoever_moves_them(product):
    key = f"ticketed{secrets.token_hex(3)}"
    alert = {"source": "probe", "key": key, "severity": "high", "title": f"Slow {key}", "service": f"S-{key}"}
    path = f"/{call(product, 'POST', '/alerts', json={**alert, 'state': 'firing'})['incident_id']}"

    def shown():
        return call(product, "GET", path)

    def ticket(system):
        return ticket_in(shown(), system)

    def record():
        found = [each for each in product.records("servicenow", "incident") if key in each["short_description"]]
        assert len(found) <= 1
        return found[0] if found else None

    in_servicenow = until(lambda: ticket("servicenow"), "the ticket in ServiceNow")
    assert (record()["number"], f"S-{key}" in record()["description"]) == (in_servicenow["number"], True)

    call(product, "POST", f"{path}/acknowledge")
    until(lambda: (ticket("servicenow") or {})["state"] == "In Progress", "ServiceNow to be in progress")
    call(product, "POST", f"{path}/updates", json={"text": f"We restart {key}."})
    edit = {"type": "incident", "id": in_servicenow["number"]}
    product.control("servicenow/edit", **edit, fields={"work_notes": "A customer called."})
    entries = until(
        lambda: [each for each in shown()["newest"] if "A customer called." in each["text"]],
        "the note of ServiceNow in the timeline",
    )
    assert len(entries) == 1

    ended = {"state": "Resolved", "close_code": "Solved (Permanently)", "close_notes": "Restarted."}
    product.control("servicenow/edit", **edit, fields=ended)
    until(lambda: shown()["state"] == "resolved", "the incident to be resolved as its ticket is")
    assert in_servicenow["number"] in shown()["resolution"]

    call(product, "POST", f"{path}/reopen", json={"reason": "It leaks."})
    until(lambda: ticket("servicenow")["state"] == "In Progress", "ServiceNow's incident opened again")
    assert str({**record(), "history": ()}).count("A customer called.") == 1, "their own note came back to them"


@pytest.mark.row("N2", "S3")
def test_a_tenant_with_jira_has_the_incident_there_and_follows_it_to_its_end(product):
    nora = product.status["tenants"]["northwind"]["people"]["nora.keller@northwind.example"]["token"]
    title = f"Slow {secrets.token_hex(3)}"

    def of_northwind(method, path, **kwargs):
        answer = product.call(method, f"/api/v1/incidents{path}", token=nora, **kwargs)
        assert answer.ok, answer.text
        return answer.json()

    def issue():
        found = [one for one in product.records("jira", "issue") if title in str(one["summary"])]
        return found[0] if found else None

    incident = of_northwind("POST", "", json={"title": title, "severity": "critical", "service": "Payments"})
    made = until(issue, "the issue")
    assert made["properties"] == {"countersign": {"key": incident["id"], "kind": "incident"}}
    of_northwind("POST", f"/{incident['id']}/resolve", json={"resolution": "Restarted."})
    until(lambda: issue()["status"] != made["status"], "the issue to follow")
    until(
        lambda: of_northwind("GET", f"/{incident['id']}")["tickets"][0]["state"] == issue()["status"], "its state here"
    )
