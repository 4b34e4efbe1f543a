"""A destination in trouble is left alone and delays nobody else; what waits for it goes together (N6, T4)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

import pytest

from core import deliveries
from core.access import PermissionMissing
from core.errors import NotFound
from core.outbox import BreakerPolicy, Flow, Permanent, RetryPolicy, Subscription, Throttle
from core.tenants import TenantPolicy
from tests.factories import found_company
from tests.service.core.test_outbox import (
    AT_ONCE,
    TYPE,
    Gate,
    Subscriber,
    dispatching,
    happen,
    listed,
    settled,
    until,
    until_idle,
)

BREAKER = BreakerPolicy(failures=3, base_s=60.0, cap_s=600.0)


class Sick:
    """Fails until it is well."""

    def __init__(self):
        self.is_well = False
        self.tries = 0

    async def __call__(self, event):
        self.tries += 1
        if not self.is_well:
            raise ConnectionError("nobody there")


@pytest.mark.row("N6", "T4")
async def test_a_destination_that_hangs_has_its_few_places_and_the_others_go_on(company):
    gate, well = Gate(), Subscriber("well")
    hanging = Subscriber("hanging", then=gate, places=3)
    async with dispatching((company.database, [hanging, well])) as running:
        for number in range(30):
            await happen(company, f"request:{number}")
        await until(lambda: len(well.got) == 30, *running)
        await until_idle(*running)
        assert len(gate.waiting) == 3


@pytest.mark.row("N6")
async def test_after_some_failures_in_a_row_a_destination_is_left_alone_then_one_tries(company):
    sick = Sick()
    listener = Subscriber(then=sick, retry=AT_ONCE, breaker=BREAKER, places=1)
    async with dispatching((company.database, [listener])) as running:
        for number in range(5):
            await happen(company, f"request:{number}")
        await until(lambda: sick.tries == 3, *running)
        await until_idle(*running)
        assert sick.tries == 3
        company.advance(seconds=60)
        await until(lambda: sick.tries == 4, *running)
        await until_idle(*running)
        assert sick.tries == 4  # as many as it has places, and it failed: silence again, for longer
        sick.is_well = True
        company.advance(seconds=120)
        await until(settled(company, *["done"] * 5), *running)
    assert [error for error in [entry.last_error for entry in await listed(company)] if error] == []


@pytest.mark.row("N6")
async def test_a_destination_that_is_only_poorly_is_well_again_with_the_first_delivery_that_arrives(company):
    failing: Iterator[bool] = itertools.repeat(True)

    async def poorly(event):
        if next(failing):
            raise ConnectionError("nobody there")

    listener = Subscriber(then=poorly, retry=AT_ONCE, breaker=BREAKER)
    async with dispatching((company.database, [listener])) as running:
        for number in range(9):
            await happen(company, f"request:{number}")
        await until(lambda: len(listener.got) >= BREAKER.failures, *running)
        await until_idle(*running)
        tried = len(listener.got)
        failing = itertools.chain((True, True), itertools.repeat(False))  # of three that try, two fail
        company.advance(seconds=60)
        await until(settled(company, *["done"] * 9), *running)
    assert len(listener.got) == tried + 2 + 9


@pytest.mark.row("N6", "T4")
async def test_the_trouble_of_one_tenant_s_destination_is_not_another_s(company):
    neighbour = await found_company(company.database, company.clock, TenantPolicy(tenant_id="northwind"), roles=())

    async def down_for_one(event):
        if event.tenant == company.tenant:
            raise ConnectionError("nobody there")

    listener = Subscriber(then=down_for_one, retry=AT_ONCE, breaker=BREAKER)
    async with dispatching((company.database, [listener])) as running:
        for number in range(6):
            await happen(company, f"request:{number}")
        await until(lambda: len(listener.got) >= 3, *running)
        await until_idle(*running)
        tried = len(listener.got)
        await happen(neighbour, "request:9", 1, 2, 3)
        await until(settled(neighbour, "done", "done", "done"), *running)
    assert len([tenant for tenant, *_rest in listener.got if tenant == company.tenant]) == tried


@pytest.mark.row("N6")
async def test_a_destination_that_asks_for_silence_has_it_for_everything(company):
    async def busy(event):
        if event.data["number"] == 1 and event.attempt == 1:
            raise Throttle(30)

    listener = Subscriber(then=busy)
    async with dispatching((company.database, [listener])) as running:
        await happen(company, "request:1", 1)
        await until(lambda: len(listener.got) == 1, *running)
        await until_idle(*running)
        await happen(company, "request:2", 2)
        await until_idle(*running)
        assert [number for _tenant, _subject, number, _attempt in listener.got] == [1]
        company.advance(seconds=33)  # those who were turned away come back a little apart
        await until(settled(company, "done", "done"), *running)


@pytest.mark.row("N6")
async def test_people_see_how_each_destination_is_and_what_waits_for_it(company):
    sick = Sick()
    listener, well = Subscriber("sick", then=sick, breaker=BREAKER, places=1), Subscriber("well")
    async with dispatching((company.database, [listener, well])) as running:
        for number in range(4):
            await happen(company, f"request:{number}")
        await until(lambda: sick.tries == 3 and len(well.got) == 4, *running)
        await until_idle(*running)
        there, fine = await deliveries.destinations(company.database, company.actor("meta_agent_manager"))
        assert (there.flow, there.failures, there.pending, there.last_error) == (
            Flow.OPEN,
            3,
            4,
            "ConnectionError: nobody there",
        )
        assert there.failing_since == there.oldest_pending_at == company.clock.now()
        assert (fine.flow, fine.pending, fine.done_lately, fine.last_error) == (Flow.CLOSED, 0, 4, None)


@pytest.mark.row("N6")
async def test_a_destination_that_was_left_alone_is_tried_at_once_when_somebody_says_so(company):
    sick = Sick()
    listener = Subscriber(then=sick, retry=RetryPolicy(base_s=3600), breaker=BREAKER, places=1)
    async with dispatching((company.database, [listener])) as running:
        for number in range(3):
            await happen(company, f"request:{number}")
        await until(lambda: sick.tries == 3, *running)
        await until_idle(*running)
        sick.is_well = True
        actor = company.actor("meta_agent_manager")
        await deliveries.resume_now(company.database, actor, subscriber="listener")
        await until(settled(company, "done", "done", "done"), *running)
    with pytest.raises(NotFound):
        await deliveries.resume_now(company.database, actor, subscriber="nobody")
    with pytest.raises(PermissionMissing):
        await deliveries.resume_now(company.database, company.actor("agent_operator"), subscriber="listener")
    assert [entry["resource"] for entry in await company.trail(action="connector.resume", result="success")] == [
        "listener"
    ]


@pytest.mark.row("N6")
async def test_all_dead_letters_of_a_destination_are_sent_again_and_nobody_else_s(company):
    sick = [True]

    async def refuse(event):
        if sick[0]:
            raise Permanent("no such field")

    one, other = Subscriber("one", then=refuse), Subscriber("other", then=refuse)
    async with dispatching((company.database, [one, other])) as running:
        for number in range(5):
            await happen(company, f"request:{number}")
        await until(settled(company, *["dead"] * 10), *running)
        sick[0] = False
        count = await deliveries.replay_dead(company.database, company.actor("meta_agent_manager"), subscriber="one")
        await until(settled(company, *["dead"] * 5, *["done"] * 5), *running)
    assert count == 5
    assert len(one.got) == 10
    assert len(other.got) == 5


class Together:
    """Takes whatever waits for a subject at once; does with it what `then` says."""

    def __init__(self, then=None):
        self.got: list[list[int]] = []
        self.then = then
        self.subscription = Subscription(
            "together",
            frozenset({TYPE}),
            self.deliver,
            RetryPolicy(base_s=0.0),
            places=1,
            deliver_many=self.deliver_many,
        )

    async def deliver(self, event):
        raise AssertionError("it takes them together")

    async def deliver_many(self, events):
        numbers = [event.data["number"] for event in events]
        self.got.append(numbers)
        if self.then is not None:
            await self.then(numbers)


@pytest.mark.row("N6")
async def test_what_waits_for_one_record_goes_together_in_order(company):
    for number in range(5):
        await happen(company, "request:1", number)
    await happen(company, "request:2", 9)
    listener = Together()
    async with dispatching((company.database, [listener])) as running:
        await until(settled(company, *["done"] * 6), *running)
    assert sorted(listener.got) == [[0, 1, 2, 3, 4], [9]]


@pytest.mark.row("N6")
async def test_what_went_together_goes_again_as_the_same_although_more_has_happened(company):
    """Else what the other side has taken over already could not be told from what it has not."""
    opened, sick = asyncio.Event(), [True]

    async def fail_at_first(numbers):
        await opened.wait()
        if sick.pop() if sick else False:
            raise ConnectionError("committed, then timed out")

    listener = Together(fail_at_first)
    await happen(company, "request:1", 1, 2)
    async with dispatching((company.database, [listener])) as running:
        await until(lambda: listener.got, *running)
        await happen(company, "request:1", 3)
        opened.set()
        await until(settled(company, "done", "done", "done"), *running)
    assert listener.got == [[1, 2], [1, 2], [3]]


@pytest.mark.row("N6")
async def test_one_that_cannot_be_delivered_keeps_nothing_back_that_went_with_it(company):
    async def refuse_two(numbers):
        if 2 in numbers:
            raise Permanent("field 'risk' is unknown")

    listener = Together(refuse_two)
    await happen(company, "request:1", 1, 2, 3)
    async with dispatching((company.database, [listener])) as running:
        await until(settled(company, "dead", "done", "done"), *running)
    assert listener.got == [[1, 2, 3], [1], [2], [3]]
    (dead,) = await listed(company, state="dead")
    assert dead.last_error == "field 'risk' is unknown"
