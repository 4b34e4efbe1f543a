"""All SQL of how far other systems' counts are taken."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.sla.model import marks

_M: Final = marks.c


async def marks_of(tx: Transaction, source: str) -> dict[str, int]:
    """By service, the minute before which everything is taken from this source."""
    found = select(_M.service, _M.until).where(_M.tenant_id == tx.tenant, _M.source == source)
    return {row.service: row.until for row in await tx.connection.execute(found)}


async def move_mark(tx: Transaction, source: str, service: str, *, known: int | None, until: int) -> bool:
    """Whether the mark was where it was known to be, and stands at `until` now. Of two at once, the second did not."""
    if known is None:
        row = insert(marks).values(tenant_id=tx.tenant, source=source, service=service, until=until)
        first = await tx.connection.execute(row.on_conflict_do_nothing().returning(_M.until))
        return first.first() is not None
    stood = (_M.tenant_id == tx.tenant, _M.source == source, _M.service == service, _M.until == known)
    moved = await tx.connection.execute(update(marks).where(*stood).values(until=until).returning(_M.until))
    return moved.first() is not None
