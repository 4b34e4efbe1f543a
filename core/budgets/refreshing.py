"""What is shown of a budget between its alerts is kept current: once a minute, where it is another by then (B5).

Whoever counts charges does nothing for it. From a budget's first alert in a period on, a deadline of the tenant's looks
at all such budgets once a minute, and tells of those whose percentage is another than at the look before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from core.budgets import store
from core.budgets.alerting import described
from core.budgets.events import BudgetEvent
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, has_deadline, set_deadline
from core.outbox import Event, emit_all
from core.tenants import THE_TENANT

REFRESH: Final = "budgets.refresh"
EVERY: Final = timedelta(minutes=1)
ALERTS: Final = frozenset({BudgetEvent.THRESHOLD_REACHED.value, BudgetEvent.FORECAST_EXCEEDED.value})


async def keep_current(database: Database, event: Event) -> None:
    """The tenant's budgets are looked at again in a minute, now that people were told of one."""
    async with database.tenant(event.tenant) as tx:
        await store.hold_shown(tx)  # else a look that just ends could end the looking
        if not await has_deadline(tx, THE_TENANT, REFRESH):
            await set_deadline(tx, THE_TENANT, REFRESH, tx.now + EVERY)


async def refresh(tx: Transaction, due: Due) -> None:
    """What has moved since it was shown is told of; there is another look while such a period runs."""
    await store.hold_shown(tx)
    before: Mapping[str, Any] = due.data.get("shown", {})
    shown: dict[str, Any] = {}
    moved: dict[str, Mapping[str, Any]] = {}
    for budget, standing in await store.with_standing(tx, at=tx.now):
        key, period = str(budget.id), standing.window.starts_at.isoformat()
        was = before.get(key, {})
        if not standing.alerted and was.get("period") != period:
            continue  # there is no message of this period
        shown[key] = {"period": period, "percent": str(standing.percent)}
        if shown[key] != was:
            moved[f"budget:{budget.id}"] = described(budget, standing)
    await emit_all(tx, type=BudgetEvent.MOVED, of=moved)
    if shown:
        await set_deadline(tx, THE_TENANT, REFRESH, tx.now + EVERY, data={"shown": shown})


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {REFRESH: refresh}
