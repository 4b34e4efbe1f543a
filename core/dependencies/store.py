"""All SQL of dependencies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.dependencies.model import dependencies
from core.ids import UserId

_C = dependencies.c
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def held(tx: Transaction) -> dict[str, set[str]]:
    """What each resource needs, as far as anybody knows."""
    wanted = select(_C.dependent, _C.needs).where(_C.tenant_id == tx.tenant, _C.state == "held")
    found: dict[str, set[str]] = defaultdict(set)
    for row in await tx.connection.execute(wanted):
        found[row.dependent].add(row.needs)
    return dict(found)


async def hold(tx: Transaction) -> int:
    """Nobody else adds one in this tenant until the transaction ends; how many there are."""
    await tx.connection.execute(_LOCK, {"name": f"dependencies {tx.tenant}"})
    counted = select(func.count()).where(_C.tenant_id == tx.tenant)
    return int((await tx.connection.execute(counted)).scalar_one())


async def declare(tx: Transaction, dependent: str, needs: str, author: UserId) -> bool:
    """The edge is held, by this person's word; whether it is new or was dismissed."""
    known = await one(tx, dependent, needs)
    values = {"origin": "declared", "state": "held", "author_id": author, "last_at": tx.now}
    key = {"tenant_id": tx.tenant, "dependent": dependent, "needs": needs}
    await tx.connection.execute(
        insert(dependencies)
        .values(**key, **values, first_at=tx.now)
        .on_conflict_do_update(index_elements=["tenant_id", "dependent", "needs"], set_=values)
    )
    return known is None or known.state == "dismissed"


async def one(tx: Transaction, dependent: str, needs: str) -> Row[Any] | None:
    """The edge."""
    wanted = select(dependencies).where(_C.tenant_id == tx.tenant, _C.dependent == dependent, _C.needs == needs)
    return (await tx.connection.execute(wanted)).first()


async def dismiss(tx: Transaction, dependent: str, needs: str, author: UserId) -> None:
    """The edge holds no more, and is not learnt again; one that was never seen is gone."""
    key = (_C.tenant_id == tx.tenant, _C.dependent == dependent, _C.needs == needs)
    await tx.connection.execute(delete(dependencies).where(*key, _C.seen == 0))
    values = {"state": "dismissed", "author_id": author, "last_at": tx.now}
    await tx.connection.execute(update(dependencies).where(*key).values(**values))


async def learn(tx: Transaction, edges: Collection[tuple[str, str]]) -> None:
    """Each (dependent, needs) was seen once more; a new one is held until somebody dismisses it."""
    statement = insert(dependencies).values(
        [
            {
                "tenant_id": tx.tenant,
                "dependent": dependent,
                "needs": needed,
                "origin": "learnt",
                "state": "held",
                "seen": 1,
                "first_at": tx.now,
                "last_at": tx.now,
            }
            for dependent, needed in sorted(edges)
        ]
    )
    await tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "dependent", "needs"], set_={"seen": _C.seen + 1, "last_at": tx.now}
        )
    )


async def page(tx: Transaction, *, of: str | None, after: tuple[str, str] | None, limit: int) -> Sequence[Row[Any]]:
    """Edges by their ends, beyond `after`; of one resource, on either side, if it is named."""
    wanted = select(dependencies).where(_C.tenant_id == tx.tenant)
    if of is not None:
        wanted = wanted.where(or_(_C.dependent == of, _C.needs == of))
    if after is not None:
        wanted = wanted.where(tuple_(_C.dependent, _C.needs) > after)
    return (await tx.connection.execute(wanted.order_by(_C.dependent, _C.needs).limit(limit))).all()
