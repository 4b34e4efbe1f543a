"""How long the cost dashboard's question takes over many millions of events, and what its sums save.

The ledger and its sums are filled by SQL (generate_series), as `core/costs` keeps them: a line for each event, and one
sum for each day, project, agent and meter. What is timed is the product's own use case (`cost_breakdown`), over a pool,
with row-level security; beside it, in turns, the same figures straight from the ledger. Medians of the rounds.

    python -m bench.dashboard --events 10000000
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text

from core.actor import Actor, Door
from core.clock import SystemClock
from core.costs import CostFilter, lines_by_day
from core.db import Database
from core.db.embedded import EmbeddedPostgres
from core.db.migrate import derived_app_url, migrate
from core.finance import ALL, Narrowed, cost_breakdown, cost_forecast
from core.ids import TenantId
from core.tenants import TenantPolicy, provision

DAYS = 400
PROJECTS, AGENTS, METERS = 20, 200, 6  # an agent belongs to one project
ROUNDS = 7
FILL = """
    INSERT INTO usage_ledger (tenant_id, at, line_id, usage_id, is_reversal, project, agent, meter, meter_class,
        quantity, amount, currency, priced_amount, priced_currency, recorded_at)
    SELECT 'bench', CAST(:day AS date) + (n % 86400) * interval '1 second', gen_random_uuid(), :day || '/' || n, false,
        'project-' || (n % :agents) % :projects, 'agent-' || n % :agents, 'meter_' || (n / :agents) % :meters,
        'compute_costs', 1 + n % 7, (1 + n % 7) * 0.013, 'USD', (1 + n % 7) * 0.013, 'USD', now()
    FROM generate_series(1, :events) n"""
SUM_UP = """
    INSERT INTO cost_rollups (tenant_id, day, project, agent, meter, meter_class, currency, quantity, amount, events)
    SELECT tenant_id, (at AT TIME ZONE 'UTC')::date, project, agent, meter, meter_class, currency, sum(quantity),
        sum(amount), count(*)
    FROM usage_ledger WHERE tenant_id = 'bench' AND at >= CAST(:day AS date) AND at < CAST(:day AS date) + 1
    GROUP BY 1, 2, 3, 4, 5, 6, 7"""


async def fill(database: Database, tenant: TenantId, events: int) -> int:
    """So many events over the days stand in the ledger, and their sums; how many sums there are."""
    each = events // DAYS
    today = database.clock.now().date()
    months = {(today - timedelta(days=number)).replace(day=1) for number in range(DAYS + 1)}
    async with database.tenant(tenant) as tx:
        for month in sorted(months):
            await tx.connection.execute(text("SELECT countersign_usage_part(:month)"), {"month": month})
    counts = {"events": each, "projects": PROJECTS, "agents": AGENTS, "meters": METERS}
    place = asyncio.Semaphore(os.cpu_count() or 1)

    async def fill_day(number: int) -> None:
        day = (today - timedelta(days=number)).isoformat()
        async with place, database.tenant(tenant) as tx:
            await tx.connection.execute(text("SET LOCAL statement_timeout = 0"))
            await tx.connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            await tx.connection.execute(text(FILL.replace(":day", f"'{day}'")), counts)
            await tx.connection.execute(text(SUM_UP.replace(":day", f"'{day}'")))

    await asyncio.gather(*map(fill_day, range(DAYS)))
    async with database.tenant(tenant) as tx:
        return int((await tx.connection.execute(text("SELECT count(*) FROM cost_rollups"))).scalar_one())


async def timed(work: Callable[[], Awaitable[Any]]) -> float:
    """How long it took, in milliseconds."""
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


async def measure(database: Database, tenant: TenantId) -> None:
    """The dashboard's questions in turns, and the same from the ledger."""
    actor = Actor(tenant=tenant, user=None, email="bench", name="Bench", door=Door.SYSTEM)
    until = database.clock.now().date() + timedelta(days=1)
    since = until - timedelta(days=30)

    async def from_ledger() -> Sequence[Any]:
        async with database.tenant(tenant) as tx:
            await tx.connection.execute(text("SET LOCAL statement_timeout = 0"))
            return await lines_by_day(tx, CostFilter(since=since, until=until), currency="USD")

    cases: dict[str, Callable[[], Awaitable[Any]]] = {
        "dashboard, 30 days, by project": lambda: cost_breakdown(database, actor, ALL, since=since, until=until),
        "one project, by agent": lambda: cost_breakdown(
            database, actor, Narrowed("project-3"), since=since, until=until
        ),
        "one agent, by meter": lambda: cost_breakdown(
            database, actor, Narrowed("project-3", "agent-3"), since=since, until=until
        ),
        "dashboard, 365 days": lambda: cost_breakdown(
            database, actor, ALL, since=until - timedelta(days=365), until=until
        ),
        "forecast, 400 days of history": lambda: cost_forecast(database, actor, ALL),
        "30 days straight from the ledger": from_ledger,
    }
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, work in cases.items():
            found[name].append(await timed(work))
    for name, times in found.items():
        print(f"  {name:36} {statistics.median(times):9.1f} ms  [{min(times):.1f} .. {max(times):.1f}]")
    found_total = await cost_breakdown(database, actor, ALL, since=since, until=until)
    total, exact = found_total.total, await from_ledger()
    assert total == sum(row.amount for row in exact), "the sums are not the ledger's"
    print(f"  both say {total:,} USD for these thirty days")


async def main(events: int) -> None:
    """Fills and measures."""
    with TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder), fast=True) as server:
        url = server.address().owner_url
        await migrate(url, derived_app_url(url))
        database = Database(derived_app_url(url), clock=SystemClock())
        tenant = await provision(database, TenantPolicy(tenant_id="bench"))
        began = time.perf_counter()
        sums = await fill(database, tenant, events)
        async with database.tenant(tenant) as tx:
            await tx.connection.execute(text("SELECT 1"))
        print(f"{events:,} events in {sums:,} sums; filled in {time.perf_counter() - began:.0f} s")
        await measure(database, tenant)
        await database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    asyncio.run(main(parser.parse_args().events))
