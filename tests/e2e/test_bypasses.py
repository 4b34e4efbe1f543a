"""A bypass from its risk to what its review wants done: by API, in chat and in the console (E1 to E5)."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.product import until

HOLDER, BOSS, SECOND = "meta_agent_manager", "tenant_administrator", "enterprise_administrator"


def call(product, path, role, *, status=200, **body):
    answer = product.call("POST", f"/api/v1/bypasses{path}", role=role, json=body or None)
    assert answer.status_code == status, answer.text
    return answer.json()


def page(product, path, role=BOSS):
    token = product.people[product.email(role)]["token"]
    address = f"{product.status['base_url']}/console/bypasses{path}"
    answer = requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.row("E1", "E2", "E3", "E4", "E5")
def test_a_bypass_lives_from_its_risk_to_what_its_review_wants_done(product):
    agent = f"night-desk-{secrets.token_hex(3)}"
    wish = {
        "action": "agent.create",
        "resource": agent,
        "justification": "The desk is down since 02:10 and customers wait.",
        "duration": "30 minutes",
    }
    risk = call(product, "/assess", HOLDER, **wish)
    assert (risk["level"], risk["points"]) == ("medium", 30)
    bypass = call(product, "", HOLDER, status=201, **wish)
    path, reference = f"/{bypass['id']}", bypass["reference"]
    assert (bypass["state"], bypass["actions"], bypass["risk_factors"]) == ("active", [], risk["factors"])

    facts = {"name": agent, "sponsor": "s@x.example", "owner": "o@x.example", "business_service": "Desk"}
    decision = product.decide(HOLDER, "agent.create", **facts)
    assert (decision["decision"], decision["bypass_id"]) == ("allow", bypass["id"])
    shown = product.call("GET", f"/api/v1/bypasses{path}", role="audit_reviewer").json()
    (action,) = shown["actions"]
    assert (action["decision_id"], action["before"], action["after"]["state"]) == (decision["id"], None, "registered")

    call(product, f"{path}/extend", HOLDER, duration="15 minutes", reason="The restore is half done.")
    assert call(product, f"{path}/extend/confirm", HOLDER, status=403)["code"] == "emergency.own_extension"
    extended = call(product, f"{path}/extend/confirm", BOSS)
    before, after = (datetime.fromisoformat(each["expires_at"]) for each in (bypass, extended))
    assert after - before == timedelta(minutes=15)
    told = until(lambda: product.message_with(f"@{product.email(BOSS)}", reference), "management is told")
    assert "left" in str(told)

    due_at = (datetime.now(UTC) + timedelta(days=14)).isoformat()
    follow_up = {"title": "Alert when the desk is down", "owner": product.email("agent_operator"), "due_at": due_at}
    finding = {"verdict": "justified", "notes": "The desk was down.", "follow_ups": [follow_up]}
    assert call(product, f"{path}/review", HOLDER, status=403, **finding)["code"] == "emergency.own_review"
    done = call(product, f"{path}/review", SECOND, **finding)
    assert (done["state"], done["review_state"], done["risk_after"]) == ("ended", "done", "high")
    assert product.decide(HOLDER, "agent.modify", **facts)["bypass_id"] is None

    named = product.call("GET", f"/api/v1/bypasses/{reference}", role=BOSS)
    assert (named.status_code, named.json()["id"]) == (200, bypass["id"])
    shown = page(product, f"/{reference}")
    for words in (agent, "The desk was down.", "Alert when the desk is down", "Before the grant: Medium", "High"):
        assert words in shown, words
    assert reference in page(product, "")
    (remediation,) = done["remediations"]
    closed = call(
        product, f"/remediations/{remediation['id']}/close", "agent_operator", state="done", note="Alert 77 is live."
    )
    assert (closed["state"], closed["bypass"]) == ("done", reference)

    month = f"{datetime.fromisoformat(bypass['granted_at']):%Y-%m}"
    figures = product.call("GET", "/api/v1/analytics/bypasses", role=BOSS, params={"month": month}).json()
    assert figures["all"]["justified"] >= 1
    assert figures["median_to_review_s"] is not None
    picture = product.call(
        "GET", "/api/v1/analytics/bypasses/chart", role=BOSS, params={"month": month, "format": "svg"}
    )
    assert picture.text.startswith("<svg")
    assert "By reason" in page(product, f"/report?month={month}")


@pytest.mark.row("E1", "X9")
def test_a_form_that_is_sent_twice_grants_one_bypass(product):
    holder, words = product.email("security_manager"), f"Pressed twice at once ({secrets.token_hex(3)})."
    modal = product.control("slack/command", user=holder, channel="emergency", text="/bypass")["modal"]
    values = {"What do you want to do?": "agent.modify", "Agent": "invoice-matcher", "Justification": words}
    url = f"{product.status['sandbox_url']}/control/slack/submit"
    body = {"user": holder, "view_id": modal["view_id"], "values": values}
    with ThreadPoolExecutor() as hands:
        sent = list(hands.map(lambda _: requests.post(url, json=body, timeout=30), range(2)))
    assert 200 in {each.status_code for each in sent}, [each.text for each in sent]
    bypasses = product.call("GET", "/api/v1/bypasses", role=BOSS).json()["items"]
    assert sum(each["justification"] == words for each in bypasses) == 1


@pytest.mark.row("E1", "B2")
def test_more_time_is_asked_for_and_given_in_chat(product):
    boss, holder = product.email(BOSS), product.email("security_manager")
    wish = {"action": "agent.modify", "resource": "invoice-matcher", "justification": "Invoices are matched twice."}
    bypass = call(product, "", "security_manager", status=201, **wish, duration="30 minutes")
    reference = bypass["reference"]

    def typed(user, text):
        return product.control("slack/command", user=user, channel="emergency", text=f"/bypass {text}")

    modal = typed(holder, f"extend {reference}")["modal"]
    sent = product.control(
        "slack/submit",
        user=holder,
        view_id=modal["view_id"],
        values={"How much longer?": "900", "Reason": "Index is rebuilt."},
    )
    assert not sent.get("errors"), sent
    assert reference in str(typed(boss, f"confirm {reference}")["ephemeral"])
    after = product.call("GET", f"/api/v1/bypasses/{bypass['id']}", role=BOSS).json()
    assert [each["state"] for each in after["extensions"]] == ["confirmed"]
    assert "Ended" in str(typed(boss, f"end {reference}")["ephemeral"])
