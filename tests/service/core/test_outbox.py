"""The outbox on a real database: nothing lost, nothing out of order, nobody starved (N6, T4)."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from core import deliveries
from core.access import PermissionMissing
from core.errors import InvalidInput, NotFound, Unavailable
from core.outbox import Dispatcher, Permanent, RetryPolicy, Subscription, Throttle, emit, list_deliveries
from core.outbox.breaker import BreakerPolicy
from core.outbox.dispatcher import CONCURRENCY
from core.tenants import TenantPolicy
from tests.factories import found_company

TYPE = "test.happened"
PATIENCE_S = 90
AT_ONCE = RetryPolicy(base_s=0.0)
SEED = 20_260_302


class Subscriber:
    """Remembers what it was given; does with it what `then` says."""

    def __init__(self, name="listener", *, retry=AT_ONCE, types=(TYPE,), then=None, **kinds):
        self.got: list[tuple[str, str, int, int]] = []  # tenant, subject, number, attempt
        self.done: dict[str, list[int]] = defaultdict(list)  # numbers by subject
        self.busy: set[tuple[str, str]] = set()
        self.overlaps: list[str] = []  # subjects of which two deliveries were under way at once
        self.then = then
        self.subscription = Subscription(name, frozenset(types), self.deliver, retry, **kinds)

    async def deliver(self, event):
        line = (event.tenant, event.subject)
        if line in self.busy:
            self.overlaps.append(event.subject)
        self.busy.add(line)
        self.got.append((event.tenant, event.subject, event.data["number"], event.attempt))
        try:
            if self.then is not None:
                await self.then(event)
        finally:
            self.busy.discard(line)
        self.done[event.subject].append(event.data["number"])


class Gate:
    """Deliveries wait here until they are let through."""

    def __init__(self):
        self.waiting: list[tuple[str, asyncio.Event]] = []

    async def __call__(self, event):
        opened = asyncio.Event()
        self.waiting.append((event.tenant, opened))
        await opened.wait()

    def let_one_through(self):
        _tenant, opened = self.waiting.pop(0)
        opened.set()


@asynccontextmanager
async def dispatching(*pairs):
    """Dispatchers for (database, subscribers), running."""
    running = [Dispatcher(database, [each.subscription for each in subscribers]) for database, subscribers in pairs]
    for dispatcher in running:
        dispatcher.start()
    try:
        yield running
    finally:
        for dispatcher in running:
            await dispatcher.stop(grace_s=0)


async def until(condition, *running):
    """Returns once the condition holds. The dispatchers are woken meanwhile, as notifications would wake them."""
    async with asyncio.timeout(PATIENCE_S):
        while not (await condition() if asyncio.iscoroutinefunction(condition) else condition()):
            for dispatcher in running:
                await dispatcher.wake()
            await asyncio.sleep(0.005)


async def happen(company, subject="request:1", *numbers):
    for number in numbers or (1,):
        async with company.database.tenant(company.tenant) as tx:
            await emit(tx, subject=subject, type=TYPE, data={"number": number})


async def listed(company, **wanted):
    async with company.database.tenant(company.tenant) as tx:
        return await list_deliveries(tx, **{"subscriber": None, "state": None, "after": None, "limit": 500, **wanted})


async def states(company):
    return [(entry.state, entry.attempts, entry.last_error) for entry in await listed(company)]


def settled(company, *expected):
    async def condition():
        return sorted(state for state, _attempts, _error in await states(company)) == sorted(expected)

    return condition


@pytest.mark.row("N6")
async def test_each_subscriber_gets_what_it_wants_once_and_nothing_else(company):
    wants, wants_too = Subscriber("one"), Subscriber("two")
    indifferent = Subscriber("three", types=("test.other",))
    async with dispatching((company.database, [wants, wants_too, indifferent])) as running:
        await happen(company)
        await until(settled(company, "done", "done"), *running)
    assert wants.got == wants_too.got == [("enterprise-corp", "request:1", 1, 1)]
    assert indifferent.got == []


@pytest.mark.row("N6")
async def test_what_is_rolled_back_has_not_happened(company):
    listener = Subscriber()

    async def fail_after_emitting():
        async with company.database.tenant(company.tenant) as tx:
            await emit(tx, subject="request:1", type=TYPE, data={"number": 0})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_emitting()
    async with dispatching((company.database, [listener])) as running:
        await happen(company)
        await until(settled(company, "done"), *running)
    assert [number for _tenant, _subject, number, _attempt in listener.got] == [1]


@pytest.mark.row("N6")
async def test_two_dispatchers_keep_the_order_of_each_subject_although_deliveries_fail(company, other_replica):
    """Several subscribers, a quarter of the attempts failing: each subject's events arrive in order, once done."""
    chance = random.Random(SEED)

    async def falter(event):
        await asyncio.sleep(0)
        if chance.random() < 0.25:
            raise ConnectionError("reset by peer")

    subjects, numbers = [f"request:{number}" for number in range(6)], list(range(8))
    patient = BreakerPolicy(failures=10**6)  # a few failures in a row are chance here, and the clock stands still
    subscribers = [Subscriber(name, then=falter, breaker=patient) for name in ("chat", "tickets", "metrics")]
    async with dispatching((company.database, subscribers), (other_replica, subscribers)) as running:
        for number in numbers:
            for subject in subjects:
                await happen(company, subject, number)
        expected = ["done"] * len(subjects) * len(numbers) * len(subscribers)
        await until(settled(company, *expected), *running)
    for subscriber in subscribers:
        assert subscriber.done == dict.fromkeys(subjects, numbers), f"seed {SEED}"
        assert subscriber.overlaps == [], f"seed {SEED}"


@pytest.mark.row("N6")
async def test_a_failing_delivery_is_tried_again_later_and_later_and_then_it_is_dead(company):
    async def refuse(event):
        raise ConnectionError("nobody there")

    listener = Subscriber(retry=RetryPolicy(attempts=5, base_s=2.0, cap_s=8.0), then=refuse)
    async with dispatching((company.database, [listener])) as running:
        await happen(company)
        for attempt, ceiling_s in enumerate((2, 4, 8, 8), start=1):

            async def postponed(attempt=attempt):
                found = await listed(company)
                return [entry.attempts for entry in found] == [attempt] and found[0].due_at > company.clock.now()

            await until(postponed, *running)
            (entry,) = await listed(company)
            assert entry.last_error == "ConnectionError: nobody there"
            waits = entry.due_at - company.clock.now()
            assert timedelta(seconds=ceiling_s / 2) <= waits <= timedelta(seconds=ceiling_s)
            company.advance(seconds=ceiling_s)
        await until(settled(company, "dead"), *running)
    assert await states(company) == [("dead", 5, "ConnectionError: nobody there")]
    assert [attempt for *_rest, attempt in listener.got] == [1, 2, 3, 4, 5]


@pytest.mark.row("N6")
async def test_whoever_asks_to_wait_is_asked_again_then_and_not_before(company):
    async def busy_at_first(event):
        if event.attempt == 1:
            raise Throttle(37)

    listener = Subscriber(then=busy_at_first)
    async with dispatching((company.database, [listener])) as running:
        await happen(company)
        await until(lambda: len(listener.got) == 1, *running)
        start = company.clock.now()

        async def postponed():
            wait = (await listed(company))[0].due_at - start
            return timedelta(seconds=37) <= wait <= timedelta(seconds=37 * 1.1)

        await until(postponed, *running)
        assert await states(company) == [("pending", 1, "asked to wait 37 s")]
        company.advance(seconds=36.9)
        await until_idle(*running)
        assert len(listener.got) == 1
        company.advance(seconds=3.9)
        await until(settled(company, "done"), *running)
    assert await states(company) == [("done", 2, None)]


@pytest.mark.row("N6")
async def test_whoever_asks_to_wait_for_one_subject_gets_the_others_meanwhile(company):
    async def busy_about_the_first(event):
        if event.subject == "request:1":
            raise Throttle(60, spares_others=True)

    listener = Subscriber(then=busy_about_the_first)
    async with dispatching((company.database, [listener])) as running:
        await happen(company, "request:1")
        await until(lambda: len(listener.got) == 1, *running)
        await happen(company, "request:2")
        await until(settled(company, "pending", "done"), *running)
    assert listener.done == {"request:2": [1]}


@pytest.mark.row("N6")
async def test_a_destination_that_is_down_for_a_day_delays_only_itself_and_loses_nothing(company):
    """Two destinations, an event each quarter of an hour; one is down all day and has everything in order at the end."""
    is_down = True

    async def down(event):
        if is_down:
            raise ConnectionError("nobody there")

    well, ill = Subscriber("well", retry=RetryPolicy()), Subscriber("ill", retry=RetryPolicy(), then=down)
    numbers = list(range(96))
    async with dispatching((company.database, [well, ill])) as running:
        for number in numbers:
            await happen(company, f"request:{number % 4}", number)
            happened = company.clock.now()
            await until(lambda number=number: len(well.got) == number + 1, *running)
            assert company.clock.now() == happened  # at once: no time has passed
            company.advance(minutes=15)
        assert ill.done == {}
        is_down = False
        async with asyncio.timeout(60):
            while sum(map(len, ill.done.values())) < len(numbers):
                company.advance(minutes=5)
                await until_idle(*running)
    expected = {f"request:{subject}": [n for n in numbers if n % 4 == subject] for subject in range(4)}
    assert (dict(well.done), dict(ill.done)) == (expected, expected)
    assert {state for state, _attempts, _error in await states(company)} == {"done"}


@pytest.mark.row("N6")
async def test_being_asked_to_wait_is_no_failure_however_often(company):
    async def busy_for_long(event):
        if event.attempt <= 10:
            raise Throttle(60)
        if event.attempt == 11:
            raise ConnectionError("reset")

    listener = Subscriber(retry=RetryPolicy(attempts=2, base_s=1.0), then=busy_for_long)
    async with dispatching((company.database, [listener])) as running:
        await happen(company)
        for count in range(1, 12):
            await until(lambda count=count: len(listener.got) == count, *running)
            await until_idle(*running)
            company.advance(seconds=65)
        await until(settled(company, "done"), *running)
    assert await states(company) == [("done", 12, None)]


@pytest.mark.row("N6")
async def test_who_names_a_very_long_time_is_asked_again_within_the_hour(company):
    async def closed(event):
        raise Throttle(10**6)

    async with dispatching((company.database, [Subscriber(then=closed)])) as running:
        await happen(company)
        start = company.clock.now()

        async def waits_an_hour():
            waits = [entry.due_at - start for entry in await listed(company)]
            return bool(waits) and timedelta(hours=1) <= waits[0] <= timedelta(hours=1, seconds=5)

        await until(waits_an_hour, *running)


@pytest.mark.row("N6")
def test_a_system_that_is_down_for_a_night_is_still_being_tried():
    policy = RetryPolicy()
    shortest_s = sum(policy.delay_s(attempt, chance=0.0) or 0.0 for attempt in range(1, policy.attempts))
    assert shortest_s > 12 * 3600
    assert policy.delay_s(policy.attempts, chance=0.0) is None


@pytest.mark.row("N6")
async def test_a_delivery_that_hangs_is_given_up_and_tried_again(company):
    async def hang_at_first(event):
        if event.attempt == 1:
            await asyncio.Event().wait()

    listener = Subscriber(retry=RetryPolicy(base_s=0.0, timeout_s=0.05), then=hang_at_first)
    async with dispatching((company.database, [listener])) as running:
        await happen(company)
        await until(settled(company, "done"), *running)
    assert [attempt for *_rest, attempt in listener.got] == [1, 2]


@pytest.mark.row("N6")
async def test_a_dead_letter_shows_its_reason_lets_the_next_event_pass_and_can_be_sent_again(company):
    sick = True

    async def refuse_the_first(event):
        if sick and event.data["number"] == 1:
            raise Permanent("field 'risk' is unknown")

    listener = Subscriber(then=refuse_the_first)
    async with dispatching((company.database, [listener])) as running:
        await happen(company, "request:1", 1, 2)
        await until(settled(company, "dead", "done"), *running)
        (dead,) = await listed(company, state="dead")
        assert (dead.subject, dead.event_type, dead.attempts, dead.last_error) == (
            "request:1",
            TYPE,
            1,
            "field 'risk' is unknown",
        )
        there = {
            each.subscriber: each
            for each in await deliveries.destinations(company.database, company.actor("meta_agent_manager"))
        }
        assert (there["listener"].last_error, there["listener"].failures) == ("field 'risk' is unknown", 0)
        sick = False
        await deliveries.replay_one(
            company.database, company.actor("meta_agent_manager"), dead.event_id, subscriber="listener"
        )
        await until(settled(company, "done", "done"), *running)
    assert listener.done == {"request:1": [2, 1]}
    (recorded,) = await company.trail(action="delivery.replay")
    assert (recorded["user_id"], recorded["details"]["subscriber"]) == (
        company.people["meta_agent_manager"].email,
        "listener",
    )


@pytest.mark.row("N6", "R6")
async def test_only_a_dead_letter_is_sent_again_and_only_by_those_who_may(company):
    listener = Subscriber()
    async with dispatching((company.database, [listener])) as running:
        await happen(company)
        await until(settled(company, "done"), *running)
    (done,) = await listed(company)
    with pytest.raises(NotFound):
        await deliveries.replay_one(
            company.database, company.actor("meta_agent_manager"), done.event_id, subscriber="listener"
        )
    with pytest.raises(PermissionMissing):
        await deliveries.replay_one(
            company.database, company.actor("agent_operator"), done.event_id, subscriber="listener"
        )
    assert [entry["action"] for entry in await company.trail(result="denied")] == ["delivery.replay"]


@pytest.mark.row("N6", "X3")
async def test_a_dead_letter_is_dismissed_with_a_reason_and_kept_and_what_came_after_it_goes_on(company):
    async def refuse_the_first(event):
        if event.data["number"] == 1:
            raise Permanent("the ticket is gone")

    manager = company.actor("meta_agent_manager")
    listener = Subscriber(then=refuse_the_first)
    async with dispatching((company.database, [listener])) as running:
        await happen(company, "request:1", 1, 2)
        await until(settled(company, "dead", "done"), *running)
        (dead,) = await listed(company, state="dead")
        for reason in ("", "  ", "x" * 501):
            with pytest.raises(InvalidInput) as refused:
                await deliveries.dismiss_one(
                    company.database, manager, dead.event_id, subscriber="listener", reason=reason
                )
            assert refused.value.where == "reason"
        await deliveries.dismiss_one(
            company.database, manager, dead.event_id, subscriber="listener", reason=" Closed by hand. "
        )
        await happen(company, "request:1", 3)
        await until(settled(company, "dismissed", "done", "done"), *running)

    assert listener.done == {"request:1": [2, 3]}
    (kept,) = await listed(company, state="dismissed")
    assert (kept.event_id, kept.last_error) == (dead.event_id, "the ticket is gone")
    assert (kept.dismissed_by, kept.dismissed_because) == (
        company.people["meta_agent_manager"].email,
        "Closed by hand.",
    )
    (there,) = await deliveries.destinations(company.database, manager)
    assert (there.dead, there.pending) == (0, 0)
    (recorded,) = await company.trail(action="delivery.dismiss", result="success")
    assert (recorded["details"]["subscriber"], recorded["details"]["reason"]) == ("listener", "Closed by hand.")
    with pytest.raises(NotFound):
        await deliveries.dismiss_one(company.database, manager, dead.event_id, subscriber="listener", reason="Again.")


@pytest.mark.row("N6")
async def test_all_dead_letters_are_dismissed_at_once_and_one_of_them_can_still_be_sent(company):
    sick = True

    async def refuse(_event):
        if sick:
            raise Permanent("no")

    manager = company.actor("meta_agent_manager")
    listener = Subscriber(then=refuse)
    async with dispatching((company.database, [listener])) as running:
        await happen(company, "request:1", 1, 2)
        await until(settled(company, "dead", "dead"), *running)
        count = await deliveries.dismiss_dead(
            company.database, manager, subscriber="listener", reason="That system is gone."
        )
        assert await deliveries.replay_dead(company.database, manager, subscriber="listener") == 0
        sick = False
        (first, _second) = sorted(await listed(company, state="dismissed"), key=lambda each: each.event_id)
        await deliveries.replay_one(company.database, manager, first.event_id, subscriber="listener")
        await until(settled(company, "dismissed", "done"), *running)

    assert count == 2
    assert listener.done == {"request:1": [1]}
    (done,) = await listed(company, state="done")
    assert (done.dismissed_by, done.dismissed_because) == (None, None)
    (recorded,) = await company.trail(action="delivery.dismiss")
    assert (recorded["details"]["count"], recorded["details"]["reason"]) == (2, "That system is gone.")
    with pytest.raises(NotFound) as unknown:
        await deliveries.dismiss_dead(company.database, manager, subscriber="nobody", reason="?")
    assert unknown.value.accepted == ("listener",)
    with pytest.raises(PermissionMissing):
        await deliveries.dismiss_dead(
            company.database, company.actor("agent_operator"), subscriber="listener", reason="?"
        )


@pytest.mark.row("N6")
async def test_what_a_dead_worker_held_is_taken_up_when_its_lease_ends_and_not_before(company, other_replica):
    gate, healthy = Gate(), Subscriber()
    doomed = Subscriber(then=gate)
    async with dispatching((company.database, [doomed])) as running:
        await happen(company, "request:1", 1, 2)
        await until(settled(company, "pending", "pending"), *running)
        await until(lambda: gate.waiting, *running)
    # its process is gone: nothing was written back
    assert sorted((await states(company)), key=str) == [("pending", 0, None), ("pending", 1, None)]
    async with dispatching((other_replica, [healthy])) as running:
        await until_idle(*running)
        assert healthy.got == []
        company.advance(minutes=5)
        await until(settled(company, "done", "done"), *running)
    assert [(number, attempt) for _tenant, _subject, number, attempt in healthy.got] == [(1, 2), (2, 1)]


@pytest.mark.row("N6")
async def test_a_worker_that_lost_its_lease_does_not_write_over_its_successor(company, other_replica):
    slow, fast = Gate(), Gate()
    async with dispatching((company.database, [Subscriber(then=slow)])) as (first,):
        await happen(company)
        await until(lambda: slow.waiting, first)
        company.advance(minutes=5)  # it looked dead
        async with dispatching((other_replica, [Subscriber(then=fast)])) as (second,):
            await until(lambda: fast.waiting, second)
            slow.let_one_through()
            await first.stop()
            assert await states(company) == [("pending", 2, None)]
            fast.let_one_through()
            await until(settled(company, "done"), second)
    assert await states(company) == [("done", 2, None)]


@pytest.mark.row("N6")
async def test_a_dispatcher_takes_nothing_twice_that_it_has_under_way_although_time_has_jumped(company):
    gate = Gate()
    listener = Subscriber(then=gate)
    async with dispatching((company.database, [listener])) as running:
        await happen(company)
        await until(lambda: gate.waiting, *running)
        company.advance(days=30)
        await until_idle(*running)
        gate.let_one_through()
        await until(settled(company, "done"), *running)
    assert len(listener.got) == 1


@pytest.mark.row("T4")
async def test_one_tenant_s_backlog_does_not_starve_another(company):
    """Every place is taken by the first tenant's slow deliveries; the next free one goes to the second tenant."""
    neighbour = await found_company(company.database, company.clock, TenantPolicy(tenant_id="northwind"), roles=())
    gate = Gate()
    async with dispatching((company.database, [Subscriber(then=gate, places=CONCURRENCY)])) as running:
        for number in range(CONCURRENCY * 3):
            await happen(company, f"request:{number}")
        await until(lambda: len(gate.waiting) == CONCURRENCY, *running)
        company.advance(seconds=1)
        await happen(neighbour)
        await until(settled(neighbour, "pending"), *running)
        gate.let_one_through()
        await until(lambda: len(gate.waiting) == CONCURRENCY, *running)
        assert [tenant for tenant, _opened in gate.waiting].count("northwind") == 1


@pytest.mark.row("N6")
async def test_a_dispatcher_that_is_woken_as_it_is_told_to_stop_stops(company):
    for _ in range(20):
        dispatcher = Dispatcher(company.database, [])
        dispatcher.start()
        await until_idle(dispatcher)
        await dispatcher.wake()
        async with asyncio.timeout(PATIENCE_S):
            await dispatcher.stop()


@pytest.mark.row("N6")
async def test_an_outbox_that_falls_behind_says_so(company):
    dispatcher = Dispatcher(company.database, [])
    await dispatcher.check_lag()
    await happen(company)
    company.advance(seconds=60)
    await dispatcher.check_lag()
    company.advance(seconds=1)
    with pytest.raises(Unavailable, match="The outbox is 61 s behind"):
        await dispatcher.check_lag()


async def until_idle(*running):
    """Returns once each dispatcher has looked at least twice from now on: what it has not taken, it does not want.

    And has kept what failed, which waits a moment for others that fail.
    """
    async with asyncio.timeout(PATIENCE_S):
        for dispatcher in running:
            looked = 0
            step = dispatcher._step

            async def counted(step=step):
                nonlocal looked
                result = await step()
                looked += 1
                return result

            dispatcher._step = counted
            while looked < 2 or dispatcher._failing._task is not None:
                await dispatcher.wake()
                await asyncio.sleep(0.005)
            dispatcher._step = step


async def test_events_of_one_subject_have_positions_in_the_order_of_their_commits(company):
    """The row lock of the subject makes it so: votes and comments at once never swap."""
    await happen(company, "request:1", *range(5))
    async with company.database.tenant(company.tenant) as tx:
        found = await tx.connection.execute(text("SELECT data->>'number' FROM outbox_events ORDER BY position"))
        assert list(found.scalars()) == ["0", "1", "2", "3", "4"]
