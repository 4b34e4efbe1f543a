"""The same bot without a public address: Slack reaches it over the WebSocket that it keeps open (B1, B3)."""

import secrets

import pytest
import requests

from tests.e2e.test_chat import ask_for, click, new_request, said
from tests.product import another_server, until

ACKNOWLEDGED_WITHIN_MS = 3000  # Slack gives up then


@pytest.fixture(scope="module")
def socket_server(product, tmp_path_factory):
    """A server that knows no signing secret; while its socket is open, Slack calls nobody by HTTP."""
    log = tmp_path_factory.mktemp("socket") / "server.log"
    with another_server(
        product, log, SLACK__MODE="socket", SLACK__APP_TOKEN=app_token(product), SLACK__SIGNING_SECRET=None
    ) as server:
        until(lambda: speaks_by_socket(product), "the socket")
        yield server


def app_token(product):
    return requests.get(f"{product.status['sandbox_url']}/control/systems", timeout=30).json()["slack"]["app_token"]


def typed(product, text):
    return product.control("slack/command", user=product.email("agent_developer"), channel="general", text=text)


def deliveries(product):
    return product.records("slack", "delivery")


def speaks_by_socket(product):
    typed(product, "/approve help")
    return deliveries(product)[-1]["via"] == "socket"


@pytest.mark.row("B1", "B3")
def test_a_request_is_asked_for_and_rejected_over_the_socket(product, socket_server):
    before = len(deliveries(product))
    help_card = typed(product, "/approve help")
    assert "/approve list" in said(help_card)
    assert help_card["latency_ms"] < ACKNOWLEDGED_WITHIN_MS

    reference, _agent = new_request(product)
    tomas = product.email("meta_agent_manager")
    form = click(product, tomas, f"@{tomas}", reference, "Reject")["modal"]
    done = product.control(
        "slack/submit", user=tomas, view_id=form["view_id"], values={"Reason": "Its owner has left."}
    )
    assert not done.get("errors")
    message = until(lambda: product.message_with("approvals", f"{reference}: "), "the message")
    until(lambda: "Rejected" in str(product.message_with("approvals", reference)["blocks"]), "the message to change")
    assert message["ts"] == product.message_with("approvals", reference)["ts"]
    heard = deliveries(product)[before:]
    assert {(each["via"], each["error"]) for each in heard} == {("socket", None)}
    assert max(each["took_ms"] for each in heard) < ACKNOWLEDGED_WITHIN_MS


@pytest.mark.row("B1")
def test_nobody_is_heard_by_http_in_this_mode_whether_there_is_a_signing_secret_or_not(product, tmp_path):
    forged = {"command": "/approve", "text": "help", "user_id": "U0DEV", "team_id": "T0ENTERPRISE"}
    with another_server(
        product, tmp_path / "server.log", SLACK__MODE="socket", SLACK__APP_TOKEN=app_token(product)
    ) as it:
        answer = requests.post(f"{it.status['base_url']}/slack/events", data=forged, timeout=10)
    assert answer.status_code == 404


@pytest.mark.row("B3")
def test_an_error_in_a_form_comes_back_over_the_socket_and_nothing_is_lost(product, socket_server):
    answer = ask_for(product, f"agent-{secrets.token_hex(3)}", justification=" ")
    assert answer["errors"] == {"justification": "Write something here."}
    assert not answer["closed"]


@pytest.mark.row("B1")
@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
def test_when_slack_asks_for_a_new_connection_nobody_notices(product, socket_server, reason):
    assert product.control("slack/disconnect", reason=reason)["sockets"] >= 1
    for _ in range(3):
        assert "/approve list" in said(typed(product, "/approve help"))
    until(lambda: speaks_by_socket(product), "the socket to be open again")
