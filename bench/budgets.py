"""Budgets: a hot one whose limit is heeded, against one statement for each event; the gate with budgets and without.

The yardstick of the hot budget is the usual way: one CTE for each event, which takes from the counter what fits and
keeps the event, on as many dedicated connections as there are writers. Ours reads the counters once for a batch, as the
gate does, refuses the batch if they say so, keeps its events and counts them with the product's own listener.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Final

import asyncpg

from bench.errors import WrongAnswer
from bench.installation import installation
from bench.report import Case, Goal, Round, Section
from config.settings import SHIPPED
from config.yamlfile import parse_yaml
from core.actor import Actor, Door
from core.approvals import PolicyCatalogue
from core.budgets import (
    BudgetView,
    ControlIn,
    Proposal,
    count_charges,
    create,
    get_budget,
    load_budget_catalogue,
    load_guard,
)
from core.costs import Charge, spent_of
from core.db import Batches, Database, Transaction
from core.decisions import Answer, Gate
from core.ids import TenantId, uuid7
from core.money import Money
from core.named_tickets import Desks
from core.receipts import Issuer
from core.tenants import provision
from core.tenants.policy import TenantPolicy

WRITERS: Final = 32
MANY: Final = 256
PRICE: Final = Decimal("0.0125")
PLENTY: Final = Decimal(10**9)
BUDGETS: Final = 10  # of the tenant whose gate heeds some
HOT, HOT_MANY, CTE = "budget, 32 writers", "budget, 256 writers", "one CTE per event, 32 writers"
WITH, WITHOUT = "gate with 10 budgets", "gate without"
_ACTION: Final = "agent.deploy"
_POLICY: Final = "Bench:\n  applies_to: [agent.create, agent.deploy]\n  stages: []\n"
_PREPARE: Final = (
    "CREATE TABLE plain_budget (id int PRIMARY KEY, most numeric NOT NULL, spent numeric NOT NULL)",
    f"INSERT INTO plain_budget VALUES (1, {PLENTY}, 0)",
    "CREATE TABLE plain_events (event_id uuid PRIMARY KEY, amount numeric NOT NULL)",
    "CREATE TABLE hot_events (event_id uuid PRIMARY KEY, amount numeric NOT NULL)",
    "GRANT ALL ON plain_budget, plain_events, hot_events TO PUBLIC",
)
_TAKE: Final = (
    "WITH taken AS (UPDATE plain_budget SET spent = spent + $2 WHERE id = 1 AND spent + $2 <= most RETURNING 1)"
    " INSERT INTO plain_events SELECT $1, $2 FROM taken"
)
_KEEP: Final = "INSERT INTO hot_events SELECT unnest($1::uuid[]), $2"

Write = Callable[[int], Awaitable[None]]


async def run(*, rounds: int, seconds: float) -> list[Section]:
    """Raises WrongAnswer if an event was lost, or a limit was passed by more than a batch."""
    async with installation() as (owner, database):
        for statement in _PREPARE:
            await owner.execute(statement)
        return [
            await _hot(owner, database, rounds=rounds, seconds=seconds),
            await _gates(database, rounds=rounds, seconds=seconds),
        ]


async def _hot(owner: asyncpg.Connection, database: Database, *, rounds: int, seconds: float) -> Section:
    tenant = TenantId("bench")
    made = await _budget(database, tenant, "hot", PLENTY)
    batches: Batches[Charge, bool] = Batches(database, _taken)
    numbers = itertools.count(1)

    async def ours(_writer: int) -> None:
        if not await batches.ask(tenant, _charge(database, next(numbers))):
            raise WrongAnswer("an event was refused that fits")

    plain = [await asyncpg.connect(database.url.replace("+asyncpg", "")) for _ in range(WRITERS)]

    async def theirs(writer: int) -> None:
        await plain[writer].execute(_TAKE, uuid7(), PRICE)

    cases: dict[str, tuple[int, Write]] = {CTE: (WRITERS, theirs), HOT: (WRITERS, ours), HOT_MANY: (MANY, ours)}
    measured = await _measured(cases, rounds=rounds, seconds=seconds)
    for connection in plain:
        await connection.close()
    kept = await owner.fetchval("SELECT count(*) FROM hot_events")
    standing = (await get_budget(database, _actor(tenant), made.id)).standing
    if (standing.charges, standing.spent) != (kept, kept * PRICE):
        raise WrongAnswer(f"{kept} events are {standing.charges} charges of {standing.spent}")
    beyond = await _beyond(database, tenant, batches)
    await batches.close()
    return Section(
        "A hot budget whose limit is heeded",
        measured,
        baselines=(CTE,),
        goals=(Goal("a hot budget at least 8 times one CTE per event", HOT, (CTE,), 8.0),),
        notes=(f"{WRITERS} writers at the limit of 100 charges passed it by {beyond}; a batch is 64.",),
    )


async def _beyond(database: Database, tenant: TenantId, batches: Batches[Charge, bool]) -> int:
    """By how many charges a limit of a hundred is passed by 32 writers who go on until they are refused."""
    made = await _budget(database, tenant, "small", 100 * PRICE)

    async def writer(first: int) -> None:
        for number in range(first, first + 1000):
            if not await batches.ask(tenant, _charge(database, number, project="small")):
                return

    await asyncio.gather(*(writer(10**9 + each * 1000) for each in range(WRITERS)))
    beyond = (await get_budget(database, _actor(tenant), made.id)).standing.charges - 100
    if not 0 <= beyond <= 64:
        raise WrongAnswer(f"the limit was passed by {beyond} charges")
    return beyond


async def _taken(tx: Transaction, charges: Sequence[Charge]) -> Sequence[bool]:
    """A batch: none of it is taken of a project whose budget is used up."""
    guard = await load_guard(tx)
    free = {
        project: not guard.bites(action=_ACTION, projects=(project,), agent="bot", now=tx.now)
        for project in {charge.project for charge in charges}
    }
    taken = [charge for charge in charges if free[charge.project]]
    if taken:
        await tx.fetch(_KEEP, [uuid7() for _ in taken if _.project == "hot"], PRICE)
        await count_charges(tx, spent_of(taken))
    return [free[charge.project] for charge in charges]


async def _gates(database: Database, *, rounds: int, seconds: float) -> Section:
    """The same decisions for a tenant without budgets and for one with ten that hold for them."""
    budgeted = await provision(database, TenantPolicy(tenant_id="bench-budgets"), name="Bench")
    plain = await provision(database, TenantPolicy(tenant_id="bench-plain"), name="Bench")
    for number in range(BUDGETS):
        await _budget(database, budgeted, f"p{number}" if number else "hot", PLENTY)
    catalogue = PolicyCatalogue([parse_yaml(_POLICY, file="bench.yaml")])
    gate = Gate(database, catalogue, Issuer(database, address="https://bench.example"), Desks())

    def asking(tenant: TenantId) -> Write:
        async def ask(writer: int) -> None:
            name = f"agent-{writer}"
            found = await gate.decide(_actor(tenant), action=_ACTION, resource={"name": name}, context={})
            if found.decision is not Answer.ALLOW:
                raise WrongAnswer(found.reasons[0].message)

        return ask

    facts = {"sponsor": "s@x.example", "owner": "o@x.example", "business_service": "Bench", "project": "hot"}
    for tenant in (budgeted, plain):
        for writer in range(WRITERS):
            resource = {**facts, "name": f"agent-{writer}"}
            await gate.decide(_actor(tenant), action="agent.create", resource=resource, context={})
    cases = {
        f"{WITHOUT}, 32 at once": (WRITERS, asking(plain)),
        f"{WITH}, 32 at once": (WRITERS, asking(budgeted)),
        f"{WITHOUT}, one by one": (1, asking(plain)),
        f"{WITH}, one by one": (1, asking(budgeted)),
    }
    measured = await _measured(cases, rounds=rounds, seconds=seconds)
    await gate.close()
    return Section(
        "Decisions that are allowed, below the doors, with budgets and without",
        measured,
        baselines=(f"{WITHOUT}, 32 at once", f"{WITHOUT}, one by one"),
        notes=("Each is decided, stored and audited; budgets are read once for a batch.",),
    )


async def _measured(cases: dict[str, tuple[int, Write]], *, rounds: int, seconds: float) -> tuple[Case, ...]:
    taken: dict[str, list[Round]] = {name: [] for name in cases}
    for writers, write in cases.values():
        await _driven(writers, write, seconds=min(0.5, seconds))
    for _ in range(rounds):
        for name, (writers, write) in cases.items():
            taken[name].append(await _driven(writers, write, seconds=seconds))
    return tuple(Case(name, tuple(each)) for name, each in taken.items())


async def _driven(writers: int, write: Write, *, seconds: float) -> Round:
    latencies: list[float] = []
    begun = time.perf_counter()

    async def one(writer: int) -> None:
        while time.perf_counter() - begun < seconds:
            asked = time.perf_counter()
            await write(writer)
            latencies.append(time.perf_counter() - asked)

    await asyncio.gather(*(one(writer) for writer in range(writers)))
    took = time.perf_counter() - begun
    latencies.sort()
    p50, p99 = (latencies[int(len(latencies) * share)] for share in (0.5, 0.99))
    return Round(len(latencies) / took, p50, p99)


async def _budget(database: Database, tenant: TenantId, project: str, amount: Decimal) -> BudgetView:
    said = Proposal(
        amount=Money(amount, "USD"),
        period="year",
        project=project,
        thresholds=(),
        forecast=False,
        controls=[ControlIn("stop", actions=[_ACTION])],
    )
    return await create(database, load_budget_catalogue(SHIPPED / "budgets"), _actor(tenant), said)


def _charge(database: Database, number: int, *, project: str = "hot") -> Charge:
    return Charge(
        usage_id=str(number),
        at=database.clock.now(),
        project=project,
        agent="bot",
        meter="cpu_hours",
        meter_class="compute_costs",
        quantity=Decimal("0.125"),
        amount=PRICE,
        currency="USD",
    )


def _actor(tenant: TenantId) -> Actor:
    return Actor(tenant=tenant, user=None, email="bench", name="Bench", door=Door.SYSTEM)
