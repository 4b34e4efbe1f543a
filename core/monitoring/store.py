"""All SQL of marks and messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.monitoring.model import hook_messages, monitoring_marks

_M: Final = monitoring_marks.c
_H: Final = hook_messages.c
_SNAPSHOT: Final = text(
    "SELECT CAST(CAST(pg_snapshot_xmin(s) AS text) AS bigint) AS oldest,"
    " CAST(CAST(pg_snapshot_xmax(s) AS text) AS bigint) AS next FROM pg_current_snapshot() s"
)


async def hold_mark(tx: Transaction, kind: str) -> Row[Any] | None:
    """The mark of this kind, which nobody else moves until the transaction ends; None while somebody does."""
    found = select(monitoring_marks).where(_M.tenant_id == tx.tenant, _M.kind == kind)
    return (await tx.connection.execute(found.with_for_update(skip_locked=True))).first()


async def begin_mark(tx: Transaction, kind: str, **values: Any) -> None:
    """There is a mark of this kind from now on."""
    row = insert(monitoring_marks).values(tenant_id=tx.tenant, kind=kind, **values)
    await tx.connection.execute(row.on_conflict_do_nothing())


async def has_mark(tx: Transaction, kind: str) -> bool:
    """Whether there is one, held or not."""
    found = select(_M.kind).where(_M.tenant_id == tx.tenant, _M.kind == kind)
    return (await tx.connection.execute(found)).first() is not None


async def move_mark(tx: Transaction, kind: str, **values: Any) -> None:
    """The mark stands there."""
    await tx.connection.execute(
        update(monitoring_marks).where(_M.tenant_id == tx.tenant, _M.kind == kind).values(**values)
    )


async def transactions(tx: Transaction) -> tuple[int, int]:
    """The oldest transaction that runs, and the next that will begin, by PostgreSQL's count."""
    row = (await tx.connection.execute(_SNAPSHOT)).one()
    return row.oldest, row.next


async def add_message(tx: Transaction, connector: str, message_id: str) -> bool:
    """Whether it had not come before."""
    row = insert(hook_messages).values(tenant_id=tx.tenant, connector=connector, message_id=message_id, came_at=tx.now)
    added = await tx.connection.execute(row.on_conflict_do_nothing().returning(_H.message_id))
    return added.first() is not None


async def drop_messages(tx: Transaction, *, before: datetime) -> None:
    """Those that came before then are forgotten."""
    await tx.connection.execute(delete(hook_messages).where(_H.tenant_id == tx.tenant, _H.came_at < before))
