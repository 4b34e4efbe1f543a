"""Exactness: random usage, out of order, doubled and corrected, by several processes that are killed meanwhile.

In the end the ledger is compared with a recomputation of its own: by fractions, from what was to be told, sharing no
line with the product's pricing; and what budgets have counted meanwhile with the ledger. One digit that differs, one
event too many or too few ends it as failed.

    python -m bench exact --events 1000000
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

import asyncpg

from bench.errors import WrongAnswer
from config.settings import SHIPPED
from config.yamlfile import parse_yaml
from core.actor import Actor, Door
from core.budgets import BudgetFilter, Proposal, count_charges, create, list_budgets, load_budget_catalogue
from core.clock import SystemClock
from core.costs import RateCatalogue, Usage, UsageWriter, check_sums, spent_in
from core.costs.rates_file import read_rate_card
from core.db import Database
from core.errors import Unavailable
from core.ids import TenantId
from core.money import Money

CALL: Final = 500  # events told at once
AT_ONCE: Final = 4  # calls of one writer under way
DOUBLED: Final = 0.1  # of the events, told by a second writer too
CORRECTED: Final = 0.03
CARD: Final = """
Cost Structure:
  currency: USD
  exchange_rates:
    - {from: 2000-01-01, EUR: "1.0837"}
    - {from: 2026-10-20, EUR: "1.1213"}
  compute_costs:
    - cpu_hours: "$0.10 per hour"
    - gpu_hours: {price: "2.123456789 EUR per hour", discount: "12.345678%"}
  models:
    - tokens: {price: "$0.00123", tiers: [{above: 1000, price: "$0.00071"}, {above: 25000.5, price: "$0.0000133"}]}
"""
FIRST: Final = datetime(2026, 9, 1, tzinfo=UTC)
DAYS: Final = 80
CUSTOM_DAYS: Final = 1000  # of the budgets' period, so that all of it lies in one
EXCHANGED: Final = datetime(2026, 10, 20, tzinfo=UTC)
GPU: Final = Fraction("2.123456789") * (1 - Fraction("0.12345678"))
METERS: Final = ("cpu_hours", "gpu_hours", "tokens")
BUDGETS: Final[Mapping[str, Mapping[str, str]]] = {
    "everything": {},
    "models": {"meter_class": "models"},
    **{f"project p{number}": {"project": f"p{number}"} for number in range(7)},
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Which usage there is, who tells it, and of which tenant."""

    tenant: TenantId
    events: int
    writers: int
    seed: int

    def usage(self, number: int) -> Usage:
        """The event of this number: always the same one."""
        chance = random.Random(f"{self.seed}/{number}")
        agent = chance.randrange(50)
        return Usage(
            f"e{number}",
            chance.choice(METERS),
            Decimal(chance.randint(1, 10**9)).scaleb(-chance.randint(3, 9)),
            FIRST + timedelta(seconds=chance.randrange(DAYS * 86_400)),
            project=f"p{agent % 7}",
            agent=f"a{agent}",
        )

    def correction(self, number: int) -> Usage | None:
        """What takes the event's place; of every fifth, nothing does: it is taken back."""
        chance = random.Random(f"{self.seed}/{number}/correction")
        if chance.random() >= CORRECTED:
            return None
        was = self.usage(number)
        quantity = Decimal(chance.randint(0, 4) * chance.randint(1, 10**6)).scaleb(-4)
        return Usage(f"c{number}", was.meter, quantity, was.at, project=f"p{number % 7}", agent="a0", corrects=was.id)

    def told_by(self, writer: int) -> list[int]:
        """The numbers that this writer tells, in its order."""
        chance = random.Random(f"{self.seed}/writer/{writer}")
        mine = list(range(writer, self.events, self.writers))
        others = range((writer + 1) % self.writers, self.events, self.writers)
        mine += [number for number in others if chance.random() < DOUBLED]
        chance.shuffle(mine)
        return mine

    def standing(self) -> Iterator[Usage]:
        """What counts in the end."""
        for number in range(self.events):
            usage = self.correction(number) or self.usage(number)
            if usage.quantity:
                yield usage


async def prove(url: str, plan: Plan, *, kills: int) -> dict[str, object]:
    """What was done, once the ledger was found exact. Raises WrongAnswer. `url` is that of the service's role."""
    begun, chance = time.monotonic(), random.Random(plan.seed)
    await _make_budgets(url, plan)
    running = {writer: await _start(url, plan, writer) for writer in range(plan.writers)}
    due = sorted(chance.uniform(0.1, 0.8) * plan.events for _ in range(kills))
    killed = 0
    reader = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        while running:
            await asyncio.sleep(0.05)
            if due and await _known(reader, plan) >= due[0]:
                due.pop(0)
                victim = chance.choice(sorted(running))
                with contextlib.suppress(ProcessLookupError):  # it has just ended, and begins anew all the same
                    running[victim].send_signal(signal.SIGKILL)
                await running[victim].wait()
                killed += 1
                running[victim] = await _start(url, plan, victim)  # and tells everything again from its beginning
            for writer, process in list(running.items()):
                if process.returncode is not None:
                    if process.returncode != 0:
                        raise WrongAnswer(f"writer {writer} ended with {process.returncode}")
                    del running[writer]
    finally:
        await reader.close()
        for process in running.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
    took_s = time.monotonic() - begun
    lines = await _compare(url, plan)
    return {
        "events": plan.events,
        "writers": plan.writers,
        "kills": killed,
        "seed": plan.seed,
        "ledger_lines": lines,
        "seconds": round(took_s, 1),
        "events_per_second": round(plan.events / took_s),
    }


async def write(url: str, plan: Plan, writer: int) -> None:
    """This writer's share is told: its events, then what corrects them."""
    database = Database(url, clock=SystemClock(), pool_size=AT_ONCE)
    usage = UsageWriter(database, _rates(), [count_charges])
    actor = _actor(plan)
    numbers = plan.told_by(writer)
    places = asyncio.Semaphore(AT_ONCE)

    async def tell(events: list[Usage]) -> None:
        async with places:
            while True:
                try:
                    await usage.record(actor, events)
                except Unavailable as exc:  # others had the ledger for too long: told again, as a platform would
                    await asyncio.sleep(exc.retry_after_s or 1)
                else:
                    return

    try:
        parts = [numbers[first : first + CALL] for first in range(0, len(numbers), CALL)]
        await asyncio.gather(*(tell([plan.usage(number) for number in part]) for part in parts))
        own = [each for number in numbers if number % plan.writers == writer and (each := plan.correction(number))]
        await asyncio.gather(*(tell(own[first : first + CALL]) for first in range(0, len(own), CALL)))
    finally:
        await usage.close()
        await database.close()


async def _start(url: str, plan: Plan, writer: int) -> asyncio.subprocess.Process:
    given = (url, plan.tenant, str(plan.events), str(plan.writers), str(plan.seed), str(writer))
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.exact", *given)


async def _known(reader: asyncpg.Connection, plan: Plan) -> int:
    async with reader.transaction():
        await reader.execute("SELECT set_config('app.tenant_id', $1, true)", plan.tenant)
        return int(await reader.fetchval("SELECT coalesce(sum(events), 0) FROM cost_rollups"))


async def _make_budgets(url: str, plan: Plan) -> None:
    """For everything, for a class of meters and for each project; what all have counted is compared in the end."""
    database = Database(url, clock=SystemClock())
    catalogue = load_budget_catalogue(SHIPPED / "budgets")
    try:
        for name, scope in BUDGETS.items():
            said = Proposal(
                name=name,
                amount=Money(Decimal(10**12), "USD"),
                period="custom",
                days=CUSTOM_DAYS,
                first=FIRST.date() - timedelta(days=1),
                thresholds=(),
                forecast=False,
                controls=(),
                project=scope.get("project"),
                meter_class=scope.get("meter_class"),
            )
            await create(database, catalogue, _actor(plan), said)
    finally:
        await database.close()


async def _compare(url: str, plan: Plan) -> int:
    database = Database(url, clock=SystemClock())
    try:
        check = await check_sums(database, _actor(plan))
        await _compare_budgets(database, plan)
    finally:
        await database.close()
    if not check.is_sound:
        raise WrongAnswer(f"{check.differing} sums are not the ledger's: {check.differences[:3]}")
    reader = await asyncpg.connect(url.replace("+asyncpg", ""))
    async with reader.transaction():
        await reader.execute("SELECT set_config('app.tenant_id', $1, true)", plan.tenant)
        rows = await reader.fetch(
            "SELECT to_char(day, 'YYYY-MM') AS month, meter, sum(quantity), sum(amount), sum(events)"
            " FROM cost_rollups GROUP BY 1, 2 HAVING sum(events) > 0"
        )
        projects = await reader.fetch(
            "SELECT project, meter, sum(amount) FROM cost_rollups WHERE meter <> 'tokens'"
            " GROUP BY 1, 2 HAVING sum(events) > 0"
        )
    await reader.close()
    months, by_project = recomputed(plan)
    found = {(row[0], row[1]): (Fraction(row[2]), Fraction(row[3]), int(row[4])) for row in rows}
    _same(found, months)
    _same({(row[0], row[1]): Fraction(row[2]) for row in projects}, by_project)
    return check.lines


async def _compare_budgets(database: Database, plan: Plan) -> None:
    """What each budget has counted is what the ledger says of its scope."""
    for view in await list_budgets(database, _actor(plan), BudgetFilter()):
        scope, window = view.terms.scope, view.standing.window
        async with database.tenant(plan.tenant) as tx:
            spent = await spent_in(
                tx,
                project=scope.project,
                agent=scope.agent,
                meter_class=scope.meter_class,
                currency="USD",
                since=window.starts_at,
                until=window.ends_at,
            )
        if (view.standing.spent, view.standing.charges) != spent:
            raise WrongAnswer(f"{view.terms.name} has counted {view.standing.spent}, {view.standing.charges}: {spent}")


def _actor(plan: Plan) -> Actor:
    return Actor(tenant=plan.tenant, user=None, email="bench", name="Bench", door=Door.SYSTEM)


def recomputed(
    plan: Plan,
) -> tuple[dict[tuple[str, str], tuple[Fraction, Fraction, int]], dict[tuple[str, str], Fraction]]:
    """(quantity, amount, events) by month and meter; amounts of flat meters by project and meter."""
    quantities: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    amounts: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    events: dict[tuple[str, str], int] = defaultdict(int)
    projects: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for usage in plan.standing():
        key, quantity = (f"{usage.at:%Y-%m}", usage.meter), Fraction(usage.quantity)
        quantities[key] += quantity
        events[key] += 1
        if usage.meter != "tokens":
            euro = Fraction("1.1213") if usage.at >= EXCHANGED else Fraction("1.0837")
            cost = quantity * (Fraction("0.1") if usage.meter == "cpu_hours" else GPU * euro)
            amounts[key] += cost
            projects[usage.project, usage.meter] += cost
    for key, quantity in quantities.items():
        if key[1] == "tokens":
            amounts[key] = _graduated(quantity)
    return {key: (quantities[key], amounts[key], events[key]) for key in quantities}, dict(projects)


def _graduated(quantity: Fraction) -> Fraction:
    middle = Fraction("25000.5")
    first = min(quantity, Fraction(1000)) * Fraction("0.00123")
    second = max(min(quantity, middle) - 1000, Fraction(0)) * Fraction("0.00071")
    return first + second + max(quantity - middle, Fraction(0)) * Fraction("0.0000133")


def _same(found: Mapping[tuple[str, str], object], expected: Mapping[tuple[str, str], object]) -> None:
    wrong = [key for key in {*found, *expected} if found.get(key) != expected.get(key)]
    if wrong:
        key = min(wrong)
        raise WrongAnswer(f"{len(wrong)} totals differ; {key}: {found.get(key)} for {expected.get(key)}")


def _rates() -> RateCatalogue:
    return RateCatalogue({"default": read_rate_card(parse_yaml(CARD, file="card.yaml"))})


if __name__ == "__main__":
    _url, _tenant, _events, _writers, _seed, _writer = sys.argv[1:]
    _plan = Plan(TenantId(_tenant), int(_events), int(_writers), int(_seed))
    asyncio.run(write(_url, _plan, int(_writer)))
