"""A chapter of the story: a change goes bad once it is out, is undone by itself, and teaches the next one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from app.demo_seed import Api
from app.demo_telling import Telling

GATES: Final = ("testing", "rollback_plan", "communication")
ROW: Final = {
    "technical_lead": "meta_agent_manager",
    "tenant_admin": "tenant_administrator",
}  # as the matrix names them
LESSON: Final = "Warm the retrieval cache before the switch."
DONE_SOON_S: Final = 0.2  # of each of the platform's steps


async def play(story: Telling, agent: str) -> None:
    """The chapter, from the draft to the lesson on the next draft."""
    developer = story.api("agent_developer")
    change = await _approved(story, developer, agent)
    path, reference = f"/api/v1/changes/{change['id']}", change["reference"]

    story.say(f"The agent platform rolls {reference} out, and the new model is bad")
    await story.control("configure", {"next": "bad", "step_s": DONE_SOON_S}, system="platform")
    await developer.post(f"{path}/rollout")

    async def is_undone() -> dict[str, Any] | None:
        await story.advance("3s")
        found = await developer.get(path)
        return found if found["rollout"]["state"] == "rolled_back" else None

    try:
        found = await story.until(is_undone, "the rollback")
    finally:
        await story.control("configure", {"next": "good", "step_s": 0.5}, system="platform")
    story.seen(f"it is rolled back by itself: {' '.join(found['rollout']['reasons'])}")
    await story.until(
        lambda: story.message("approvals", "Rolled back, and everything works again"), "the message to say so"
    )
    story.seen("its message tells so, and that everything works again")

    story.say(f"{story.name('meta_agent_manager')} reviews {reference} and writes down what it teaches")
    review = {"outcome": "unsuccessful", "notes": "The cache was cold.", "lessons": LESSON, "tags": ["cache"]}
    await story.api("meta_agent_manager").post(f"{path}/review", review)
    again = {
        "title": f"Read with the new model once more: {agent}",
        "type": "agent_update",
        "resources": [f"agent:{agent}"],
    }
    drafted = await developer.post("/api/v1/changes", again)

    async def taught() -> dict[str, Any] | None:
        shown = await developer.get(f"/api/v1/changes/{drafted['id']}")
        return shown if LESSON in str(shown["suggested"]) else None

    await story.until(taught, "the lesson on the next draft")
    story.seen(f"{drafted['reference']}, the next change like it, is told: “{LESSON}”")


async def _approved(story: Telling, developer: Api, agent: str) -> dict[str, Any]:
    """The change is drafted, shown to be tested, approved by its risk's row, and may be done now."""
    story.say(f"{story.name('agent_developer')} raises a change: “{agent}” reads with a new model")
    body = {"title": f"Read with the new model: {agent}", "type": "agent_update", "resources": [f"agent:{agent}"]}
    change = await developer.post("/api/v1/changes", body)
    path = f"/api/v1/changes/{change['id']}"
    now = datetime.fromisoformat(change["created_at"])  # by the product's clock, which can be moved
    times = {"starts_at": (now - timedelta(hours=1)).isoformat(), "ends_at": (now + timedelta(hours=12)).isoformat()}
    await developer.post(f"{path}/revise", {**times, "reason": "As soon as it is approved."})
    for gate in GATES:
        await developer.post(f"{path}/evidence", {"gate": gate, "summary": "Rehearsed in staging."})
    change = await developer.post(f"{path}/submit")
    request = await developer.get(f"/api/v1/requests/{change['request_id']}")
    for stage in request["stages"]:
        vote = {"decision": "approve", "reason": "Rehearsed, and there is a way back.", "stage": stage["key"]}
        voter = story.api(ROW.get(stage["key"], stage["key"]))
        await voter.post(f"/api/v1/requests/{request['id']}/votes", vote)

    async def is_approved() -> dict[str, Any] | None:
        found = await developer.get(path)
        return found if found["state"] == "schedule" else None

    found = await story.until(is_approved, f"the approval of {change['reference']}")
    story.seen(f"{change['reference']} is of {found['risk']['level']} risk, and its row has approved it")
    return await developer.post(f"{path}/schedule", {})
