"""The loop that routes events to subscribers and delivers them.

Woken by LISTEN/NOTIFY, and by itself every few seconds. Any number of replicas run one each: claims are leases taken
with SKIP LOCKED, so no two attempt the same delivery at once. A delivery is marked done after its subscriber returns:
a crash in between delivers again, which is why subscribers are idempotent.
"""

from __future__ import annotations

import asyncio
import random  # noqa: TID251  jitter: chance, and no secret
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from prometheus_client import Counter, Gauge, Histogram

from core.db import Database
from core.errors import Unavailable
from core.outbox import store
from core.outbox.events import Event
from core.outbox.retry import Permanent, RetryPolicy, Throttle
from core.outbox.store import Claim

log = structlog.get_logger()

IDLE_S: Final = 2.0
LEASE: Final = timedelta(seconds=9)  # renewed every third of it
BATCH: Final = 32
CONCURRENCY: Final = 16
WAIT_MAX_S: Final = 3600.0  # whoever names a longer time is asked again after this
ERROR_MAX: Final = 500  # characters of a failure kept with the delivery

LAG_MAX_S: Final = 60.0
LAG_SECONDS = Gauge("countersign_outbox_lag_seconds", "Age of the oldest event that is not routed yet")
DELIVERIES = Counter("countersign_outbox_deliveries_total", "Delivery attempts", ["subscriber", "result"])
DELIVERY_SECONDS = Histogram("countersign_outbox_delivery_seconds", "Time of one delivery attempt", ["subscriber"])


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to hear of which event types, and how often to try."""

    name: str
    types: frozenset[str]
    deliver: Callable[[Event], Awaitable[None]]
    retry: RetryPolicy = field(default_factory=RetryPolicy)


class Dispatcher:
    """Routes and delivers until stopped."""

    def __init__(self, database: Database, subscriptions: Sequence[Subscription]) -> None:
        self._database = database
        self._subscriptions: Mapping[str, Subscription] = {entry.name: entry for entry in subscriptions}
        self._wanted = {entry.name: entry.types for entry in subscriptions}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._in_flight: dict[asyncio.Task[None], str] = {}  # with the delivery key
        self._chance = random.Random()  # noqa: S311  jitter, not a secret

    async def wake(self, _payload: str = "") -> None:
        """The loop looks again at once."""
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

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                busy = await self._step()
            except Unavailable:
                busy = False  # the database is away: reported by readiness, retried below
            except Exception:
                log.exception("dispatcher_step_failed")
                busy = False
            if not busy:
                with suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_S):  # wait_for would lose a cancellation that meets a wake-up
                        await self._wake.wait()

    async def _step(self) -> bool:
        async with self._database.system() as tx:
            routed = await store.route(tx, self._wanted)
        room = CONCURRENCY - len(self._in_flight)
        claims: tuple[Claim, ...] = ()
        if room > 0:
            async with self._database.system() as tx:
                claims = await store.claim(
                    tx,
                    list(self._subscriptions),
                    held=list(self._in_flight.values()),
                    limit=min(room, BATCH),
                    lease=LEASE,
                )
        for claim in claims:
            task = asyncio.create_task(self._attempt(claim))
            self._in_flight[task] = claim.event.delivery_key(claim.subscriber)
            task.add_done_callback(self._finished)
        return bool(routed or claims)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._in_flight.pop(task, None)
        self._wake.set()  # the next delivery of that subject may go now
        if not task.cancelled() and (error := task.exception()):
            log.error("delivery_result_not_stored", error=repr(error))

    async def _attempt(self, claim: Claim) -> None:
        subscription = self._subscriptions[claim.subscriber]
        structlog.contextvars.bind_contextvars(
            tenant_id=claim.event.tenant, delivery_key=claim.event.delivery_key(claim.subscriber)
        )
        try:
            with DELIVERY_SECONDS.labels(claim.subscriber).time():
                async with asyncio.timeout(subscription.retry.timeout_s), self._kept(claim):
                    await subscription.deliver(claim.event)
        except Permanent as exc:
            await self._bury(claim, str(exc))
        except Throttle as exc:
            await self._wait(claim, exc)
        except Exception as exc:  # noqa: BLE001  the loop's edge: whatever a subscriber raises is retried or buried
            await self._retry(claim, subscription.retry, exc)
        else:
            async with self._database.system() as tx:
                await store.finish(tx, claim)
            DELIVERIES.labels(claim.subscriber, "done").inc()

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

    async def _retry(self, claim: Claim, policy: RetryPolicy, exc: Exception) -> None:
        reason = f"{type(exc).__name__}: {exc}"
        delay_s = policy.delay_s(claim.event.attempt - claim.throttled, chance=self._chance.random())
        if delay_s is None:
            await self._bury(claim, reason)
            return
        log.warning(
            "delivery_failed",
            subscriber=claim.subscriber,
            event_type=claim.event.type,
            attempt=claim.event.attempt,
            retry_in_s=round(delay_s, 1),
            error=reason[:ERROR_MAX],
        )
        await self._postpone(claim, delay_s, reason)

    async def _postpone(self, claim: Claim, delay_s: float, reason: str) -> None:
        async with self._database.system() as tx:
            await store.postpone(tx, claim, tx.now + timedelta(seconds=delay_s), reason[:ERROR_MAX])
        DELIVERIES.labels(claim.subscriber, "postponed").inc()

    async def _wait(self, claim: Claim, asked: Throttle) -> None:
        until = timedelta(seconds=min(asked.retry_after_s, WAIT_MAX_S))
        async with self._database.system() as tx:
            await store.wait(tx, claim, tx.now + until, str(asked))
        DELIVERIES.labels(claim.subscriber, "throttled").inc()

    async def _bury(self, claim: Claim, reason: str) -> None:
        log.error("delivery_dead", subscriber=claim.subscriber, event_type=claim.event.type, error=reason[:ERROR_MAX])
        async with self._database.system() as tx:
            await store.bury(tx, claim, reason[:ERROR_MAX])
        DELIVERIES.labels(claim.subscriber, "dead").inc()
