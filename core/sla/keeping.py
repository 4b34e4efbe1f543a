"""How long what was measured is kept, and forgetting it (S2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from core.db import SystemTransaction, Transaction
from core.sla import sample_store
from core.sla.series import minute_of

OWN: Final = "countersign"  # the service that our own operations are: it speaks when it is asked
SAMPLES_KEPT: Final = timedelta(days=8)  # exact percentiles of up to a week
MINUTES_KEPT: Final = timedelta(days=37)  # a month's edges, and late samples
HOURS_KEPT: Final = timedelta(days=400)  # a year, and the month before it
OLDEST: Final = timedelta(days=35)  # a sample that is taken: the month before can be filled in
LATEST_AHEAD: Final = timedelta(minutes=5)  # how far a machine's clock may be fast


async def drop_old_samples(tx: SystemTransaction) -> int:
    """The days of samples and labels that nobody asks for any more are gone, every tenant's; how many parts they had.

    An hour later than they could, since whoever writes a sample of just that age has chosen its day already.
    """
    return await sample_store.drop_days(tx, before=tx.now - SAMPLES_KEPT - timedelta(hours=1))


async def forget_old_slices(tx: Transaction) -> None:
    """The minutes and hours that have been kept long enough are gone."""
    await sample_store.forget_before(tx, minutes=minute_of(tx.now - MINUTES_KEPT), hours=minute_of(tx.now - HOURS_KEPT))
