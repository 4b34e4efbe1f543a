"""Everything that is sealed, under the present key; and what was written before anything was sealed, sealed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog

from core.db import Database
from core.ids import TenantId
from core.sealing import Unsealable
from core.tenants import tenant_ids
from core.vault import store
from core.vault.columns import AnyTransaction, SealedColumn, keyring_of

BATCH: Final = 200  # rows a transaction: their lock is short

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]  # places looked at, and all


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What was done: rows written anew, rows that no key here opens, keys that are not needed any more."""

    rows: int
    unsealable: int
    retired: tuple[str, ...] = ()


async def seal_plain(database: Database, columns: Sequence[SealedColumn]) -> int:
    """Nothing lies readable in these columns any more; how many rows did."""
    done = await _walk(database, columns, only_plain=True, progress=_silent)
    if done.rows:
        log.info("plain_secrets_sealed", count=done.rows)
    return done.rows


async def rewrap(database: Database, columns: Sequence[SealedColumn], *, progress: Progress) -> Rewrapped:
    """Everything in these columns is sealed with the present key, and others are not needed any more.

    To be run once every process seals with the present key. A row that cannot be opened keeps the other keys in force.
    """
    done = await _walk(database, columns, only_plain=False, progress=progress)
    if done.unsealable:
        return done
    async with database.system() as tx:
        await store.lock(tx)
        retired = await store.retire_keys(tx, but=keyring_of(tx).sealing.id)
    return Rewrapped(done.rows, 0, tuple(retired))


async def _walk(
    database: Database, columns: Sequence[SealedColumn], *, only_plain: bool, progress: Progress
) -> Rewrapped:
    tenants = await tenant_ids(database)
    places = [(column, tenant) for column in columns for tenant in (tenants if column.is_of_tenants else (None,))]
    rows = unsealable = 0
    for number, (column, tenant) in enumerate(places):
        progress(number, len(places))
        renewed, refused = await _column(database, column, tenant, only_plain=only_plain)
        rows, unsealable = rows + renewed, unsealable + refused
    progress(len(places), len(places))
    return Rewrapped(rows, unsealable)


async def _column(
    database: Database, column: SealedColumn, tenant: TenantId | None, *, only_plain: bool
) -> tuple[int, int]:
    after: tuple[Any, ...] | None = None
    renewed = refused = 0
    while True:
        async with _scope(database, tenant) as tx:
            found = await store.stale(tx, column, only_plain=only_plain, after=after, limit=BATCH)
            for row in found:
                after, stored = tuple(row[:-1]), row[-1]
                try:
                    await store.replace(tx, column, after, column.renewed(tx, stored, *after))
                    renewed += 1
                except Unsealable:
                    refused += 1
                    log.exception("sealed_row_unreadable", table=column.table.name, tenant_id=tenant, row=str(after))
        if len(found) < BATCH:
            return renewed, refused


@asynccontextmanager
async def _scope(database: Database, tenant: TenantId | None) -> AsyncIterator[AnyTransaction]:
    if tenant is None:
        async with database.system() as system:
            yield system
    else:
        async with database.tenant(tenant) as own:
            yield own


def _silent(_done: int, _all: int) -> None:
    return
