"""Service levels: samples taken a second, durable, and a percentile of one tenant of a thousand at 10 million samples.

The yardstick of taking samples is COPY by the owner of the database, who is bound by no row-level security and adds
nothing up. That of percentiles is `percentile_cont` over the same rows by the same index, in the same rounds.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy import text

from bench.errors import WrongAnswer
from bench.installation import installation
from bench.report import Case, Goal, Round, Section, percentile
from core.access import TokenScope
from core.actor import Actor, Door, system_actor
from core.db import Database, Transaction
from core.ids import TenantId
from core.sla import Sample, Sampler, get_status, load_sla_catalogue
from core.sla.reading import response_times
from core.sla.series import instant_of, minute_of
from core.sla.windows import DAY, MINUTE, floor
from core.tenants import provision
from core.tenants.policy import TenantPolicy

COPY, ONE, EIGHT = "COPY by the owner", "1,000 a call", "1,000 a call, 8 callers"
LABELLED = "1,000 a call, 8 callers, 4 labels each"
VALUES: Final = {"agent": 30, "endpoint": 12, "region": 3, "version": 2}  # of the labels
CONT_FEW, OURS_FEW = "percentile_cont, 10,000", "ours, 10,000"
CONT_MANY, OURS_MANY = "percentile_cont, 1,000,000", "ours, 1,000,000"
STATUS_FEW, STATUS_MANY = "the whole status, 10,000", "the whole status, 1,000,000"
SERVICE: Final = "payments"
FEW, MANY = 10_000, 1_000_000
TENANTS: Final = 1_000
TAKEN: Final = 20_000  # in each round
BATCH: Final = 1_000
LOOKS_FEW, LOOKS_MANY = 20, 3  # in each round
ERROR_MAX: Final = 0.01
PROMISED: Final = load_sla_catalogue(Path(__file__).parents[1] / "config" / "sla")
_CONT: Final = text("""
    SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY response_time) FROM sla_samples
    WHERE tenant_id = :tenant AND service = :service AND at >= :since AND at < :until
""")
_FILL: Final = """
INSERT INTO sla_samples (tenant_id, service, at, response_time, success)
SELECT 'bench' || t, $1, $2::timestamptz - random() * interval '23 hours 50 minutes',
       exp(random_normal(-1.5, 1.0)), random() > 0.01
FROM generate_series($3::int, $4::int) t, generate_series(1, $5::int)
"""
_FILL_TENANTS: Final = """
INSERT INTO tenants SELECT 'bench' || n, t.name, t.policy, t.created_at, t.updated_at
FROM generate_series(1, $1) n, (SELECT * FROM tenants WHERE tenant_id = 'bench') t ON CONFLICT DO NOTHING
"""


async def run(*, rounds: int) -> list[Section]:
    """Raises WrongAnswer if a percentile is not what it must be."""
    async with installation() as (owner, database):
        return [await _taking(owner, database, rounds=rounds), await _percentiles(owner, database, rounds=rounds)]


def _actor(tenant: TenantId) -> Actor:
    return Actor(tenant, None, "bench", "Bench", Door.API, scopes=frozenset({TokenScope.DECIDE, TokenScope.READ}))


def _samples(count: int, now: datetime, chance: random.Random, *, within_s: float) -> list[Sample]:
    return [
        Sample(
            SERVICE,
            now - timedelta(seconds=chance.uniform(0, within_s)),
            chance.lognormvariate(-1.5, 1.0),
            chance.random() > 0.01,
        )
        for _ in range(count)
    ]


def _labelled(sample: Sample, chance: random.Random) -> Sample:
    return replace(sample, labels=tuple((name, f"v{chance.randrange(count)}") for name, count in VALUES.items()))


async def _taking(owner: asyncpg.Connection, database: Database, *, rounds: int) -> Section:
    measured: dict[str, list[Round]] = {COPY: [], ONE: [], EIGHT: [], LABELLED: []}
    chance, tenant = random.Random(1), TenantId("bench")
    sampler = Sampler(database)
    await sampler.take(system_actor(tenant), _samples(1, database.clock.now(), chance, within_s=1.0))  # makes the parts
    for _ in range(rounds):
        samples = _samples(TAKEN, database.clock.now(), chance, within_s=60.0)
        rows = [(tenant, each.service, each.at, each.response_time, each.success) for each in samples]
        begun = time.perf_counter()
        for first in range(0, TAKEN, BATCH):
            await owner.copy_records_to_table(
                "sla_samples",
                records=rows[first : first + BATCH],
                columns=("tenant_id", "service", "at", "response_time", "success"),
            )
        measured[COPY].append(Round(TAKEN / (time.perf_counter() - begun)))
        for name, callers in ((ONE, 1), (EIGHT, 8)):
            measured[name].append(await _taken(sampler, tenant, samples, callers))
        measured[LABELLED].append(await _taken(sampler, tenant, [_labelled(each, chance) for each in samples], 8))
    await sampler.close()
    note = (
        f"{TAKEN:,} samples of the last minute; durable, added up by minute and hour, recorded in the trail; "
        "row-level security admits no COPY, so they come as arrays"
    )
    cases = tuple(Case(name, tuple(each)) for name, each in measured.items())
    return Section("Samples taken", cases, baselines=(COPY,), notes=(note,))


async def _taken(sampler: Sampler, tenant: TenantId, samples: Sequence[Sample], callers: int) -> Round:
    batches = [samples[first : first + BATCH] for first in range(0, len(samples), BATCH)]

    async def caller(mine: Sequence[Sequence[Sample]]) -> None:
        for batch in mine:
            await sampler.take(system_actor(tenant), batch)

    begun = time.perf_counter()
    await asyncio.gather(*(caller(batches[number::callers]) for number in range(callers)))
    return Round(len(samples) / (time.perf_counter() - begun))


async def _percentiles(owner: asyncpg.Connection, database: Database, *, rounds: int) -> Section:
    few, many = TenantId("few"), TenantId("many")
    now = floor(database.clock.now(), MINUTE)
    total = await _fill(owner, database, now, {few: FEW, many: MANY})
    looks: dict[str, tuple[int, Callable[[], Awaitable[float]]]] = {
        CONT_FEW: (LOOKS_FEW, lambda: _counted(database, few)),
        OURS_FEW: (LOOKS_FEW, lambda: _ours(database, few)),
        CONT_MANY: (LOOKS_MANY, lambda: _counted(database, many)),
        OURS_MANY: (LOOKS_MANY * 10, lambda: _ours(database, many)),
        STATUS_FEW: (LOOKS_FEW, lambda: _status(database, few)),
        STATUS_MANY: (LOOKS_MANY * 10, lambda: _status(database, many)),
    }
    for _times, looked in looks.values():
        await looked()  # everybody's pages are read once
    measured: dict[str, list[Round]] = {name: [] for name in looks}
    worst = 0.0
    for _ in range(rounds):
        found: dict[str, float] = {}
        for name, (times, looked) in looks.items():
            took: list[float] = []
            for _look in range(times):
                begun = time.perf_counter()
                found[name] = await looked()
                took.append(time.perf_counter() - begun)
            measured[name].append(Round(times / sum(took), percentile(took, 0.5), percentile(took, 0.99)))
        if not found[OURS_FEW] == found[STATUS_FEW] == found[CONT_FEW]:
            raise WrongAnswer(f"{found[OURS_FEW]} or {found[STATUS_FEW]} is not exactly {found[CONT_FEW]}")
        worst = max(worst, abs(found[OURS_MANY] - found[CONT_MANY]) / found[CONT_MANY])
        if worst > ERROR_MAX:
            raise WrongAnswer(f"{found[OURS_MANY]} is {worst:.2%} away from {found[CONT_MANY]}")
    goal = Goal("the percentile of a million samples, 20 times as fast as percentile_cont", OURS_MANY, (CONT_MANY,), 20)
    notes = (
        f"{total:,} samples of {TENANTS + 2:,} tenants in one table; lognormal times; p95 over 24 hours",
        f"of 10,000: exactly percentile_cont's; of a million: at most {worst:.3%} away",
    )
    cases = tuple(Case(name, tuple(each)) for name, each in measured.items())
    return Section(
        "The 95th percentile of one tenant", cases, baselines=(CONT_FEW, CONT_MANY), goals=(goal,), notes=notes
    )


async def _fill(owner: asyncpg.Connection, database: Database, now: datetime, measured: dict[TenantId, int]) -> int:
    """The samples are there: those that are measured by the product's own way, the others' by SQL."""
    sampler, chance = Sampler(database), random.Random(2)
    for tenant, count in measured.items():
        await provision(database, TenantPolicy(tenant_id=tenant), name=tenant.title())
        for _ in range(0, count, FEW):
            await sampler.take(system_actor(tenant), _samples(FEW, now, chance, within_s=DAY.total_seconds() - 600))
    await sampler.close()
    await owner.execute(_FILL_TENANTS, TENANTS)
    await owner.execute("SET session_replication_role = replica")  # each row's tenant is known to exist
    for first in range(1, TENANTS + 1, 50):
        await owner.execute(_FILL, SERVICE, now, first, first + 49, FEW - MANY // TENANTS, timeout=600)
    await owner.execute("SET session_replication_role = origin")
    await owner.execute("VACUUM ANALYZE sla_samples", timeout=600)
    await owner.execute("VACUUM ANALYZE sla_slices")
    return int(await owner.fetchval("SELECT count(*) FROM sla_samples", timeout=600))


async def _counted(database: Database, tenant: TenantId) -> float:
    async with database.tenant(tenant) as tx:
        since, until = _day(tx)
        parameters = {"tenant": tenant, "service": SERVICE, "since": instant_of(since), "until": instant_of(until)}
        found = (await tx.connection.execute(_CONT, parameters)).scalar_one()
        return float(found[1])


async def _ours(database: Database, tenant: TenantId) -> float:
    async with database.tenant(tenant) as tx:
        since, until = _day(tx)
        found = await response_times(tx, SERVICE, since=since, until=until)
        return found.values[1] or 0.0


async def _status(database: Database, tenant: TenantId) -> float:
    found = await get_status(database, PROMISED, _actor(tenant), SERVICE)
    return found.response_time_p95 or 0.0


def _day(tx: Transaction) -> tuple[int, int]:
    now = minute_of(tx.now)
    return now - int(DAY / MINUTE), now + 1
