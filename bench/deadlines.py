"""Deadlines claimed per second and the process's memory: with a few pending ones, and with a million."""

from __future__ import annotations

import resource
import time
from typing import Final

import asyncpg

from bench.installation import installation
from bench.report import Case, Goal, Round, Section
from core.db.transaction import Transaction
from core.deadlines import DeadlineRunner
from core.deadlines.runner import Due

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
    async with installation() as (owner, database):
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
