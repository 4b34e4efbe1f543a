"""/change in the workspace: a change is drafted, shown evidence for, submitted, and its message stays true (G1, G2, G3)."""

from __future__ import annotations

import re
import secrets

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
