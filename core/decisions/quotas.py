"""Quotas as counters under their row lock: exact under any concurrency (T2).

Whoever needs both counters locks MAX_CONCURRENT_OPERATIONS, then MAX_AGENTS, and only then a request or an agent: any
other order could deadlock with a transaction that runs the other way.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.decisions.model import quota_counters
from core.decisions.views import Reason

MAX_AGENTS = "max_agents"
MAX_CONCURRENT_OPERATIONS = "max_concurrent_operations"


async def take(tx: Transaction, quota: str, limit: int | None) -> Reason | None:
    """None if one more was taken; else why not, naming quota, limit and use. Holds the counter's lock until commit."""
    columns = quota_counters.c
    statement = insert(quota_counters).values(tenant_id=tx.tenant, quota=quota, used=1)
    taken = (
        await tx.connection.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "quota"],
                set_={"used": columns.used + 1},
                where=columns.used < limit if limit is not None else None,
            ).returning(columns.used)
        )
        if limit != 0
        else None
    )
    if taken is not None and taken.first() is not None:
        return None
    return exhausted(quota, limit or 0, await used(tx, quota))


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


async def used(tx: Transaction, quota: str) -> int:
    """How many are used now."""
    columns = quota_counters.c
    found = (
        await tx.connection.execute(select(columns.used).where(columns.tenant_id == tx.tenant, columns.quota == quota))
    ).scalar()
    return int(found or 0)


def exhausted(quota: str, limit: int, in_use: int) -> Reason:
    """The refusal, in words."""
    return Reason("quotas.exhausted", f"Quota {quota} is exhausted: {in_use} of {limit} in use.")
