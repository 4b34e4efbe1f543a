"""The outbox: events a second against plain claims, how far behind it falls in a burst, and what a dead system costs.

The yardstick is the least that a queue in PostgreSQL can do: a table of jobs, claimed with FOR UPDATE SKIP LOCKED and
marked as done, no order kept, nobody limited, nothing routed. Each event of the outbox is routed to its destinations,
claimed with its line's order and its destination's places in mind, handed to a subscriber, and marked as done.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from bench.errors import WrongAnswer
from bench.installation import installation
from bench.report import Case, Round, Section, percentile, ratio
from core.db import Database
from core.db.listen import Listener
from core.ids import TenantId, uuid7
from core.outbox import Dispatcher, Event, Subscription
from core.tenants import provision
from core.tenants.policy import TenantPolicy

TYPE: Final = "bench.happened"
PLAIN, SINGLY, OUTBOX = "plain claims", "plain claims, done one by one", "the outbox"
CALM, BURST = "calm", "burst of 10 times"
ALL_WELL, ONE_DEAD = "four well", "one of four dead"
TENANTS: Final = 32
EVENTS: Final = 1_000  # in each round
CLAIMED: Final = 32  # at once, as the dispatcher does
WORKERS: Final = 2  # that claim for the yardstick at the same time
PACE: Final = 20.0  # events a second when it is calm
SPAN_S: Final = 2.0  # of calm, of a burst, and of each side of the dead
TAKES_S: Final = 0.01  # an attempt with one of the four; as long until the dead one fails
SETTLES_WITHIN_S: Final = 120.0
_EMIT: Final = """
INSERT INTO outbox_events (tenant_id, event_id, subject, type, data, occurred_at)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[])
"""
_LATENCIES: Final = """
SELECT extract(epoch FROM d.finished_at - o.occurred_at)::float AS lag
FROM deliveries d JOIN outbox_events o USING (tenant_id, event_id)
WHERE d.state = 'done' AND d.event_id >= $1 AND d.subscriber <> 'dead'
"""
_CLAIM: Final = """
UPDATE plain_queue SET leased = true WHERE id IN (
    SELECT id FROM plain_queue WHERE NOT leased AND NOT done ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id, data
"""
_PREPARE: Final = """
CREATE TABLE plain_queue (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, data jsonb NOT NULL,
                          leased boolean NOT NULL DEFAULT false, done boolean NOT NULL DEFAULT false);
CREATE INDEX ON plain_queue (id) WHERE NOT leased AND NOT done
"""


async def run(*, rounds: int) -> list[Section]:
    """Raises WrongAnswer if an event was not delivered, or twice."""
    # The dead destination is meant to be dead: what is said about it would be measured.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    async with installation() as (owner, database):
        tenants = [TenantId(f"bench{number}") for number in range(TENANTS)]
        for tenant in tenants:
            await provision(database, TenantPolicy(tenant_id=tenant), name=tenant.title())
        await owner.execute(_PREPARE)
        pool = await asyncpg.create_pool(database.url.replace("+asyncpg", ""), min_size=CLAIMED, max_size=CLAIMED)
        await owner.execute("GRANT ALL ON plain_queue TO PUBLIC")
        try:
            throughput = await _throughput(owner, database, pool, tenants, rounds=rounds)
        finally:
            await pool.close()
        return [
            throughput,
            await _bursts(owner, database, tenants, rounds=rounds),
            await _dead_destination(owner, database, tenants, rounds=rounds),
        ]


async def _throughput(
    owner: asyncpg.Connection, database: Database, pool: asyncpg.Pool, tenants: Sequence[TenantId], *, rounds: int
) -> Section:
    measured: dict[str, list[Round]] = {PLAIN: [], SINGLY: [], OUTBOX: []}
    for _ in range(rounds):
        await owner.execute("TRUNCATE plain_queue; TRUNCATE outbox_events, deliveries")
        measured[PLAIN].append(await _plain(owner, pool, one_by_one=False))
        measured[SINGLY].append(await _plain(owner, pool, one_by_one=True))
        measured[OUTBOX].append(await _through_the_outbox(owner, database, tenants))
    note = f"{EVENTS:,} events of {TENANTS} tenants, {CLAIMED} claimed at once; what is done is durable."
    cases = tuple(Case(name, tuple(each)) for name, each in measured.items())
    return Section("Events through the outbox", cases, baselines=(PLAIN, SINGLY), notes=(note,))


async def _plain(owner: asyncpg.Connection, pool: asyncpg.Pool, *, one_by_one: bool) -> Round:
    await owner.execute(
        "INSERT INTO plain_queue (data) SELECT jsonb_build_object('n', n) FROM generate_series(1, $1) n", EVENTS
    )
    begun = time.perf_counter()

    async def finish(id_: int) -> None:
        await pool.execute("UPDATE plain_queue SET done = true WHERE id = $1", id_)

    async def worker() -> None:
        while rows := await pool.fetch(_CLAIM, CLAIMED):
            if one_by_one:
                await asyncio.gather(*(finish(row["id"]) for row in rows))
            else:
                await pool.execute("UPDATE plain_queue SET done = true WHERE id = ANY($1)", [row["id"] for row in rows])

    await asyncio.gather(*(worker() for _ in range(WORKERS)))
    spent_s = time.perf_counter() - begun
    if await owner.fetchval("SELECT count(*) FROM plain_queue WHERE NOT done"):
        raise WrongAnswer("the yardstick left jobs undone")
    await owner.execute("TRUNCATE plain_queue")
    return Round(EVENTS / spent_s)


async def _through_the_outbox(owner: asyncpg.Connection, database: Database, tenants: Sequence[TenantId]) -> Round:
    got: list[UUID] = []

    async def take(event: Event) -> None:
        got.append(event.id)

    await _emit(owner, database, _lines(tenants), EVENTS)
    begun = time.perf_counter()
    async with _dispatching(database, [Subscription("listener", frozenset({TYPE}), take)]):
        await _settled(owner)
        spent_s = time.perf_counter() - begun
    if len(got) != EVENTS or len(set(got)) != EVENTS:
        raise WrongAnswer(f"of {EVENTS} events {len(set(got))} were delivered, in {len(got)} deliveries")
    return Round(EVENTS / spent_s)


async def _bursts(
    owner: asyncpg.Connection, database: Database, tenants: Sequence[TenantId], *, rounds: int
) -> Section:
    measured: dict[str, list[Round]] = {CALM: [], BURST: []}
    tails: dict[str, list[float]] = {CALM: [], BURST: []}
    drained: list[float] = []
    async with _dispatching(database, [Subscription("listener", frozenset({TYPE}), _takes_a_moment)]):
        for _ in range(rounds):
            for name, pace in ((CALM, PACE), (BURST, PACE * 10)):
                lags, rest_s, spent_s = await _paced(owner, database, tenants, pace=pace)
                measured[name].append(
                    Round(len(lags) / (spent_s + rest_s), percentile(lags, 0.5), percentile(lags, 0.99))
                )
                tails[name].append(percentile(lags, 0.95))
                if name == BURST:
                    drained.append(rest_s)
    notes = (
        f"{PACE:g} and {PACE * 10:g} events a second for {SPAN_S:g} s; an attempt takes {TAKES_S * 1000:g} ms.",
        f"p95 of the burst: {ratio(tails[BURST], tails[CALM])} times the calm one's",
        f"after the burst, all was delivered within {max(drained):.2f} s",
    )
    cases = tuple(Case(name, tuple(each)) for name, each in measured.items())
    return Section("How far behind: from what happened to its delivery", cases, baselines=(CALM,), notes=notes)


async def _dead_destination(
    owner: asyncpg.Connection, database: Database, tenants: Sequence[TenantId], *, rounds: int
) -> Section:
    async def fails(event: Event) -> None:
        await _takes_a_moment(event)
        raise ConnectionError("nobody there")

    others = [Subscription(f"system{number}", frozenset({TYPE}), _takes_a_moment) for number in range(3)]
    well = Subscription("fourth", frozenset({TYPE}), _takes_a_moment)
    dead = Subscription("dead", frozenset({TYPE}), fails)
    measured: dict[str, list[Round]] = {ALL_WELL: [], ONE_DEAD: []}
    tails: dict[str, list[float]] = {ALL_WELL: [], ONE_DEAD: []}
    every: dict[str, list[float]] = {ALL_WELL: [], ONE_DEAD: []}
    sides = [(ALL_WELL, well), (ONE_DEAD, dead)]
    for _ in range(rounds):
        sides.reverse()  # neither always comes first
        for name, fourth in sides:
            async with _dispatching(database, [*others, fourth]):
                lags, rest_s, spent_s = await _paced(owner, database, tenants, pace=PACE, but="dead")
            await owner.execute("DELETE FROM deliveries WHERE subscriber IN ('dead', 'fourth')")
            await owner.execute("DELETE FROM destinations")
            measured[name].append(Round(len(lags) / (spent_s + rest_s), percentile(lags, 0.5), percentile(lags, 0.99)))
            tails[name].append(percentile(lags, 0.95))
            every[name] += lags
    over_all = percentile(every[ONE_DEAD], 0.95) / percentile(every[ALL_WELL], 0.95)
    note = (
        f"p95 of the others with one dead: {ratio(tails[ONE_DEAD], tails[ALL_WELL])} times theirs with all well, "
        f"{over_all:.2f} times over all rounds together"
    )
    cases = tuple(Case(name, tuple(each)) for name, each in measured.items())
    return Section("One dead destination among four", cases, baselines=(ALL_WELL,), notes=(note,))


async def _takes_a_moment(event: Event) -> None:
    del event
    await asyncio.sleep(TAKES_S)


async def _paced(
    owner: asyncpg.Connection, database: Database, tenants: Sequence[TenantId], *, pace: float, but: str = ""
) -> tuple[list[float], float, float]:
    """How long each delivery took, how long the rest took after the last event, and how long the events took."""
    lines, since = _lines(tenants), uuid7()
    begun = time.perf_counter()
    emitted, wanted = 0, int(pace * SPAN_S)
    while emitted < wanted:
        await asyncio.sleep(max(0.0, begun + emitted / pace - time.perf_counter()))
        due = min(wanted, int((time.perf_counter() - begun) * pace) + 1) - emitted
        await _emit(owner, database, lines, due)  # together, what came due while the former were committed
        emitted += due
    ended = time.perf_counter()
    await _settled(owner, but=but)
    rest_s = time.perf_counter() - ended
    return [float(row["lag"]) for row in await owner.fetch(_LATENCIES, since)], rest_s, ended - begun


def _lines(tenants: Sequence[TenantId]) -> Iterator[tuple[TenantId, str]]:
    """Tenants in turn, each event of another subject."""
    return ((tenant, f"request:{uuid7()}") for tenant in itertools.cycle(tenants))


async def _emit(
    owner: asyncpg.Connection, database: Database, lines: Iterator[tuple[TenantId, str]], count: int
) -> None:
    """What happened is committed, and dispatchers are told, as the use cases do it."""
    chosen = list(itertools.islice(lines, count))
    now = database.clock.now()
    await owner.execute(
        _EMIT,
        [tenant for tenant, _subject in chosen],
        [uuid7() for _ in chosen],
        [subject for _tenant, subject in chosen],
        [TYPE] * count,
        ["{}"] * count,
        [now] * count,
    )


@contextlib.asynccontextmanager
async def _dispatching(database: Database, subscriptions: Sequence[Subscription]) -> AsyncIterator[None]:
    dispatcher = Dispatcher(database, subscriptions)
    listener = Listener(database.url)
    listener.on("countersign_outbox", dispatcher.wake)
    listener.start()
    dispatcher.start()
    try:
        yield
    finally:
        await dispatcher.stop()
        await listener.stop()


async def _settled(owner: asyncpg.Connection, *, but: str = "") -> None:
    """Nothing waits, apart from what is for that destination. Raises WrongAnswer if it takes too long."""
    deadline = time.perf_counter() + SETTLES_WITHIN_S
    while await owner.fetchval(
        "SELECT EXISTS (SELECT 1 FROM outbox_events WHERE routed_at IS NULL)"
        " OR EXISTS (SELECT 1 FROM deliveries WHERE state = 'pending' AND subscriber <> $1)",
        but,
    ):
        if time.perf_counter() > deadline:
            raise WrongAnswer(f"the outbox does not come to rest within {SETTLES_WITHIN_S:g} s")
        await asyncio.sleep(0.01)
