"""Deadlines claimed per second and the process's memory: with a few pending ones, and with a million."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import asyncpg

from bench.report import Case, Goal, Round, Section
from core.clock import SystemClock
from core.db import Database
from core.db.embedded import EmbeddedPostgres
from core.db.migrate import derived_app_url, migrate
from core.db.transaction import Transaction
from core.deadlines import DeadlineRunner
from core.deadlines.runner import Due
from core.tenants import provision
from core.tenants.policy import TenantPolicy

FEW, MANY = "a thousand pending", "a million pending"
PENDING: Final = {FEW: 1_000, MANY: 1_000_000}
DUE: Final = 200  # in each round
_FILL: Final = """
INSERT INTO deadlines (tenant_id, subject_id, kind, part, due_at)
SELECT 'bench', gen_random_uuid(), 'bench', '', now() + interval '1 day' + n * interval '1 second'
FROM generate_series(1, $1) n
"""
_DUE: Final = """
INSERT INTO deadlines (tenant_id, subject_id, kind, part, due_at)
SELECT 'bench', gen_random_uuid(), 'bench', '', now() - n * interval '1 millisecond' FROM generate_series(1, $1) n
"""


async def run(*, rounds: int) -> Section:
    """Each due deadline is locked, handled and removed in a transaction of its own, as in service."""
    cases, grown = [], []
    async with _installation() as (owner, database):
        runner = DeadlineRunner(database, {"bench": _nothing})
        for name, pending in PENDING.items():
            await owner.execute("DELETE FROM deadlines")
            await owner.execute(_FILL, pending)
            await owner.execute("ANALYZE deadlines")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            cases.append(Case(name, tuple([await _round(owner, runner) for _ in range(rounds)])))
            grown.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    notes = tuple(f"{case.name}: memory grew by {kib} KiB" for case, kib in zip(cases, grown, strict=True))
    flat = Goal("claiming stays flat", MANY, (FEW,), 0.7)
    return Section("Deadlines that fall due", tuple(cases), baselines=(FEW,), goals=(flat,), notes=notes)


async def _round(owner: asyncpg.Connection, runner: DeadlineRunner) -> Round:
    await owner.execute(_DUE, DUE)
    begun = time.perf_counter()
    handled = await runner.run_due()
    return Round(handled / (time.perf_counter() - begun))


async def _nothing(tx: Transaction, due: Due) -> None:
    del tx, due


@contextlib.asynccontextmanager
async def _installation() -> AsyncIterator[tuple[asyncpg.Connection, Database]]:
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="countersign-bench-"))
    server = EmbeddedPostgres(folder / "postgresql")
    try:
        url = (await asyncio.to_thread(server.start)).owner_url
        await migrate(url, derived_app_url(url))
        database = Database(derived_app_url(url), clock=SystemClock())
        await provision(database, TenantPolicy(tenant_id="bench"), name="Bench")
        owner = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
        try:
            yield owner, database
        finally:
            await owner.close()
            await database.close()
    finally:
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
