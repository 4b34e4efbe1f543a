"""How long what was measured is kept, and forgetting it (S2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from core.db import Transaction
from core.sla import sample_store
from core.sla.series import minute_of

OWN: Final = "countersign"  # the service that our own operations are: it speaks when it is asked
SAMPLES_KEPT: Final = timedelta(days=8)  # exact percentiles of up to a week
MINUTES_KEPT: Final = timedelta(days=37)  # a month's edges, and late samples
HOURS_KEPT: Final = timedelta(days=400)  # a year, and the month before it
OLDEST: Final = timedelta(days=35)  # a sample that is taken: the month before can be filled in
LATEST_AHEAD: Final = timedelta(minutes=5)  # how far a machine's clock may be fast


async def forget_old_samples(tx: Transaction) -> None:
    """What has been kept long enough is gone."""
    await sample_store.forget_before(
        tx,
        sampled=tx.now - SAMPLES_KEPT,
        minutes=minute_of(tx.now - MINUTES_KEPT),
        hours=minute_of(tx.now - HOURS_KEPT),
    )
