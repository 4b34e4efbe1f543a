"""Each night sums are compared with the ledger, and whoever must know of a difference is told (C10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import structlog
from prometheus_client import Counter

from core.costs.comparing import compare_changed
from core.db import Transaction
from core.deadlines import DeadlineHandler, Due, set_deadline
from core.tenants import COST_CHECK

HOUR: Final = 2  # UTC
DIFFERENCES = Counter("countersign_costs_differences_total", "Sums of costs that were not those of the ledger")

log = structlog.get_logger()


async def _check(tx: Transaction, due: Due) -> None:
    check = await compare_changed(tx)
    if not check.is_sound:
        DIFFERENCES.inc(check.differing)
        log.error("cost_sums_differ", tenant_id=tx.tenant, differing=check.differing, first=check.differences[:1])
    at = tx.now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    await set_deadline(tx, due.subject, COST_CHECK, at if at > tx.now else at + timedelta(days=1))


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {COST_CHECK: _check}
