"""Quotas as counters under their row lock: exact under any concurrency (T2).

Whoever needs both counters locks MAX_CONCURRENT_OPERATIONS, then MAX_AGENTS, and only then a request or an agent: any
other order could deadlock with a transaction that runs the other way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.decisions.model import quota_counters
from core.decisions.views import Reason

MAX_AGENTS: Final = "max_agents"
MAX_CONCURRENT_OPERATIONS: Final = "max_concurrent_operations"
QUOTAS: Final = (MAX_CONCURRENT_OPERATIONS, MAX_AGENTS)


async def in_use(tx: Transaction) -> dict[str, int]:
    """How much of each quota is used now."""
    return _counted(await tx.connection.execute(_counters(tx)))


async def hold_all(tx: Transaction) -> dict[str, int]:
    """The same; nobody else takes or gives back until commit."""
    held = (await tx.connection.execute(_counters(tx).with_for_update())).all()
    if len(held) < len(QUOTAS):  # the tenant's first operation
        first = insert(quota_counters).on_conflict_do_nothing()
        await tx.connection.execute(first, [{"tenant_id": tx.tenant, "quota": quota, "used": 0} for quota in QUOTAS])
        held = (await tx.connection.execute(_counters(tx).with_for_update())).all()
    return _counted(held)


async def set_used(tx: Transaction, used: Mapping[str, int]) -> None:
    """So much of each quota is used. For whoever holds them all."""
    columns = quota_counters.c
    await tx.connection.execute(
        update(quota_counters).where(
            columns.tenant_id == bindparam("of_tenant"), columns.quota == bindparam("of_quota")
        ),
        [{"of_tenant": tx.tenant, "of_quota": quota, "used": count} for quota, count in used.items()],
    )


async def hold(tx: Transaction, quota: str) -> None:
    """Nobody else takes or gives back until commit; for whoever learns only later whether it has to."""
    columns = quota_counters.c
    await tx.connection.execute(
        select(columns.used).where(columns.tenant_id == tx.tenant, columns.quota == quota).with_for_update()
    )


async def give_back(tx: Transaction, quota: str) -> None:
    """One less is used."""
    columns = quota_counters.c
    await tx.connection.execute(
        update(quota_counters)
        .where(columns.tenant_id == tx.tenant, columns.quota == quota, columns.used > 0)
        .values(used=columns.used - 1)
    )


def exhausted(quota: str, limit: int, in_use: int) -> Reason:
    """The refusal, in words."""
    return Reason("quotas.exhausted", f"Quota {quota} is exhausted: {in_use} of {limit} in use.")


def _counters(tx: Transaction) -> Select[Any]:
    columns = quota_counters.c
    counted = select(columns.quota, columns.used).where(columns.tenant_id == tx.tenant, columns.quota.in_(QUOTAS))
    return counted.order_by(columns.quota.desc())  # also the order in which they are locked


def _counted(rows: Iterable[Row[Any]]) -> dict[str, int]:
    return {**dict.fromkeys(QUOTAS, 0), **{row.quota: row.used for row in rows}}
