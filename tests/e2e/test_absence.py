"""Somebody goes away: who stands in is asked, votes by name for them, and gives the place back (P6, X5). By chat alone."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.product import running_product, until

AGENT_FACTS = {"business_service": "Customer support"}


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """Another demo: the clock is the whole product's."""
    with running_product(tmp_path_factory.mktemp("absence") / "demo") as running:
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
