"""The loop that routes events to subscribers and delivers them.

Woken by LISTEN/NOTIFY, and by itself every few seconds. Any number of replicas run one each: claims are leases taken
with SKIP LOCKED, so no two attempt the same delivery at once. A delivery is marked done after its subscriber returns:
a crash in between delivers again, which is why subscribers are idempotent.
"""

from __future__ import annotations

import asyncio
import random  # noqa: TID251  jitter: chance, and no secret
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import text

from core.db import Database
from core.db.transaction import SystemTransaction
from core.errors import CountersignError, Unavailable
from core.ids import TenantId
from core.outbox import store
from core.outbox.breaker import BreakerPolicy, Flow
from core.outbox.destinations import FailureNote, note_failures, note_refusal, note_wait
from core.outbox.events import Event
from core.outbox.finishing import Finishing
from core.outbox.retry import Again, Permanent, RetryPolicy, Throttle, asked_wait_s
from core.outbox.store import Claim, Served
from core.redaction import without_secrets
from core.tracing import TRACES, Span, SpanKind

log = structlog.get_logger()

IDLE_S: Final = 2.0
LEASE: Final = timedelta(seconds=9)  # renewed every third of it
CONCURRENCY: Final = 64  # attempts of one process; they wait for others most of the time
PLACES: Final = 4  # of them for one destination, over all processes
FAILURES_LINGER_S: Final = 0.05  # that a failure waits for others, so that who fails costs the others little
ERROR_MAX: Final = 500  # characters of a failure kept with the delivery

LAG_MAX_S: Final = 60.0
MEASURE_EVERY_S: Final = 15.0
WAITING = Gauge("countersign_outbox_waiting", "Deliveries that wait, or are dead", ["subscriber", "state"])
EVENTS = Counter(
    "countersign_events_total", "Things that happened, as they were handed to those who hear of them", ["type"]
)
LAG_SECONDS = Gauge("countersign_outbox_lag_seconds", "Age of the oldest event that is not routed yet")
CIRCUITS_OPENED = Counter(
    "countersign_outbox_circuits_opened_total", "Times that a destination was left alone after failures", ["subscriber"]
)
DELIVERIES = Counter("countersign_outbox_deliveries_total", "Delivery attempts", ["subscriber", "result"])
DELIVERY_SECONDS = Histogram("countersign_outbox_delivery_seconds", "Time of one delivery attempt", ["subscriber"])


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to hear of which event types, how often to try, and how many at once for one tenant.

    With `deliver_many`, events of one subject that wait together are delivered together, and again as the same ones.
    """

    name: str
    types: frozenset[str]
    deliver: Callable[[Event], Awaitable[None]]
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    places: int = PLACES
    deliver_many: Callable[[Sequence[Event]], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class _Failure:
    """An attempt that failed: why, and in how many seconds it is repeated; None if never."""

    claim: Claim
    breaker: BreakerPolicy
    reason: str
    delay_s: float | None
    chance: float


class Dispatcher:
    """Routes and delivers until stopped."""

    def __init__(self, database: Database, subscriptions: Sequence[Subscription]) -> None:
        self._database = database
        self._subscriptions: Mapping[str, Subscription] = {entry.name: entry for entry in subscriptions}
        self._wanted = {entry.name: entry.types for entry in subscriptions}
        self._served = [
            Served(entry.name, entry.places, entry.breaker, entry.deliver_many is not None) for entry in subscriptions
        ]
        self._noted: frozenset[tuple[TenantId, str]] = frozenset()
        self._finishing = Finishing[Claim](database, store.finish)
        self._failing = Finishing[_Failure](database, _keep_failures, linger_s=FAILURES_LINGER_S)
        self._wake = asyncio.Event()
        self._measured_at = float("-inf")
        self._has_news = True  # something may have happened that is not routed
        self._task: asyncio.Task[None] | None = None
        self._in_flight: dict[asyncio.Task[bool], Claim] = {}
        self._chance = random.Random()  # noqa: S311  jitter, not a secret

    async def wake(self, _payload: str = "") -> None:
        """Something may have happened: the loop looks again at once."""
        self._has_news = True
        self._wake.set()

    def start(self) -> None:
        """Routing and delivering have begun, in a task of their own."""
        self._task = asyncio.create_task(self._run(), name="dispatcher")

    async def stop(self, *, grace_s: float = 10.0) -> None:
        """No new delivery begins; those under way had `grace_s` seconds to end. Leases bring back the rest."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._in_flight:
            _done, late = await asyncio.wait(self._in_flight, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def check_lag(self) -> None:
        """Returns if the oldest event still to be routed is young; raises Unavailable otherwise (readiness)."""
        async with self._database.system() as tx:
            oldest = await store.oldest_unrouted(tx)
            lag_s = (tx.now - oldest).total_seconds() if oldest else 0.0
        LAG_SECONDS.set(max(0.0, lag_s))
        if lag_s > LAG_MAX_S:
            raise Unavailable(f"The outbox is {lag_s:.0f} s behind.")

    async def _measure(self) -> None:
        """Now and then, what waits and how late the oldest is can be read at /metrics."""
        moment = asyncio.get_running_loop().time()
        if moment - self._measured_at < MEASURE_EVERY_S:
            return
        self._measured_at = moment
        async with self._database.system() as tx:
            oldest, waiting = await store.oldest_unrouted(tx), await store.waiting(tx, list(self._subscriptions))
        LAG_SECONDS.set(max(0.0, (tx.now - oldest).total_seconds()) if oldest else 0.0)
        for (subscriber, state), count in waiting.items():
            WAITING.labels(subscriber, state).set(count)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                busy = await self._step()
                await self._measure()
            except Unavailable:
                busy = False  # the database is away: reported by readiness, retried below
            except Exception:
                log.exception("dispatcher_step_failed")
                busy = False
            if not busy:
                with suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_S):  # wait_for would lose a cancellation that meets a wake-up
                        await self._wake.wait()
                        continue
                self._has_news = True  # what nobody told us of

    async def _step(self) -> bool:
        """Whether there may be more to do at once; what waits for a place is looked at when one becomes free."""
        room = CONCURRENCY - len(self._in_flight)
        claims: tuple[Claim, ...] = ()
        news, self._has_news = self._has_news, False
        routed = store.NOTHING_ROUTED
        try:
            async with self._database.queue() as tx:
                if news:
                    routed = await store.route(tx, self._wanted, self._noted)
                if room > 0:
                    held = [each.event.delivery_key(each.subscriber) for each in self._in_flight.values()]
                    claims = await store.claim(tx, self._served, held=held, limit=room, lease=LEASE)
        except BaseException:
            self._has_news = news or self._has_news
            raise
        for type_, count in routed.types.items():
            EVENTS.labels(type_).inc(count)
        self._noted |= routed.met
        self._has_news |= routed.count >= store.ROUTE_BATCH
        for claim in claims:
            task = asyncio.create_task(self._attempt(claim))
            self._in_flight[task] = claim
            task.add_done_callback(self._finished)
        return self._has_news or 0 < room == len(claims)

    def _finished(self, task: asyncio.Task[bool]) -> None:
        claim = self._in_flight.pop(task)
        error = None if task.cancelled() else task.exception()
        if error:
            log.error("delivery_result_not_stored", error=repr(error))
        # Looking is what costs the others most: after an attempt that ended in waiting, nothing is free that was not,
        # but a place where all were taken.
        if task.cancelled() or error or task.result() or self._was_full(claim):
            self._wake.set()

    def _was_full(self, ended: Claim) -> bool:
        """Whether others may have waited for the place that this attempt had."""
        beside = (each for each in self._in_flight.values() if each.subscriber == ended.subscriber)
        taken = 1 + sum(each.tenant == ended.tenant for each in beside)
        return taken >= self._subscriptions[ended.subscriber].places or len(self._in_flight) + 1 >= CONCURRENCY

    async def _attempt(self, claim: Claim) -> bool:
        """Whether the next delivery of that subject may go now."""
        subscription = self._subscriptions[claim.subscriber]
        structlog.contextvars.bind_contextvars(
            tenant_id=claim.tenant, delivery_key=claim.event.delivery_key(claim.subscriber)
        )
        try:
            with DELIVERY_SECONDS.labels(claim.subscriber).time(), _traced(claim):
                async with asyncio.timeout(subscription.retry.timeout_s), self._kept(claim):
                    if subscription.deliver_many is None:
                        await subscription.deliver(claim.event)
                    else:
                        await subscription.deliver_many(claim.events)
        except Permanent as exc:
            await self._give_up(claim, without_secrets("", str(exc)))
        except Throttle as exc:
            await self._wait(claim, exc)
            return False
        except Exception as exc:  # noqa: BLE001  the loop's edge: whatever a subscriber raises is retried or buried
            return await self._retry(claim, subscription, exc)
        else:
            await self._finishing.keep(claim)
            DELIVERIES.labels(claim.subscriber, "done").inc()
        return True

    @asynccontextmanager
    async def _kept(self, claim: Claim) -> AsyncIterator[None]:
        """The lease is renewed as long as the body runs: short enough that a dead worker's work is soon taken up."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(LEASE.total_seconds() / 3)
                with suppress(Unavailable):
                    async with self._database.system() as tx:
                        await store.renew(tx, claim, LEASE)

        heartbeat = asyncio.create_task(renew())
        try:
            yield
        finally:
            heartbeat.cancel()
            await asyncio.gather(heartbeat, return_exceptions=True)

    async def _give_up(self, claim: Claim, reason: str) -> None:
        if len(claim.events) == 1:
            await self._bury(claim, reason)
            return
        log.warning("deliveries_separated", subscriber=claim.subscriber, count=len(claim.events))
        async with self._database.system() as tx:
            await store.split(tx, claim, reason[:ERROR_MAX])

    async def _retry(self, claim: Claim, subscription: Subscription, exc: Exception) -> bool:
        """Whether it will never be tried again, so that the next of that subject may go."""
        reason = str(without_secrets("", _said(exc)))
        delay_s = subscription.retry.delay_s(claim.event.attempt - claim.throttled, chance=self._chance.random())
        failure = _Failure(claim, subscription.breaker, reason[:ERROR_MAX], delay_s, self._chance.random())
        if delay_s is not None:
            log.warning(
                "delivery_failed",
                subscriber=claim.subscriber,
                event_type=claim.event.type,
                attempt=claim.event.attempt,
                retry_in_s=round(delay_s, 1),
                error=failure.reason,
            )
        else:
            _log_dead(claim, failure.reason)
        await self._failing.keep(failure)
        DELIVERIES.labels(claim.subscriber, "dead" if delay_s is None else "postponed").inc()
        return delay_s is None

    async def _wait(self, claim: Claim, asked: Throttle) -> None:
        wait = timedelta(seconds=asked_wait_s(asked.retry_after_s, chance=self._chance.random()))
        async with self._database.system() as tx:
            await store.wait(tx, claim, tx.now + wait, str(asked))
            if not asked.spares_others:
                await note_wait(tx, claim.tenant, claim.subscriber, until=tx.now + wait, reason=str(asked))
        DELIVERIES.labels(claim.subscriber, "throttled").inc()

    async def _bury(self, claim: Claim, reason: str) -> None:
        _log_dead(claim, reason[:ERROR_MAX])
        async with self._database.system() as tx:
            await note_refusal(tx, claim.tenant, claim.subscriber, reason=reason[:ERROR_MAX])
            await store.bury(tx, claim, reason[:ERROR_MAX])
        DELIVERIES.labels(claim.subscriber, "dead").inc()


async def _keep_failures(tx: SystemTransaction, failures: Sequence[_Failure]) -> None:
    """Each is counted against its destination, and tried again later or dead.

    What a crash forgets of it is found again when its lease has run out, which is not worth waiting for the disk.
    """
    await tx.connection.execute(text("SET LOCAL synchronous_commit = off"))
    notes = [
        FailureNote(each.claim.tenant, each.claim.subscriber, each.breaker, each.reason, each.chance)
        for each in failures
    ]
    for failure, circuit in zip(failures, await note_failures(tx, notes), strict=True):
        claim, policy = failure.claim, failure.breaker
        if circuit.flow(policy, now=tx.now) is Flow.OPEN and circuit.failures == policy.failures:
            CIRCUITS_OPENED.labels(claim.subscriber).inc()
            log.warning(
                "circuit_opened",
                tenant_id=claim.tenant,
                subscriber=claim.subscriber,
                until=str(circuit.paused_until),
            )
        if failure.delay_s is None:
            await store.bury(tx, claim, failure.reason)
    postponed = [
        (each.claim, tx.now + timedelta(seconds=each.delay_s), each.reason)
        for each in failures
        if each.delay_s is not None
    ]
    if postponed:
        await store.postpone(tx, postponed)


def _traced(claim: Claim) -> AbstractContextManager[Span | None]:
    """One attempt as a span of its own."""
    return TRACES.span(
        f"deliver {claim.subscriber}",
        SpanKind.CONSUMER,
        subscriber=claim.subscriber,
        event_type=claim.event.type,
        attempt=claim.event.attempt,
        tenant=claim.tenant,
    )


def _said(exc: Exception) -> str:
    """What went wrong, for people; of what nobody foresaw its kind as well."""
    match exc:
        case Again():
            return str(exc)
        case CountersignError():
            return exc.sentence()
        case _:
            return f"{type(exc).__name__}: {exc}"


def _log_dead(claim: Claim, reason: str) -> None:
    log.error("delivery_dead", subscriber=claim.subscriber, event_type=claim.event.type, error=reason)
