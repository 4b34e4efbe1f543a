"""Work by the clock that belongs to no subject: what has expired is removed."""

from __future__ import annotations

from datetime import UTC
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from core import idempotency
from core.automation import purge_runs
from core.db import Database
from core.errors import Unavailable
from core.monitoring import purge_messages
from core.pictures import purge_pictures
from core.preferences import purge_tellings
from core.sla import drop_old_samples, forget_old_slices
from core.tenants import tenant_ids

PERIOD_MINUTES: Final = 60
JITTER_S: Final = 300  # replicas take turns

log = structlog.get_logger(__name__)


class Housekeeping:
    """Runs in every worker; doing it twice does no harm."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """From now on, once an hour."""
        self._scheduler.add_job(self.clean, "interval", minutes=PERIOD_MINUTES, jitter=JITTER_S, coalesce=True)
        self._scheduler.start()

    def stop(self) -> None:
        """Nothing is cleaned any more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def clean(self) -> int:
        """What has had its time is gone: keys, tellings, runs of rules, pictures, samples; how many keys."""
        try:
            async with self._database.system() as tx:
                removed = await idempotency.purge(tx)
            for tenant in await tenant_ids(self._database):
                async with self._database.tenant(tenant) as own:
                    await purge_tellings(own)
                    await purge_runs(own)
                    await purge_messages(own)
                    await purge_pictures(own)
                    await forget_old_slices(own)
            async with self._database.system() as tx:
                dropped = await drop_old_samples(tx)
        except Unavailable:
            log.warning("housekeeping_postponed", reason="database unavailable")
            return 0
        if dropped:
            log.info("sample_parts_dropped", count=dropped)
        if removed:
            log.info("idempotency_keys_purged", count=removed)
        return removed
