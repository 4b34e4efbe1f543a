"""/change in the workspace: a change is drafted, shown evidence for, submitted, and its message stays true (G1, G2, G3)."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from tests.product import until


def typed(product, text):
    """What the developer sees of a line of theirs."""
    return product.control("slack/command", user=product.email("agent_developer"), channel="approvals", text=text)


@pytest.mark.row("G1", "G2", "G3", "B3")
def test_a_change_is_drafted_and_followed_in_chat(product):
    word = secrets.token_hex(4)
    opened = typed(product, "/change")
    values = {
        "What changes?": f"Limit {word}",
        "Type": "configuration_change",
        "What does it touch?": f"service:S-{word}",
        "The way back": "Put the former limit back.",
    }
    developer = product.email("agent_developer")
    sent = product.control("slack/submit", user=developer, view_id=opened["modal"]["view_id"], values=values)
    assert not sent.get("errors"), sent
    listed = typed(product, f"/change find {word}")
    reference = re.search(r"CHG-\d+", str(listed["ephemeral"]))[0]
    shown = str(typed(product, f"/change show {reference}")["ephemeral"])
    assert "✅ Rollback plan" in shown
    assert "⬜ Testing" in shown
    refused = str(typed(product, f"/change start {reference}")["ephemeral"])
    assert "Missing: approval, testing, communication, schedule." in refused
    typed(product, f"/change submit {reference}")
    until(
        lambda: product.message_with(f"@{developer}", "Waits for approval"),
        "the living message of the change",
    )


def filled(product, who, line, **values):
    """The form that the line opens is sent."""
    opened = product.control("slack/command", user=product.email(who), channel="approvals", text=line)
    sent = product.control("slack/submit", user=product.email(who), view_id=opened["modal"]["view_id"], values=values)
    assert not sent.get("errors"), sent
    return sent


def voted(product, reference, role="meta_agent_manager"):
    """Somebody of the row has approved whatever is asked about the change."""
    line = until(lambda: product.message_with("approvals", f"“{reference}”", "Approve"), "the request about the change")
    request = re.search(r"REQ-\d+", line["text"] + str(line["blocks"]))[0]
    yes = f"/approve yes {request} Fine."
    product.control("slack/command", user=product.email(role), channel="approvals", text=yes)


@pytest.mark.row("G3", "G6", "G8", "G10", "G11", "B3")
def test_a_change_is_scheduled_done_rolled_back_recovered_and_reviewed_in_chat(product):
    word = f"widget{secrets.token_hex(3)}"
    now = datetime.now(UTC).replace(second=0, microsecond=0)  # the tenant says no other zone
    starts_at, ends_at = (now + timedelta(minutes=each) for each in (-5, 60))
    body = {
        "title": f"Limit of {word}",
        "type": "configuration_change",
        "resources": [f"service:S-{word}"],
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
    }
    change = product.call("POST", "/api/v1/changes", role="agent_developer", json=body).json()
    reference, who = change["reference"], "agent_developer"

    def state():
        return product.call("GET", f"/api/v1/changes/{change['id']}", role=who).json()["state"]

    for gate in ("testing", "rollback_plan", "communication"):
        filled(product, who, f"/change evidence {reference}", gate=gate, result="passed", summary="It is there.")
    typed(product, f"/change submit {reference}")
    assert reference in str(typed(product, "/change agenda")["ephemeral"])
    voted(product, reference)
    if state() != "schedule":  # done while people work, it is of medium risk
        voted(product, reference, "security_manager")
    until(lambda: state() == "schedule", "the approval")
    begins, ends = (f"{each:%Y-%m-%d %H:%M}" for each in (starts_at, ends_at))
    form = product.control(
        "slack/command", user=product.email(who), channel="general", text=f"/change schedule {reference} soon"
    )
    assert "soon" in str(form["modal"])  # what was typed is there to be mended
    filled(product, who, f"/change schedule {reference}", starts_at=begins, ends_at=ends)
    assert "Being implemented" in str(typed(product, f"/change start {reference}")["ephemeral"])
    filled(product, who, f"/change done {reference}", validation="passed", notes="All green.")
    assert state() == "review"
    told = str(typed(product, f"/change rollback {reference} Customers see wrong totals.")["ephemeral"])
    assert "Its rollback waits for approval" in told
    voted(product, reference)
    until(lambda: state() == "rolled_back", "the rollback")
    filled(product, who, f"/change recovery {reference}", result="passed", notes="Totals agree.")
    lesson = f"Compare totals of {word} first."
    said = {"outcome": "unsuccessful", "notes": "Wrong totals.", "lessons": lesson, "tags": "totals"}
    filled(product, "meta_agent_manager", f"/change review {reference}", **said)
    shown = product.call("GET", f"/api/v1/changes/{change['id']}", role=who).json()
    assert (shown["review_state"], shown["review"]["tags"]) == ("done", ["totals"])
    again = {"title": f"New limit of {word}", "type": "agent_update", "resources": [f"service:S-{word}"]}
    drafted = product.call("POST", "/api/v1/changes", role=who, json=again).json()
    assert lesson in str(typed(product, f"/change show {drafted['reference']}")["ephemeral"])
