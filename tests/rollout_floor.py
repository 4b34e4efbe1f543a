"""A running agent platform beside the registry, for tests of rollouts: the outbox and the clock go on when told to."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path

from connectors.executor import AgentPlatform, Checker, ExecutorDesk, ExecutorDesks
from connectors.executor.desk import LOOKS, ORDERS
from core.changes import HEARD, HEARD_OF_ROLLOUTS, DrillEvent, hear_of_request, hear_of_rollout, run_due
from core.outbox import past_events
from core.sla import level_of, load_sla_catalogue
from sandbox.platform import create as create_platform
from tests.contract.itsm.serving import serving
from tests.factories import START

LEVELS = load_sla_catalogue(Path(__file__).parents[1] / "config" / "sla")
EVERY = timedelta(seconds=30)
TYPES = (*HEARD, *HEARD_OF_ROLLOUTS, *ORDERS, *LOOKS, str(DrillEvent.DUE))


def watched(url: str, *, on_failure: str = "roll_back", more: str = "") -> str:
    """The block of a change policy that has what the platform at this address rolls out watched for two minutes."""
    return f"""\
  rollout:
    watch: "2 minutes"
    every: "30 seconds"
    limit: "20 minutes"
    silence: "3 minutes"
    on_failure: {on_failure}
    checks:
      - {{check: "Health", kind: health, url: "{url}/health/{{resource}}"}}
      - {{check: "Errors", kind: metric, metric: error_rate, at_most: 0.05}}
      - {{check: "Figures", kind: query, url: "{url}/figures/service:Payments", value: /data/error_rate, at_most: 0.05}}
{more}"""


class Floor:
    """`desk` raises changes; `platform` does them; `turn` is one look's time."""

    def __init__(self, desk, platform, faults, url, runner):
        self.desk, self.platform, self.faults, self.url, self.runner = desk, platform, faults, url, runner
        secret, clock = platform.describe()["secret"], desk.company.clock
        calls = AgentPlatform(url, secret, connect_s=1.0, read_s=1.0, now=clock.now)
        checker = Checker(connect_s=1.0, read_s=1.0, levels=self._level)
        self.executor = ExecutorDesk(desk.company.tenant, calls, checker, desk.database, secret)
        self.executors = ExecutorDesks(desk.database, {desk.company.tenant: self.executor})
        self.done: set = set()
        self.deliveries = 1  # of each event; two where a crash has forgotten that it was heard

    async def _level(self, check):
        over, tenant = timedelta(seconds=check.over_s), self.desk.company.tenant
        return await level_of(self.desk.database, LEVELS, tenant, check.service, check.metric, over=over)

    async def pump(self):
        """What the outbox has is with whoever hears of it, in order; what fails is tried at the next turn."""
        while waiting := await self._waiting():
            failed = 0
            for event in waiting:
                try:
                    for _ in range(self.deliveries):
                        await self._deliver(event)
                except Exception:  # noqa: BLE001 - the dispatcher tries everything again that fails
                    failed += 1
                else:
                    self.done.add(event.id)
            if failed == len(waiting):
                return

    async def turn(self, times: int = 1):
        """So many looks later."""
        for _ in range(times):
            await self.pump()
            await asyncio.sleep(0.02)  # the platform has its own time; its steps take none
            self.desk.company.clock.advance(EVERY)
            await self.runner.run_due()
            await self.pump()

    async def until(self, change, state, *, turns: int = 40):
        """The change, once its rollout is in this state."""
        for _ in range(turns):
            found = await self.desk.now(change)
            if found.rollout is not None and found.rollout.state == state:
                return found
            await self.turn()
        raise AssertionError(f"waited for {state}, and it is {found.rollout}")

    async def _waiting(self):
        async with self.desk.database.tenant(self.desk.company.tenant) as tx:
            found = await past_events(tx, types=TYPES, since=START, limit=10_000)
        return [event for event in found if event.id not in self.done]

    async def _deliver(self, event):
        database, catalogue = self.desk.database, self.desk.catalogue
        if event.type in HEARD:
            await hear_of_request(database, event)
        elif event.type in ORDERS:
            await self.executors.give(event)
        elif event.type in LOOKS:
            await self.executors.look(event)
        elif event.type == DrillEvent.DUE:
            await run_due(database, catalogue, event)
        else:
            await hear_of_rollout(database, catalogue, event)


@contextlib.asynccontextmanager
async def open_floor(make_desk, runner):
    """A floor whose platform takes no time; `make_desk` is given its address."""
    async with serving("platform", create_platform, options={"step_s": 0}) as (platform, faults, url):
        floor = Floor(make_desk(url), platform, faults, url, runner)
        yield floor
        await floor.executor.close()
