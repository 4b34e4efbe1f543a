"""Countersign's own operations as a service like any other: how fast and how surely the gate decides (S2).

What is noted waits in memory for seconds; a process that dies loses that much, and no decision.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from typing import Final

import structlog

from core.db import Database
from core.errors import CountersignError
from core.ids import TenantId
from core.sla.keeping import OWN
from core.sla.sample_store import Sample
from core.sla.sampling import SAMPLES_MAX, Sampler

EVERY_S: Final = 5.0

log = structlog.get_logger()


class OwnOperations:
    """Notes operations, and gives them to the sampler from time to time."""

    def __init__(self, database: Database, sampler: Sampler) -> None:
        self._database = database
        self._sampler = sampler
        self._noted: dict[TenantId, list[Sample]] = defaultdict(list)
        self._task: asyncio.Task[None] | None = None

    def note(self, tenant: TenantId, seconds: float, *, action: str, success: bool) -> None:
        """One operation has ended now. Beyond what one call takes, nothing more is noted until the next."""
        noted = self._noted[tenant]
        if len(noted) < SAMPLES_MAX:
            noted.append(Sample(OWN, self._database.clock.now(), seconds, success, (("action", action),)))

    def start(self) -> None:
        """From now on, every few seconds."""
        self._task = asyncio.create_task(self._run(), name="own-operations")

    async def stop(self) -> None:
        """What was noted is given."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.give()

    async def give(self) -> None:
        """What was noted is with the sampler; what it does not take is lost, and said."""
        noted, self._noted = self._noted, defaultdict(list)
        for tenant, samples in noted.items():
            try:
                await self._sampler.take_own(tenant, samples)
            except CountersignError as exc:
                log.warning("own_operations_lost", tenant_id=tenant, count=len(samples), reason=exc.message)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self.give()
