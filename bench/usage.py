"""Usage: events a second that are priced, summed up and durable, against raw COPY of the same rows.

The yardstick is the fastest way in that PostgreSQL has: COPY of rows that are ready, in one transaction, into a table
with the ledger's columns and key; nothing is read, checked, priced or summed up, and told twice it stands there twice.
Usage is told by several callers at once in calls of a thousand, as a platform that meters would.
"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import asyncpg

from bench.errors import WrongAnswer
from bench.installation import installation
from bench.report import Case, Goal, Round, Section
from config.settings import SHIPPED
from core.actor import Actor, Door
from core.budgets import Proposal, count_charges, create, load_budget_catalogue
from core.costs import RateCatalogue, Usage, UsageWriter, load_rate_catalogue
from core.db import Database
from core.ids import TenantId, uuid7
from core.money import Money

COPY, TOLD, COUNTED = "raw COPY", "usage", "usage, counted by 20 budgets"
EVENTS: Final = 20_000  # in each round
CALL: Final = 1_000  # events in one call
PROJECTS, AGENTS = 20, 200
TENANT: Final = TenantId("bench")
COLUMNS: Final = [
    *("tenant_id", "at", "line_id", "usage_id", "is_reversal", "project", "agent", "meter", "meter_class"),
    *("quantity", "amount", "currency", "priced_amount", "priced_currency", "recorded_at"),
]
_ACTOR: Final = Actor(tenant=TENANT, user=None, email="bench", name="Bench", door=Door.SYSTEM)
_METERS: Final = ("cpu_hours", "memory_gb_hours", "storage_gb_months", "audit_logging")
_PREPARE: Final = (
    "CREATE TABLE plain_ledger (LIKE usage_ledger INCLUDING DEFAULTS, PRIMARY KEY (tenant_id, at, line_id))"
)


async def run(*, rounds: int) -> Section:
    """Raises WrongAnswer if the ledger is not what was told, or its sums are not the ledger's."""
    rates = load_rate_catalogue(SHIPPED / "costs")
    chance = random.Random(1)
    measured: dict[str, list[Round]] = {COPY: [], TOLD: [], COUNTED: []}
    async with installation() as (owner, database):
        await owner.execute(_PREPARE)
        writer, counted = UsageWriter(database, rates), UsageWriter(database, rates, [count_charges])
        for number in range(PROJECTS):
            await _budget(database, f"project-{number}")
        plain = await asyncpg.connect(database.url.replace("+asyncpg", ""))
        await owner.execute("GRANT ALL ON plain_ledger TO PUBLIC")
        try:
            await _tell(writer, _events(chance, CALL, "warm"))
            for number in range(rounds):
                events, others = _events(chance, EVENTS, str(number)), _events(chance, EVENTS, f"c{number}")
                rows = _rows(rates, events)
                gc.collect()  # else the first case would pay for looking at what was made for all
                measured[COPY].append(await _copied(plain, rows))
                measured[TOLD].append(await _told(writer, events))
                measured[COUNTED].append(await _told(counted, others))
            await _check(owner, CALL + 2 * rounds * EVENTS)
        finally:
            await plain.close()
            await writer.close()
            await counted.close()
    return Section(
        "Usage, durable, priced and summed up",
        tuple(Case(name, tuple(each)) for name, each in measured.items()),
        baselines=(COPY,),
        goals=(Goal("usage, counted by budgets, at least 0.6 times raw COPY of the same rows", COUNTED, (COPY,), 0.6),),
        notes=(f"{EVENTS:,} events in calls of {CALL:,} at once; {PROJECTS} projects, {AGENTS} agents, a day.",),
    )


def _events(chance: random.Random, count: int, name: str) -> list[Usage]:
    now = datetime.now(UTC)
    agents = [chance.randrange(AGENTS) for _ in range(count)]
    return [
        Usage(
            f"{name}-{number:08}",
            chance.choice(_METERS),
            Decimal(chance.randint(1, 10**6)).scaleb(-4),
            now - timedelta(seconds=chance.randint(0, 86_400)),
            project=f"project-{agent % PROJECTS}",
            agent=f"agent-{agent}",
        )
        for number, agent in enumerate(agents)
    ]


def _rows(rates: RateCatalogue, events: Sequence[Usage]) -> list[tuple[Any, ...]]:
    card, now = rates.for_tenant(TENANT), datetime.now(UTC)
    return [
        (
            TENANT,
            each.at,
            uuid7(),
            each.id,
            False,
            each.project,
            each.agent,
            each.meter,
            card.meter(each.meter).meter_class,
            each.quantity,
            amount := each.quantity * card.price(each.meter, each.at).tiers[0].unit_price,
            "USD",
            amount,
            "USD",
            now,
        )
        for each in events
    ]


async def _copied(connection: asyncpg.Connection, rows: list[tuple[Any, ...]]) -> Round:
    begun = time.perf_counter()
    await connection.copy_records_to_table("plain_ledger", records=rows, columns=COLUMNS)
    return Round(len(rows) / (time.perf_counter() - begun))


async def _told(writer: UsageWriter, events: Sequence[Usage]) -> Round:
    begun = time.perf_counter()
    await _tell(writer, events)
    return Round(len(events) / (time.perf_counter() - begun))


async def _budget(database: Database, project: str) -> None:
    said = Proposal(
        amount=Money(Decimal(10**12), "USD"), period="year", project=project, thresholds=(), forecast=False, controls=()
    )
    await create(database, load_budget_catalogue(SHIPPED / "budgets"), _ACTOR, said)


async def _tell(writer: UsageWriter, events: Sequence[Usage]) -> None:
    calls = [events[first : first + CALL] for first in range(0, len(events), CALL)]
    answers = await asyncio.gather(*(writer.record(_ACTOR, call) for call in calls))
    if sum(each.accepted for each in answers) != len(events):
        raise WrongAnswer(f"of {len(events)} events {sum(each.accepted for each in answers)} were new")


async def _check(owner: asyncpg.Connection, events: int) -> None:
    ledger = await owner.fetchrow("SELECT count(*), sum(quantity), sum(amount) FROM usage_ledger")
    sums = await owner.fetchrow("SELECT sum(events), sum(quantity), sum(amount) FROM cost_rollups")
    if ledger["count"] != events or tuple(ledger) != tuple(sums):
        raise WrongAnswer(f"{events} events are {tuple(ledger)} in the ledger and {tuple(sums)} in its sums")
