"""A service with a day of samples, and what is promised of it, for the demo (S2, S7)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp

from app import demo_world as world
from app.demo_seed import Api

SERVICE: Final = "payments"
OBJECTIVES: Final = (
    # Nobody in the demo goes on sending samples: a silence is shown, and wakes nobody.
    {"name": "availability", "metric": "availability", "target": "99.9%", "incidents": False},
    {"name": "response_time", "metric": "response_time", "target": "< 800 ms", "window": "rolling 24-hour window"},
)
_BATCH: Final = 5_000
_GOLDEN: Final = 0.618033988749895
_FAILURES: Final = frozenset({(95, 0), (610, 1), (1_130, 0)})  # minutes ago, and which operation of that minute


async def seed_service_levels(status: Mapping[str, Any]) -> None:
    """The service has its promises and yesterday's operations: quick at night, slower by day, a few failures."""
    people = status["tenants"][world.TENANT]["people"]
    tokens = {person["role"]: person["token"] for person in people.values()}
    async with aiohttp.ClientSession() as session:
        manager = Api(session, status["base_url"], tokens["meta_agent_manager"])
        made = [await manager.post("/api/v1/sla/objectives", {**each, "service": SERVICE}) for each in OBJECTIVES]
        operator = Api(session, status["base_url"], tokens["agent_operator"])
        samples = _day(datetime.fromisoformat(made[0]["created_at"]))  # the product's clock, which may have been moved
        for first in range(0, len(samples), _BATCH):
            await operator.post("/api/v1/sla/samples", {"samples": samples[first : first + _BATCH]})


def _day(now: datetime) -> list[dict[str, Any]]:
    """The same believable day each time: what looks like chance is a sequence that fills an interval evenly."""
    return [_operation(now, minute, number) for minute in range(24 * 60) for number in range(_calls(now, minute))]


def _operation(now: datetime, minute: int, number: int) -> dict[str, Any]:
    at = now - timedelta(minutes=minute)
    share = ((minute * 7 + number) * _GOLDEN) % 1
    seconds = 0.12 + 0.1 * _busy(at) - 0.08 * math.log(1 - share)
    return {
        "service": SERVICE,
        "time": (at - timedelta(seconds=59 * share)).isoformat(),
        "response_time": round(seconds, 4),
        "success": (minute, number) not in _FAILURES,
    }


def _calls(now: datetime, minute: int) -> int:
    return 2 + round(3 * _busy(now - timedelta(minutes=minute)))


def _busy(at: datetime) -> float:
    """From 0 at midnight to 2 at noon."""
    return 1 - math.cos((at.hour * 60 + at.minute) / 720 * math.pi)
