"""A chapter of the story: a service fails its customers, an incident opens by itself, and somebody sees it through."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from app.demo_telling import Telling

CHANNEL: Final = "emergency"
SAMPLES: Final = 600  # over ten minutes
EVERY_S: Final = 1.0


async def play(story: Telling, agent: str) -> None:
    """The chapter, from the first failures to the end of the incident."""
    operator = story.api("agent_operator")
    story.say(f"Every other answer of “{agent}” fails, and its platform tells how long each took")
    now = await story.advance("1s")
    samples = [
        {
            "service": agent,
            "time": (now - timedelta(seconds=number * EVERY_S)).isoformat(),
            "response_time": 0.4,
            "success": number % 2 == 0,
        }
        for number in range(SAMPLES)
    ]
    await operator.post("/api/v1/sla/samples", {"samples": samples})
    message = await story.until(lambda: story.message(CHANNEL, f": {agent}: "), "the incident")
    reference = str(message["text"]).split(" ", 1)[0]
    story.seen(f"{reference} opens by itself, says how fast its error budget burns, and pages who is on duty")

    story.say(f"{story.name('agent_operator')} takes it, finds the cause and ends it")
    await story.click("agent_operator", CHANNEL, message, "Acknowledge")
    message = await story.until(lambda: story.message(CHANNEL, f"{reference} affects"), "the message")
    answer = await story.click("agent_operator", CHANNEL, message, "Resolve")
    said = {"resolution": "The cache is warm again.", "cause": "It was started with a cold cache."}
    await story.fill("agent_operator", answer, said)

    async def is_over() -> dict[str, Any] | None:
        found = await operator.get(f"/api/v1/incidents?q={agent}")
        over = [each for each in found["items"] if each["reference"] == reference and each["resolved_at"]]
        return over[0] if over else None

    await story.until(is_over, f"the end of {reference}")
    story.seen(f"{reference} is resolved, with its timeline written by itself")
