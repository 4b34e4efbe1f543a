"""Reads the calendars that are due. How bytes come over the network is somebody else's (`Fetch`).

A feed is claimed before it is read and settled after it, each in a transaction of its own: nothing is held while a
stranger's server answers. What cannot be read changes nothing that is known; its person sees why.
"""

from __future__ import annotations

import asyncio
import random  # noqa: TID251  only to spread the polls; a seeded one comes in by `chance`
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any, Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import Counter
from sqlalchemy import Row

from core.absences import rules, store
from core.absences.calendar import WORDS, read_absences
from core.absences.errors import FeedFailed, UnreadableCalendar
from core.absences.service import change
from core.access import directory
from core.db import Database, Transaction
from core.errors import Unavailable
from core.ids import TenantId, UserId
from core.tenants import tenant_ids, tenant_policy

TICK_S: Final = 20.0
BATCH: Final = 20  # feeds of a tenant that are read at once
LEASE: Final = timedelta(minutes=5)  # longer than any reading takes
REREAD_AFTER: Final = timedelta(hours=12)  # what lies ahead moves on, also in a calendar that does not change
HEADER_MAX: Final = 500  # characters of an ETag or date that are sent back; longer ones are not kept

POLLS = Counter("countersign_calendar_polls_total", "Calendar feeds read", ["result"])

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FeedQuestion:
    """What is asked of a feed."""

    address: str = field(repr=False)
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """A calendar, and how to ask for it the next time."""

    body: bytes = field(repr=False)
    etag: str | None = None
    last_modified: str | None = None


# None: it has not changed. Raises FeedFailed.
Fetch = Callable[[FeedQuestion], Awaitable[FeedAnswer | None]]


class CalendarPoller:
    """Reads what is due until stopped."""

    def __init__(
        self, database: Database, fetch: Fetch, *, every: timedelta, chance: Callable[[], float] | None = None
    ) -> None:
        self._database = database
        self._fetch = fetch
        self._every = every
        self._chance = chance or random.Random().random  # noqa: S311  jitter, not a secret
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """From now on, a look at what is due every few seconds."""
        self._scheduler.add_job(self.run_due, "interval", seconds=TICK_S, coalesce=True, max_instances=1)
        self._scheduler.start()

    async def stop(self) -> None:
        """No calendar is read any more; one under way is read again when its lease is over."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # it shuts down in the loop's next turn

    async def run_due(self) -> int:
        """Every calendar that is due has been asked once. Returns how many were."""
        asked = 0
        try:
            for tenant in await tenant_ids(self._database):
                while feeds := await self._claim(tenant):
                    asked += len(feeds)
                    async with asyncio.TaskGroup() as group:
                        for feed in feeds:
                            group.create_task(self._poll(tenant, feed))
        except Unavailable:
            log.warning("calendars_postponed", reason="database unavailable")
        except ExceptionGroup as failures:
            if failures.split(Unavailable)[1] is not None:
                raise
            log.warning("calendars_postponed", reason="database unavailable")
        return asked

    async def _claim(self, tenant: TenantId) -> list[Row[Any]]:
        async with self._database.tenant(tenant) as tx:
            active = (await directory(tx)).active
            claimed = await store.claim_due(tx, limit=BATCH, lease=LEASE)
            for feed in claimed:
                if feed.user_id not in active:  # somebody who has left; they may come back
                    await store.note_poll(tx, UserId(feed.user_id), next_poll_at=tx.now + rules.BACK_OFF_MAX)
            return [feed for feed in claimed if feed.user_id in active]

    async def _poll(self, tenant: TenantId, feed: Row[Any]) -> None:
        """One calendar's odd fault must not keep the others from being read."""
        try:
            await self._read(tenant, feed)
        except Unavailable:
            raise
        except Exception as exc:  # noqa: BLE001  the loop's edge; the text could hold the address, so its class is all
            log.error(  # noqa: TRY400  a traceback could hold the address
                "calendar_failed", user_id=str(feed.user_id), error=type(exc).__name__
            )
            await self._failed(tenant, feed, "It could not be read, for a reason of ours.")

    async def _read(self, tenant: TenantId, feed: Row[Any]) -> None:
        user = UserId(feed.user_id)
        async with self._database.tenant(tenant) as tx:
            zone = (await directory(tx)).people[user].time_zone
            words = (*WORDS, *(await tenant_policy(tx)).absence_words)
            since, until = tx.now, tx.now + rules.LOOK_AHEAD
            address = store.address_of(tx, feed)
        is_fresh = feed.read_until is not None and feed.read_until > until - REREAD_AFTER
        question = FeedQuestion(address, feed.etag if is_fresh else None, feed.last_modified if is_fresh else None)
        try:
            answer = await self._fetch(question)
            found = (
                None
                if answer is None
                else await asyncio.to_thread(read_absences, answer.body, zone, since=since, until=until, words=words)
            )
        except (FeedFailed, UnreadableCalendar) as exc:
            await self._failed(tenant, feed, str(exc))
            return
        async with self._database.tenant(tenant) as tx:
            if not await _is_same(tx, feed):
                return
            if answer is not None and found is not None:
                what = rules.reconcile(await store.live_of(tx, user), found, now=tx.now)
                await change(tx, user, what)
                read = {"etag": _kept(answer.etag), "last_modified": _kept(answer.last_modified), "read_until": until}
            else:
                read = {}
            due = rules.next_poll(tx.now, self._every, failures=0, chance=self._chance())
            await store.note_poll(tx, user, read_at=tx.now, failures=0, problem="", next_poll_at=due, **read)
        POLLS.labels("unchanged" if answer is None else "read").inc()

    async def _failed(self, tenant: TenantId, feed: Row[Any], problem: str) -> None:
        """What is known stays; the person sees the problem, and the feed is asked less often."""
        async with self._database.tenant(tenant) as tx:
            if not await _is_same(tx, feed):
                return
            failures = feed.failures + 1
            due = rules.next_poll(tx.now, self._every, failures=failures, chance=self._chance())
            await store.note_poll(tx, UserId(feed.user_id), failures=failures, problem=problem, next_poll_at=due)
        POLLS.labels("failed").inc()
        log.info("calendar_unreadable", user_id=str(feed.user_id), problem=problem, failures=failures)


async def _is_same(tx: Transaction, feed: Row[Any]) -> bool:
    """Whether the feed, now held, is still the one that was read: it may have been replaced or removed meanwhile."""
    now = await store.feed_of(tx, UserId(feed.user_id))
    return now is not None and store.address_of(tx, now) == store.address_of(tx, feed)


def _kept(header: str | None) -> str | None:
    """What can be stored and sent back; a stranger's server may say anything."""
    if header is None or len(header) > HEADER_MAX:
        return None
    return header if header.isascii() and header.isprintable() else None
