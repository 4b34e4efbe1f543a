"""Each minute of each service is taken once, whatever the number of replicas and whoever dies in between.

What Prometheus counted and how far we are is written together. A look that fails is made again in the next minute, for
all the minutes that are missing by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import Counter

from connectors.monitoring.base import ConnectorError, NotSent, Throttled
from connectors.monitoring.prometheus.asking import CONCURRENT, SLUG, Prometheus
from connectors.monitoring.prometheus.services_file import Counters
from core.db import Database
from core.errors import CountersignError, Unavailable
from core.ids import TenantId
from core.sla import SETTLED, Sampler, minutes_due, source_marks

LOOKS: Final = Counter(
    "countersign_prometheus_looks_total", "Times that a Prometheus was asked what a service did", ["result"]
)

LEFT_ALONE: Final = timedelta(seconds=30)  # which ends before the next look

log = structlog.get_logger()


class PrometheusDesk:
    """One tenant's Prometheus and the services that it counts."""

    def __init__(
        self, tenant: TenantId, system: Prometheus, services: Sequence[Counters], database: Database, sampler: Sampler
    ) -> None:
        self.tenant = tenant
        self.system = system
        self._services = services
        self._database = database
        self._sampler = sampler
        self._turns = asyncio.Semaphore(CONCURRENT)
        self._quiet_until: datetime | None = None  # it asked us to wait, or does not answer

    async def look(self) -> None:
        """Every service's minutes that are over are taken, or why not is logged. Raises Unavailable."""
        now = self._database.clock.now()
        if self._is_quiet(now):
            return
        marks = await source_marks(self._database, self.tenant, SLUG)
        await asyncio.gather(*(self._look_at(each, marks.get(each.service), now) for each in self._services))

    async def _look_at(self, of: Counters, known: int | None, now: datetime) -> None:
        """One service's trouble must not keep the others from being asked."""
        asked = minutes_due(known, now)
        if not asked:
            return
        async with self._turns:
            if self._is_quiet(now):
                return
            try:
                result = await self._take(of, known, asked)
            except ConnectorError as exc:
                result = "failed"
                log.warning("prometheus_look_failed", tenant_id=self.tenant, service=of.service, reason=exc.reason)
                if isinstance(exc, Throttled):
                    self._quiet_until = now + timedelta(seconds=exc.retry_after_s)
                elif isinstance(exc, NotSent):  # it is the server: each service would wait for as long, in vain
                    self._quiet_until = now + LEFT_ALONE
            except CountersignError as exc:
                result = "failed"
                log.warning(
                    "prometheus_counts_not_taken", tenant_id=self.tenant, service=of.service, reason=exc.message
                )
        LOOKS.labels(result).inc()

    def _is_quiet(self, now: datetime) -> bool:
        return self._quiet_until is not None and now < self._quiet_until

    async def _take(self, of: Counters, known: int | None, asked: range) -> str:
        minutes = await self.system.minutes(of, asked)
        until = asked.stop
        if not await self._sampler.take_counted(
            self.tenant, SLUG, of.service, known=known, until=until, minutes=minutes
        ):
            return "elsewhere"
        if known is not None and known < asked.start:
            missed = asked.start - known
            log.warning("prometheus_minutes_missed", tenant_id=self.tenant, service=of.service, minutes=missed)
        return "done"


class PrometheusPoller:
    """Asks every Prometheus once a minute, as soon as the last one is over, until stopped."""

    def __init__(self, desks: Sequence[PrometheusDesk]) -> None:
        self._desks = desks
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """From now on, once a minute."""
        if self._desks:
            second = int(SETTLED.total_seconds()) + 1  # a timer that is early would miss the minute
            for desk in self._desks:  # a job for each: one that hangs delays no other
                self._scheduler.add_job(
                    self._looked, "cron", args=[desk], second=second, coalesce=True, max_instances=1
                )
            self._scheduler.start()

    async def stop(self) -> None:
        """Nobody is asked any more; what was asked and is not written is asked again."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # it shuts down in the loop's next turn

    async def _looked(self, desk: PrometheusDesk) -> None:
        try:
            await desk.look()
        except Unavailable:
            log.warning("prometheus_looks_postponed", reason="database unavailable")
        except Exception:
            log.exception("prometheus_look_broken", tenant_id=desk.tenant)
