"""What waits together goes together, within every limit, and one that is bad keeps nothing else back (M1 to M3)."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.itsm.http import Answer
from connectors.monitoring.base import NotSent, OutcomeUnknown, Refused
from connectors.monitoring.gathering import BATCH_MAX, Gathering
from connectors.monitoring.sending import Intake, Reading, Sender

pytestmark = pytest.mark.row("M1", "M3")


class Intakes:
    """Plays the way there: refuses what is in `bad`, and bodies above `fits`; keeps what it took, and how large."""

    def __init__(self, bad, fits):
        self.bad, self.fits, self.took, self.sizes = set(bad), fits, [], []

    async def send(self, call):
        body = gzip.decompress(call.body)
        parts = body.split(b",")
        self.sizes.append((len(parts), len(body)))
        if len(body) > self.fits:
            return Answer(413, {}, b"")
        if self.bad & set(parts):
            return Answer(400, {}, b"")
        self.took += parts
        return Answer(202, {}, b"")


def failure(answer):
    return None if answer.status == 202 else Refused(str(answer.status))


@given(
    items=st.lists(st.integers(0, 10**6).map(lambda n: str(n).encode()), max_size=60, unique=True),
    bad=st.sets(st.integers(0, 59), max_size=4),
    items_max=st.integers(1, 20),
    bytes_max=st.integers(8, 200),
    fits=st.integers(8, 120),
)
def test_everything_good_arrives_once_and_in_order_within_the_limits(items, bad, items_max, bytes_max, fits):
    refused = {items[index] for index in bad if index < len(items)}
    there = Intakes(refused, fits)
    intake = Intake("http://x", {}, items_max, bytes_max, b",".join)
    outcomes = asyncio.run(Sender("X", there, Reading(failure)).send(intake, items))
    assert [each is None for each in outcomes] == [item not in refused for item in items]
    assert there.took == [item for item in items if item not in refused]
    assert all(count <= items_max and size <= bytes_max for count, size in there.sizes)


async def test_what_comes_while_a_call_is_under_way_goes_together_in_the_next():
    calls, go_on = [], asyncio.Event()

    async def send(things):
        calls.append(list(things))
        await go_on.wait()
        return [Refused("bad") if thing == 3 else None for thing in things]

    gathering = Gathering(send)
    waiting = [asyncio.create_task(gathering.add(number)) for number in range(BATCH_MAX + 20)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    go_on.set()
    outcomes = await asyncio.gather(*waiting)
    assert [index for index, each in enumerate(outcomes) if each is not None] == [3]
    assert sorted(thing for call in calls for thing in call) == list(range(BATCH_MAX + 20))
    assert len(calls) <= 3
    assert max(map(len, calls)) == BATCH_MAX


async def test_whoever_no_longer_waits_is_left_out_and_a_break_is_everybodys():
    calls, go_on = [], asyncio.Event()

    async def send(things):
        calls.append(list(things))
        await go_on.wait()
        if "breaks" in things:
            raise ZeroDivisionError
        return [NotSent("down")] * len(things)

    gathering = Gathering(send)
    first = asyncio.create_task(gathering.add("first"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gone, stays = asyncio.create_task(gathering.add("gone")), asyncio.create_task(gathering.add("breaks"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    go_on.set()
    assert isinstance(await first, NotSent)
    assert isinstance(await stays, OutcomeUnknown)
    assert calls == [["first"], ["breaks"]]
