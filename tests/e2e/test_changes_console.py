"""Changes in the console: found, read whole, and seen on the calendar (G2, G6)."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest


def page(product, path, *, status=200):
    answer = product.call("GET", f"/console/changes{path}", role="agent_developer")
    assert answer.status_code == status, answer.text[:500]
    return answer.text


@pytest.mark.row("G2", "G3", "G6")
def test_a_change_is_found_and_read_and_on_the_calendar(product):
    word, begins = secrets.token_hex(5), datetime.now(UTC) + timedelta(hours=30)
    body = {
        "title": f"Limit <b>{word}</b>",
        "type": "configuration_change",
        "resources": [f"service:S-{word}"],
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=1)).isoformat(),
    }
    change = product.call("POST", "/api/v1/changes", role="agent_developer", json=body).json()
    path = f"/api/v1/changes/{change['id']}"
    shown = {"gate": "testing", "summary": "All green.", "url": "https://ci.example.com/run/17"}
    product.call("POST", f"{path}/evidence", role="agent_developer", json=shown).raise_for_status()
    product.call("POST", f"{path}/submit", role="agent_developer").raise_for_status()
    assert change["reference"] in page(product, f"?q={word}&state=authorise&type=configuration_change")
    assert "No change matches" in page(product, f"?q={word}&state=closed")
    text = page(product, f"/{change['reference']}")
    for said in ("All green.", "https://ci.example.com/run/17", "There is no way back yet", "REQ-", f"S-{word}"):
        assert said in text
    assert "<b>" not in text.partition("<h1>")[2].partition("</h1>")[0].replace("<bdi>", "")
    assert change["reference"] in page(product, "/calendar")
    page(product, "/calendar?from=not-a-day")
    page(product, "/CHG-999999", status=404)
    page(product, "/nothing", status=404)
