"""How often a system is called: turns, and silence that it asked for (N6)."""

from __future__ import annotations

import asyncio

import pytest

from connectors.itsm.base import Throttled
from connectors.itsm.pace import Pace

pytestmark = pytest.mark.row("N6")


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


async def test_calls_begin_no_faster_than_the_pace():
    pace, loop = Pace("Jira", per_second=50), asyncio.get_running_loop()
    begun = loop.time()
    await asyncio.gather(*(pace.turn() for _ in range(11)))
    assert loop.time() - begun >= 10 / 50


async def test_without_a_pace_nobody_waits():
    pace, loop = Pace("Jira"), asyncio.get_running_loop()
    begun = loop.time()
    await asyncio.gather(*(pace.turn() for _ in range(1000)))
    assert loop.time() - begun < 1.0


async def test_while_a_system_wants_silence_every_call_is_turned_away_here_with_what_is_left_of_it():
    clock = Clock()
    pace = Pace("Jira", clock=clock)
    pace.hush(90)
    pace.hush(30)  # a shorter one does not end it
    clock.now += 60
    with pytest.raises(Throttled) as turned_away:
        await pace.turn()
    assert turned_away.value.retry_after_s == 30
    clock.now += 30
    await pace.turn()
