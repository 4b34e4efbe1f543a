"""The pace of calls to one system holds over all processes that call it (N6)."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from connectors.itsm.pace import Pace
from core.db.migrate import derived_app_url
from core.outbox import take_turn

pytestmark = pytest.mark.row("N6")

PER_SECOND = 40
CALLS = 25  # of each process
CALLER = """
import asyncio, json, sys, time
from connectors.itsm.pace import Pace
from core.clock import SystemClock
from core.db import Database
from core.outbox import take_turn

async def main(url, tenant, per_second, calls):
    database = Database(url, clock=SystemClock())
    pace = Pace("Jira", per_second=per_second)
    pace.share(lambda gap_s: take_turn(database, tenant, "jira", gap_s=gap_s))
    async def call():
        await pace.turn()
        return time.time()
    print(json.dumps(await asyncio.gather(*(call() for _ in range(calls)))))
    await database.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""


async def begun_by_a_process(url, tenant):
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": root}
    asked = (sys.executable, "-c", CALLER, url, tenant, str(PER_SECOND), str(CALLS))
    process = await asyncio.create_subprocess_exec(*asked, stdout=asyncio.subprocess.PIPE, env=environment)
    said, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(said)


async def test_two_processes_together_call_no_faster_than_the_pace(company, owner_url):
    url = derived_app_url(owner_url)
    one, other = await asyncio.gather(*(begun_by_a_process(url, company.tenant) for _ in range(2)))

    begun = sorted([*one, *other])
    assert len(begun) == 2 * CALLS
    # Turns are taken by the database's clock and waited for by each process's own: a moment of slack.
    for first, last in zip(begun, begun[PER_SECOND:], strict=False):
        assert last - first >= 1.0 - 0.15


async def test_turns_stand_apart_for_each_destination_and_tenant(company):
    database, tenant = company.database, company.tenant
    first = [await take_turn(database, tenant, name, gap_s=60.0) for name in ("jira", "remedy")]
    again = await take_turn(database, tenant, "jira", gap_s=60.0)

    assert max(first) < 1.0
    assert 59.0 < again <= 60.0


async def test_a_pace_that_is_not_shared_asks_nobody():
    async def taken(gap_s):
        raise AssertionError(gap_s)

    pace = Pace("Jira")  # no pace is set
    pace.share(taken)
    await pace.turn()
