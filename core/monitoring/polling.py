"""The clock of what monitoring systems are told. Any number of replicas run one each; each minute is one's alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from core.db import Database
from core.errors import Unavailable
from core.ids import TenantId
from core.monitoring.exporting import export_audit
from core.monitoring.measuring import measure
from core.sla import SlaCatalogue

TICK_S: Final = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a tenant's systems are to be told beside events."""

    metrics: bool = False
    audit: bool = False


class MonitoringPoller:
    """Looks after every tenant that has a monitoring system, until stopped."""

    def __init__(self, database: Database, wanted: Mapping[TenantId, Wanted], levels: SlaCatalogue) -> None:
        self._database = database
        self._wanted = wanted
        self._levels = levels
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """From now on, a look every second."""
        if any(each.metrics or each.audit for each in self._wanted.values()):
            self._scheduler.add_job(self.run_due, "interval", seconds=TICK_S, coalesce=True, max_instances=1)
            self._scheduler.start()

    async def stop(self) -> None:
        """Nothing is handed on any more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # it shuts down in the loop's next turn

    async def run_due(self) -> None:
        """Each tenant was looked after once."""
        for tenant, wanted in self._wanted.items():
            try:
                async with self._database.tenant(tenant) as tx:
                    if wanted.metrics:
                        await measure(tx, self._levels)
                    if wanted.audit:
                        await export_audit(tx)
            except Unavailable:
                log.warning("monitoring_look_postponed", reason="database unavailable")
            except Exception:
                log.exception("monitoring_look_broken", tenant_id=tenant)
