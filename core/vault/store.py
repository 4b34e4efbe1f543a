"""SQL of the vault: the ids of keys, and sealed rows of whatever table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, LargeBinary, String, cast, delete, func, not_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from core.db.transaction import SystemTransaction
from core.sealing import MARK, mark_of
from core.vault.columns import AnyTransaction, SealedColumn, keyring_of
from core.vault.model import sealing_keys

_LOCK: Final = 0x7661756C74  # any constant; one process at a time takes up or retires a key


async def lock(tx: SystemTransaction) -> None:
    """Nobody else takes up or retires a key until this transaction ends."""
    await tx.connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


async def key_ids(tx: SystemTransaction) -> frozenset[str]:
    """Of the keys that have sealed something here."""
    return frozenset((await tx.connection.execute(select(sealing_keys.c.key_id))).scalars())


async def add_key(tx: SystemTransaction, key_id: str) -> None:
    """The key seals here."""
    await tx.connection.execute(
        insert(sealing_keys).values(key_id=key_id, first_used_at=tx.now).on_conflict_do_nothing()
    )


async def retire_keys(tx: SystemTransaction, *, but: str) -> Collection[str]:
    """No key but that one is needed here any more; which are not."""
    gone = await tx.connection.execute(
        delete(sealing_keys).where(sealing_keys.c.key_id != but).returning(sealing_keys.c.key_id)
    )
    return tuple(gone.scalars())


async def stale(
    tx: AnyTransaction, column: SealedColumn, *, only_plain: bool, after: tuple[Any, ...] | None, limit: int
) -> Sequence[tuple[Any, ...]]:
    """Rows (key, then the value) that the present key has not sealed, by key; locked until the transaction ends."""
    value = column.table.c[column.column]
    key = [column.table.c[name] for name in column.row]
    begins = f"{MARK}$" if only_plain else mark_of(keyring_of(tx).sealing)
    statement = (
        select(*key, value)
        .where(value.is_not(None), not_(_starts_with(value, begins)), *_own(tx, column))
        .order_by(*key)
        .limit(limit)
        .with_for_update()
    )
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    return [tuple(row) for row in await tx.connection.execute(statement)]


async def replace(tx: AnyTransaction, column: SealedColumn, row: tuple[Any, ...], stored: str | bytes) -> None:
    """The row holds this value."""
    matches = [column.table.c[name] == value for name, value in zip(column.row, row, strict=True)]
    await tx.connection.execute(update(column.table).where(*matches, *_own(tx, column)).values({column.column: stored}))


def _own(tx: AnyTransaction, column: SealedColumn) -> list[ColumnElement[bool]]:
    return [column.table.c.tenant_id == tx.tenant] if not isinstance(tx, SystemTransaction) else []


def _starts_with(value: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    if isinstance(value.type, LargeBinary):
        return func.substring(value, 1, len(text)) == text.encode()
    return cast(value, String).startswith(text, autoescape=True)
