"""What ends with a bypass, whoever ends it."""

from __future__ import annotations

from uuid import UUID

from core.db import Transaction
from core.deadlines import clear
from core.emergency import store
from core.emergency.extending import lapse_extension
from core.emergency.holding import COUNT_DOWN, EXPIRY


async def finish(tx: Transaction, bypass_id: UUID, *, state: str = "ended") -> None:
    """The bypass allows nothing any more, and no extension of it waits."""
    await store.change(tx, bypass_id, state=state, ended_at=tx.now)
    await clear(tx, bypass_id, kind=EXPIRY)
    await clear(tx, bypass_id, kind=COUNT_DOWN)
    await lapse_extension(tx, bypass_id)
