"""An incident in the workspace: told, acknowledged, worked on and resolved there, with one living message (B6, S3)."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.product import until

CHANNEL = "emergency"  # where the tenant names no other


def typed(product, text, role="agent_operator"):
    """What the person sees of a line of theirs: an answer as one text, else the modal that it opened."""
    answer = product.control("slack/command", user=product.email(role), channel=CHANNEL, text=text)
    return str(answer["ephemeral"]) if answer["ephemeral"] else answer  # a modal of before may still be open


def fired(product, key, **changes):
    body = {"source": "probe", "key": key, "state": "firing", "severity": "high", "title": f"Slow {key}", **changes}
    answer = product.call("POST", "/api/v1/incidents/alerts", role="agent_operator", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def clicked(product, message, label, role="agent_operator", channel=CHANNEL):
    """The button with this label is pressed; the modal, if one opens."""
    (action,) = [each for each in message["actions"] if each["text"] == label]
    body = {"channel": channel, "ts": message["ts"], "action_id": action["action_id"], "value": action["value"]}
    return product.control("slack/click", user=product.email(role), **body)


def is_channel(product, name):
    url = f"{product.status['sandbox_url']}/control/slack/messages"
    return requests.get(url, params={"channel": name}, timeout=30).ok


def sent(product, opened, role="agent_operator", **values):
    view_id = opened["modal"]["view_id"]
    answer = product.control("slack/submit", user=product.email(role), view_id=view_id, values=values)
    assert not answer.get("errors"), answer


@pytest.mark.row("B6", "S3", "B3")
def test_an_incident_is_one_living_message_from_the_alert_to_its_resolution(product):
    key = f"probe{secrets.token_hex(3)}"
    opened = fired(product, key, service=f"S-{key}")
    reference, operator = opened["reference"], product.email("agent_operator")

    def message(words, label=None, where=CHANNEL):
        return until(lambda: product.message_with(where, words, label), f"{words} in {where}")

    root = message(f"{reference} affects S-{key}", "Acknowledge")
    direct = message(reference, "Acknowledge", f"@{operator}")
    clicked(product, direct, "Acknowledge", channel=f"@{operator}")
    until(lambda: "Acknowledged" in str(message(reference)["blocks"]), "the acknowledgement")
    assert "Acknowledge" not in [each["text"] for each in message(reference)["actions"]]

    developer = product.people[product.email("agent_developer")]["slack_id"]
    sent(product, clicked(product, message(reference), "Assign"), person=developer)
    message(reference, None, f"@{product.email('agent_developer')}")
    sent(product, clicked(product, message(reference), "Update"), update=f"We restart {key}.")
    message(f"We restart {key}.")
    sent(product, clicked(product, message(reference), "Severity"), severity="critical", reason="Everybody.")
    message(f"{reference}")
    shown = clicked(product, message(reference), "Timeline")["modal"]
    assert "looks after it" in str(shown)
    assert f"We restart {key}." in str(shown)

    clicked(product, message(reference), "A channel of its own")
    own = f"inc-{reference.partition('-')[2]}-slow-{key}"
    until(lambda: is_channel(product, own), "the channel of its own")
    message(reference, "Resolve", own)
    sent(product, clicked(product, message(reference, None, own), "Resolve", channel=own), resolution="Restarted.")
    until(lambda: "Resolved by" in str(message(reference)["blocks"]), "the resolution")
    assert [each["ts"] for each in product.messages(CHANNEL) if reference in each["text"]] == [root["ts"]]

    def told():
        found = " ".join(each["text"] for each in message(reference)["thread"])
        words = ("looks after it", "Assigned to", "critical", f"We restart {key}.", "Resolved: Restarted.")
        return all(each in found for each in words) and found

    until(told, "the thread")

    developer, due_at = product.email("agent_developer"), (datetime.now(UTC) + timedelta(days=3)).isoformat()
    agreed = {"title": "Bound the cache", "owner": developer, "due_at": due_at, "before": "4 s"}
    path = f"/api/v1/incidents/{reference}/follow-ups"
    follow_up = product.call("POST", path, role="agent_operator", json=agreed).json()["id"]
    mine = message(reference, "Finish follow-up", f"@{developer}")
    opened = clicked(product, mine, "Finish follow-up", role="agent_developer", channel=f"@{developer}")
    assert "measured before: 4 s" in str(opened["modal"])
    sent(product, opened, role="agent_developer", follow_up=follow_up, evidence="It is live.", after="1 s")
    until(lambda: "✅ Bound the cache" in str(message(reference)["blocks"]), "the follow-up done")
    assert "Finish follow-up" not in [each["text"] for each in message(reference)["actions"]]

    fired(product, key, state="resolved")
    fired(product, key)
    until(lambda: "Opened again" in str(message(reference)["blocks"]), "the incident opened again")


@pytest.mark.row("B6", "S3")
def test_incidents_are_worked_on_by_typing(product):
    key = f"typed{secrets.token_hex(3)}"
    values = {"What is wrong?": f"Twice {key}", "How bad is it?": "low", "What is affected?": "Payments"}
    sent(product, typed(product, "/sla new"), **values)
    found = typed(product, f"/sla find {key}")
    reference = re.search(r"INC-\d+", found)[0]
    assert "🔵 Low" in found
    assert reference in typed(product, "/sla")
    assert "Acknowledged" in typed(product, f"/sla ack {reference}")
    assert "Assigned to" in typed(product, f"/sla assign {reference} {product.email('agent_operator')}")
    assert reference in typed(product, "/sla mine")
    assert "We look." in typed(product, f"/sla update {reference} We look.")
    typed(product, f"/sla link {reference} OPS-17")
    assert "OPS-17" in typed(product, f"/sla show {reference}")
    assert f"Did you mean `/sla resolve {reference} …`?" in typed(product, f"/sla resolv {reference} Done.")
    assert "does not work on incidents" in typed(product, f"/sla resolve {reference} No.", "compliance_manager")
    assert "Resolved by" in typed(product, f"/sla resolve {reference} Filtered.")
    assert "🔥 Open" in typed(product, f"/sla reopen {reference} Again.")
    assert "incidents" in typed(product, "/sla help")
