"""Work of many systems goes on side by side (N6)."""

from __future__ import annotations

import asyncio

import pytest

from connectors.rounds import Rounds

pytestmark = pytest.mark.row("N6")
LONG_S = 3600.0  # nobody waits for it here


class Work:
    """Counts how often it was begun; each time it goes on when it may."""

    def __init__(self):
        self.begun = 0
        self.may_end = asyncio.Semaphore(0)
        self.changed = asyncio.Event()

    async def __call__(self):
        self.begun += 1
        self.changed.set()
        await self.may_end.acquire()

    async def until_begun(self, times):
        async with asyncio.timeout(30):
            while self.begun < times:
                self.changed.clear()
                await self.changed.wait()


async def test_one_that_hangs_delays_no_other():
    hanging, well = Work(), Work()
    rounds = Rounds([hanging, well], every_s=LONG_S)
    rounds.start()
    for times in (1, 2, 3):
        await rounds.wake()
        await well.until_begun(times)
        well.may_end.release()
    assert hanging.begun == 1
    await rounds.stop()


async def test_however_often_it_is_woken_meanwhile_it_is_done_once_more():
    work = Work()
    rounds = Rounds([work], every_s=LONG_S)
    rounds.start()
    await rounds.wake()
    await work.until_begun(1)
    for _nudge in range(5000):
        await rounds.wake()
    work.may_end.release()
    await work.until_begun(2)
    work.may_end.release()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert work.begun == 2
    await rounds.stop()


async def test_it_is_done_by_itself_every_so_often():
    work = Work()
    rounds = Rounds([work], every_s=0.001)
    rounds.start()
    for times in (1, 2, 3):
        await work.until_begun(times)
        work.may_end.release()
    await rounds.stop()
