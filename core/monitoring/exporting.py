"""Records of the trail are handed to the outbox in batches, each once and none left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from core.audit import last_position, positions_between, records_between
from core.db import Database, Transaction
from core.monitoring import store
from core.monitoring.events import AUDIT_DUE, SUBJECT
from core.monitoring.rules import Mark, Sight, after_look
from core.outbox import Event, emit

KIND: Final = "audit"
BATCH: Final = 200  # records in one event
AT_ONCE: Final = 50 * BATCH  # handed on at one look
_LINE: Final = f"{SUBJECT}:{UUID(int=0)}"  # one line of deliveries: the trail arrives in its order


async def export_audit(tx: Transaction) -> int:
    """What is complete of the trail since the last look has events; how many records. Begins with what comes next."""
    row = await store.hold_mark(tx, KIND)
    if row is None:
        if not await store.has_mark(tx, KIND):
            await store.begin_mark(tx, KIND, position=await last_position(tx))
        return 0
    mark = Mark(row.position, row.seen, row.horizon)
    newest = await last_position(tx)
    oldest, upcoming = await store.transactions(tx)
    moved, complete = after_look(mark, Sight(newest, oldest, upcoming))
    count = 0
    if complete is not None:
        positions = await positions_between(tx, after=mark.position, until=complete, limit=AT_ONCE)
        count = len(positions)
        after = mark.position
        for begin in range(0, count, BATCH):
            until = positions[min(begin + BATCH, count) - 1]
            await emit(tx, subject=_LINE, type=AUDIT_DUE, data={"after": after, "until": until})
            after = until
        if count == AT_ONCE:  # the rest at the next look
            moved = Mark(after, mark.seen, mark.horizon)
    if moved != mark:
        await store.move_mark(tx, KIND, position=moved.position, seen=moved.seen, horizon=moved.horizon)
    return count


async def audit_batch(database: Database, event: Event) -> tuple[Mapping[str, Any], ...]:
    """The records that an AUDIT_DUE event speaks of, the same at every attempt."""
    async with database.tenant(event.tenant) as tx:
        return await records_between(tx, after=int(event.data["after"]), until=int(event.data["until"]))
