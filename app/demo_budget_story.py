"""A chapter of the story: an agent uses up its budget, is stopped at the gate, and an approved raise lets it on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from app.demo_seed import Api
from app.demo_telling import Telling

CHANNEL: Final = "approvals"
REPORTS: Final = "1.2"  # at 10 USD each


async def play(story: Telling, agent: str) -> None:
    """The chapter, from the budget to the raised limit."""
    manager, developer = story.api("tenant_administrator"), story.api("agent_developer")
    body = {
        "name": f"Budget of {agent}",
        "amount": {"amount": "10.00", "currency": "USD"},
        "period": "year",
        "agent": agent,
        "forecast": False,
    }
    budget = await manager.post("/api/v1/budgets", body)
    path, reference = f"/api/v1/budgets/{budget['id']}", budget["reference"]

    story.say(f"“{agent}” may spend 10 USD a year, and its platform tells of reports for 12 USD")
    await story.api("agent_operator").post("/api/v1/usage", {"events": [await _usage(developer, agent, path)]})
    message = await story.until(lambda: story.message(CHANNEL, f"{reference} Budget of {agent}"), "the alert")
    story.seen(f"{reference} has one message with a picture of how it burns, and buttons")
    refused = await story.api("agent_operator").post("/api/v1/decisions", _deployment(agent))
    if refused["decision"] != "deny":
        raise RuntimeError(f"the gate answered {refused['decision']}")
    story.seen(f"the gate stops the next deployment: {refused['reasons'][0]['message']}")

    story.say(f"{story.name('agent_developer')} presses Raise, and {story.name('tenant_administrator')} approves it")
    answer = await story.click("agent_developer", CHANNEL, message, "Raise")
    await story.fill("agent_developer", answer, {"to": "50", "lasts": "period", "reason": "More reports than usual."})

    async def is_asked() -> dict[str, Any] | None:
        found: dict[str, Any] | None = (await developer.get(path))["raise_asked"]
        return found

    asked = await story.until(is_asked, "the request to raise it")
    vote = {"decision": "approve", "reason": "The reports are worth it."}
    await manager.post(f"/api/v1/requests/{asked['request_id']}/votes", vote)
    await story.until(lambda: story.message(CHANNEL, "of 50.00 USD used"), "the raised limit in the message")
    story.seen(f"{reference} shows its new limit, and the gate stops nothing any more")


async def _usage(api: Api, agent: str, path: str) -> dict[str, str]:
    """Within the budget's period, whatever the product's clock says."""
    begins = datetime.fromisoformat((await api.get(path))["current"]["starts_at"]).astimezone(UTC)
    return {
        "id": f"story/{agent}",
        "meter": "compliance_reporting",
        "quantity": REPORTS,
        "agent": agent,
        "time": begins.isoformat(),
    }


def _deployment(agent: str) -> dict[str, Any]:
    return {"action": "agent.deploy", "resource": {"type": "agent", "name": agent}, "context": {}}
