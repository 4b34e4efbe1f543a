"""Each night the ledger is looked through for what could cost less (C6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import structlog

from core.costs import RateCatalogue
from core.db import Transaction
from core.deadlines import DeadlineHandler, Due, set_deadline
from core.finance.advising import look
from core.tenants import COST_ADVICE

HOUR: Final = 3  # UTC: after the sums were compared with the ledger
log = structlog.get_logger()


class NightlyAdvice:
    """Finds recommendations of every tenant."""

    def __init__(self, rates: RateCatalogue) -> None:
        self._rates = rates

    @property
    def deadlines(self) -> Mapping[str, DeadlineHandler]:
        """What runs when a look is due."""
        return {COST_ADVICE: self._look}

    async def _look(self, tx: Transaction, due: Due) -> None:
        found = await look(tx, self._rates)
        log.info("recommendations_looked_for", tenant_id=tx.tenant, found=found)
        at = tx.now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
        await set_deadline(tx, due.subject, COST_ADVICE, at if at > tx.now else at + timedelta(days=1))
