"""Sixty days of believable usage of three agents of two projects, told through the product's own writer."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest_asyncio

from core.costs import Usage, UsageWriter, load_rate_catalogue
from tests.factories import START

RATES: Final = Path(__file__).parents[1] / "config" / "costs"
TODAY: Final = START.date()  # 2 March 2026, a Monday
DAYS: Final = 60
WEEK: Final = (1.0, 1.0, 1.0, 1.0, 1.0, 0.3, 0.3)
AGENTS: Final = {"invoice-reader": "billing", "dunning": "billing", "claims-triage": "claims"}


def usage(*, days: int = DAYS, seed: int = 11) -> list[Usage]:
    """What the agents used, up to yesterday. claims-triage has only been monitored for three weeks."""
    chance = random.Random(seed)
    found = []
    for number in range(days):
        at = START - timedelta(days=days - number)
        for agent, project in AGENTS.items():
            about = {"project": project, "agent": agent}
            found.append(_used(f"m-{agent}-{number}", "agent_monitoring", "1", at, **about))
            if agent == "claims-triage" and number >= days - 21:
                continue
            hours = Decimal(str(round(40 * WEEK[at.weekday()] * chance.uniform(0.9, 1.1), 3)))
            found.append(_used(f"c-{agent}-{number}", "cpu_hours", hours, at, **about))
            found.append(_used(f"l-{agent}-{number}", "audit_logging", str(chance.randint(50, 90)), at, **about))
    return found


def _used(id_: str, meter: str, quantity: str | Decimal, at, *, project: str, agent: str) -> Usage:
    return Usage(id=id_, meter=meter, quantity=Decimal(quantity), at=at, project=project, agent=agent)


def day(number: int) -> date:
    """So many days before today."""
    return TODAY - timedelta(days=number)


@pytest_asyncio.fixture
async def books(company):
    """The company with that usage in its ledger; its rates."""
    rates = load_rate_catalogue(RATES)
    writer = UsageWriter(company.database, rates)
    await writer.record(company.actor("meta_agent_manager"), usage())
    await writer.close()
    return rates


def sleepless(agent: str, now: datetime) -> list[dict[str, str]]:
    """An agent that computes day and night for four weeks, and does something at noon alone; as the API takes it."""
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    events = []
    for number in range(1, 28):
        day = noon - timedelta(days=number)
        about = {"agent": agent, "project": "sleepless"}
        for hour in range(24):
            at = (day.replace(hour=hour)).isoformat()
            key = f"sleepless/{agent}/{day:%Y-%m-%d}/{hour}"
            events.append({"id": key, "meter": "cpu_hours", "quantity": "5", "time": at, **about})
        for deed in range(2):
            key = f"sleepless/{agent}/{day:%Y-%m-%d}/deed{deed}"
            events.append({"id": key, "meter": "security_scanning", "quantity": "1", "time": day.isoformat(), **about})
    return events
