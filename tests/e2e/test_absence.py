"""Somebody goes away: who stands in is asked, votes by name for them, and gives the place back (P6, X5). By chat alone."""

import os
import secrets
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.product import ROOT, TENANT, until

AGENT_FACTS = {"business_service": "Customer support"}


@pytest.fixture(scope="module")
def product(new_product):
    """Another demo: the clock is the whole product's."""
    with new_product() as running:
        yield running


def typed(product, person, line):
    answer = product.control("slack/command", user=person, channel="approvals", text=line)
    return " ".join(str(each["text"]) + str(each["blocks"]) for each in answer["ephemeral"])


def home(product, person):
    url = f"{product.status['sandbox_url']}/control/slack/home"
    return str(requests.get(url, params={"user": person}, timeout=30).json())


def new_request(product):
    agent = f"agent-{secrets.token_hex(3)}"
    facts = {"sponsor": product.email("tenant_administrator"), "owner": product.email("agent_developer")}
    answer = product.decide("agent_developer", "agent.create", name=agent, **facts, **AGENT_FACTS)
    message = until(lambda: product.message_with("approvals", agent), "the channel's message")
    return answer["request_id"], message["text"].partition(":")[0]


def shown(product, request_id):
    return product.call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()


def thread_with(product, reference, words):
    def look():
        message = product.message_with("approvals", reference)
        return [each["text"] for each in message["thread"] if words in each["text"]] if message else None

    return until(look, f"“{words}” under {reference}")


@pytest.mark.row("P6", "X5", "B1", "B9")
def test_whoever_goes_away_is_stood_in_for_by_name_until_they_are_back(product):
    tomas, amara = product.email("meta_agent_manager"), product.email("tenant_administrator")
    open_id, open_reference = new_request(product)
    until(lambda: product.message_with(f"@{tomas}", open_reference, "Approve"), "what waits for Tomás already")

    asked_at = datetime.fromisoformat(shown(product, open_id)["created_at"])
    first, last = asked_at + timedelta(hours=12), asked_at + timedelta(days=14)
    answer = typed(product, tomas, f"/approve away {amara} {first:%Y-%m-%dT%H:%MZ} to {last:%Y-%m-%d} skiing")
    assert "You will be away" in answer
    until(lambda: product.message_with(f"@{amara}", "You will decide for"), "the word to Amara")
    assert "decides for you" in until(
        lambda: "decides for you" in home(product, tomas) and home(product, tomas), "home"
    )

    product.control("clock", advance="12h")
    thread_with(product, open_reference, "is away;")
    until(lambda: product.message_with(f"@{amara}", open_reference, "Approve"), "Amara's buttons for what was open")
    until(lambda: "*You decide* for" in home(product, amara), "Amara's home")

    request_id, reference = new_request(product)
    until(lambda: product.message_with(f"@{amara}", reference, "Approve"), "Amara's buttons for what came after")
    assert product.message_with(f"@{tomas}", reference) is None
    assert "You approved" in typed(product, amara, f"/approve yes {reference} Looks sound.")
    (vote,) = shown(product, request_id)["stages"][0]["votes"]
    assert (vote["voter"]["email"], vote["on_behalf_of"]["email"]) == (amara, tomas)
    names = (vote["voter"]["name"], vote["on_behalf_of"]["name"])
    thread_with(product, reference, f"{names[0]} for {names[1]} ✅ approved Technical review")
    assert f"{names[0]} for {names[1]}" in str(product.message_with("approvals", reference)["blocks"])
    assert f"{names[1]} → {names[0]}" in typed(product, tomas, "/approve away")

    assert "Welcome back" in typed(product, tomas, "/approve back")
    thread_with(product, open_reference, f"again, instead of {names[0]}")
    stages = shown(product, open_id)["stages"]
    assert [person["email"] for person in stages[0]["approvers"]] == [tomas]
    until(lambda: product.message_with(f"@{amara}", open_reference, "Approve") is None, "Amara's buttons to go")
    assert "Nobody is away" in typed(product, tomas, "/approve away")


@pytest.mark.row("X5", "R7")
def test_the_api_sets_lists_and_ends_absences_and_refuses_circles_in_words(product):
    priya, lee = product.email("security_manager"), product.email("compliance_manager")
    body = {"to": lee, "ends": "2099-01-01"}
    refused = product.call("POST", "/api/v1/delegations", role="security_manager", json=body)
    assert (refused.status_code, refused.json()["detail"]) == (422, "A delegation lasts at most 366 days.")
    until_soon = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    body = {"to": lee, "ends": until_soon, "actions": ["agent.deploy"], "reason": "Parental leave."}
    made = product.call("POST", "/api/v1/delegations", role="security_manager", json=body)
    assert made.status_code == 201, made.text
    circle = product.call(
        "POST", "/api/v1/delegations", role="compliance_manager", json={"to": priya, "ends": until_soon}
    )
    assert circle.status_code == 409
    assert "→" in circle.json()["detail"]
    listed = product.call("GET", "/api/v1/delegations", role="agent_developer").json()["items"]
    assert [(each["absent"]["email"], each["stand_in"]["email"], each["actions"]) for each in listed] == [
        (priya, lee, ["agent.deploy"])
    ]
    path = f"/api/v1/delegations/{made.json()['id']}"
    assert product.call("DELETE", path, role="agent_developer").status_code == 403
    assert product.call("DELETE", path, role="tenant_administrator").status_code == 204
    assert product.call("DELETE", path, role="tenant_administrator").status_code == 409


class _Feed(BaseHTTPRequestHandler):
    body = b""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *arguments):
        pass


@contextmanager
def published(body: str):
    """The calendar at an address of this machine."""
    handler = type("Feed", (_Feed,), {"body": body.encode()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/private-4711/basic.ics"
        finally:
            server.shutdown()
            serving.join()


def page(product, role, path="/people", **form):
    """What the person sees in the console, after sending the form if there is one."""
    token = product.people[product.email(role)]["token"]
    method = "POST" if form else "GET"
    return requests.request(
        method,
        f"{product.status['base_url']}/console{path}",
        headers={"Authorization": f"Bearer {token}"},
        data=form or None,
        timeout=30,
    )


@pytest.mark.row("X5", "P6", "B1")
def test_a_calendar_says_that_somebody_is_away_and_their_fallback_decides(product):
    absent, stand_in = product.email("security_manager"), product.email("audit_reviewer")
    request_id, _reference = new_request(product)
    now = datetime.fromisoformat(shown(product, request_id)["created_at"])
    event = (
        f"BEGIN:VEVENT\nUID:1\nSUMMARY:Out of office\nDTSTART:{now - timedelta(days=1):%Y%m%dT%H%M%SZ}\n"
        f"DTEND:{now + timedelta(days=5):%Y%m%dT%H%M%SZ}\nEND:VEVENT\n"
    )
    with published(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:t\n{event}END:VCALENDAR\n") as address:
        done = page(product, "tenant_administrator", "/people/fallback", person=absent, fallback=stand_in)
        assert "The fallback is set." in done.text
        done = page(product, "tenant_administrator", "/people/calendar", person=absent, address=address)
        assert "The calendar is connected." in done.text
        found = until(
            lambda: product.call("GET", "/api/v1/absences", role="agent_developer").json()["items"],
            "the calendar to be read",
            within_s=60,
        )
    assert [(each["absent"]["email"], each["stand_in"]["email"], each["state"]) for each in found] == [
        (absent, stand_in, "in_force")
    ]
    seen = page(product, "security_manager").text
    assert "Away by their calendars" in seen
    assert "http://127.0.0.1/…" in seen
    assert "private-4711" not in seen
    users = product.call("GET", "/api/v1/users", role="tenant_administrator").json()["items"]
    (person,) = [each for each in users if each["email"] == absent]
    assert person["fallback"] == stand_in
    calendar = f"/api/v1/users/{person['id']}/calendar"
    told = product.call("GET", calendar, role="security_manager").json()
    assert (told["address"], told["problem"]) == ("http://127.0.0.1/…", "")
    assert product.call("GET", calendar, role="agent_developer").status_code == 403
    assert product.call("DELETE", calendar, role="security_manager").status_code == 204
    assert product.call("GET", "/api/v1/absences", role="agent_developer").json()["items"] == []
    trail = product.call("GET", "/api/v1/audit", role="audit_reviewer", params={"action": "calendar.connect"}).text
    assert absent in trail
    assert "private-4711" not in trail + (product.data / "product.log").read_text()


@pytest.mark.row("X5")
def test_an_administrator_sets_and_ends_the_absence_of_an_executive_in_the_console(product):
    boss, stand_in = product.email("enterprise_administrator"), product.email("audit_reviewer")
    wrong = page(
        product, "tenant_administrator", "/people/delegations", person=boss, to="nobody@x.example", ends="2099-01-01"
    )
    assert (wrong.status_code, "There is nobody here with the e-mail" in wrong.text) == (404, True)
    assert 'id="e-away-to"' in wrong.text
    refused = page(product, "agent_developer", "/people/delegations", person=boss, to=stand_in, ends="2099-01-01")
    assert refused.status_code == 403
    day = f"{datetime.now(UTC) + timedelta(days=200):%Y-%m-%d}"
    done = page(product, "tenant_administrator", "/people/delegations", person=boss, to=stand_in, ends=day)
    assert "They decide from then on." in done.text
    listed = product.call("GET", "/api/v1/delegations", role="agent_developer").json()["items"]
    (made,) = [each for each in listed if each["absent"]["email"] == boss]
    path = f"/people/delegations/{made['id']}/end"
    assert path in done.text
    assert path not in page(product, "agent_developer").text
    assert "The delegation has ended." in page(product, "tenant_administrator", path, csrf="").text


@pytest.mark.row("X5", "P10")
def test_the_console_and_the_api_say_who_could_decide_each_stage_today(product):
    found = product.call("GET", "/api/v1/policies/holders", role="agent_developer").json()["items"]
    creation = next(each for each in found if each["title"] == "Agent Creation Approval")
    assert creation["is_decidable"] is True
    assert product.email("meta_agent_manager") in [person["email"] for person in creation["stages"][0]["people"]]
    assert "could" in page(product, "agent_developer", "/policies").text


def policy_check(product, tmp_path, document):
    file = tmp_path / "policy.yaml"
    file.write_text(document)
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERSIGN_")}
    return subprocess.run(
        [sys.executable, "-m", "app", "policy", "check", str(file), "--tenant", TENANT],
        cwd=ROOT,
        env={**environ, "COUNTERSIGN_DATA_DIR": str(product.data), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.row("X5", "P6", "P10")
def test_a_policy_that_nobody_could_decide_in_a_tenant_fails_its_check(product, tmp_path):
    head = "Deployment:\n  applies_to: [agent.deploy]\n  stages:\n"
    stage = "    - {{stage: review, timeout: 4 hours, approvers: [{approvers}], quorum: {quorum}}}\n"
    fine = policy_check(product, tmp_path, head + stage.format(approvers="security_manager", quorum=1))
    assert (fine.returncode, product.email("security_manager") in fine.stdout) == (0, True)
    short = policy_check(product, tmp_path, head + stage.format(approvers='"group:nobody-has-made-it"', quorum=90))
    assert (short.returncode, "It needs 90 of those asked;" in short.stdout) == (1, True)
    never = policy_check(product, tmp_path, head + stage.format(approvers="agent.owner", quorum=2))
    assert (never.returncode, "policy.yaml:4" in never.stderr) == (2, True)
    assert "2 approvals can never come together: one person is named." in never.stderr
