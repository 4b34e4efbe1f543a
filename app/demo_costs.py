"""What the demo's agents have used in the last six weeks: believable, the same at every start, told in one call."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp

from app import demo_world as world

DAYS: Final = 42
SATURDAY: Final = 5  # as datetime counts weekdays


@dataclass(frozen=True, slots=True)
class _Worker:
    """An agent that works: how many processor hours on a usual day, by how much more each week, and at weekends."""

    agent: str
    project: str
    cpu_hours: float
    weekly_growth: float = 0.0
    weekend: float = 0.25
    memory: float = 4.0  # GB for each processor hour
    storage_gb: float = 40.0


WORKERS: Final = (
    _Worker("invoice-matcher", "accounts-payable", 5, weekly_growth=0.04),
    _Worker("expense-auditor", "accounts-payable", 38),
    _Worker("support-triage", "customer-support", 124, weekly_growth=0.09, weekend=0.8),
    _Worker("support-replies", "customer-support", 96, weekly_growth=0.06, weekend=0.7, memory=8),
    _Worker("clause-finder", "legal-operations", 24, memory=12, storage_gb=220),
    _Worker("stock-forecaster", "supply-chain", 60, weekend=1, memory=6, storage_gb=400),
    _Worker("faq-writer", "customer-support", 0.4, storage_gb=15),  # nobody uses it any more
)


def usage_events(now: datetime) -> Iterator[dict[str, str]]:
    """Usage of the days that are over, as the API takes it."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(DAYS):
        day = today - timedelta(days=DAYS - number)
        for place, worker in enumerate(WORKERS):
            hours = _hours(worker, number, place, weekday=day.weekday())
            yield _event(worker, day, "cpu_hours", hours)
            yield _event(worker, day, "memory_gb_hours", hours * worker.memory)
            yield _event(worker, day, "storage_gb_months", worker.storage_gb / 30)
            yield _event(worker, day, "agent_monitoring", 1)
            if day.weekday() == 0:
                yield _event(worker, day, "security_scanning", 1)


async def seed_weeks(status: Mapping[str, Any], *, now: datetime) -> None:
    """All of it stands in the demo tenant's ledger; telling it again changes nothing."""
    people = status["tenants"][world.TENANT]["people"]
    token = next(person["token"] for person in people.values() if person["role"] == "agent_operator")
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{status['base_url']}/api/v1/usage",
            json={"events": list(usage_events(now))},
            headers={"Authorization": f"Bearer {token}"},
        ) as answer,
    ):
        if answer.status >= 400:
            raise RuntimeError(f"usage was refused: {await answer.text()}")


def _hours(worker: _Worker, number: int, place: int, *, weekday: int) -> float:
    growth = math.pow(1 + worker.weekly_growth, number / 7)
    week = worker.weekend if weekday >= SATURDAY else 1.0
    wobble = 1 + 0.07 * math.sin(2.3 * number + 1.7 * place) + 0.04 * math.sin(0.9 * number * (place + 1))
    return worker.cpu_hours * growth * week * wobble


def _event(worker: _Worker, day: datetime, meter: str, quantity: float) -> dict[str, str]:
    return {
        "id": f"demo/{day:%Y-%m-%d}/{worker.agent}/{meter}",
        "meter": meter,
        "quantity": f"{quantity:.3f}",
        "project": worker.project,
        "agent": worker.agent,
        "time": f"{day + timedelta(hours=12):%Y-%m-%dT%H:%M:%SZ}",
    }
