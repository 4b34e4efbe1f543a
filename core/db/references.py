"""The numbers behind REQ-1042 and BYP-3: per tenant and kind, without gaps from rolled-back transactions."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Column, Integer, Text, select
from sqlalchemy.dialects.postgresql import insert

from core.db.tables import tenant_table
from core.db.transaction import Transaction
from core.errors import NotFound

FIRST_NUMBER = 1001

reference_counters = tenant_table(
    "reference_counters", Column("kind", Text, nullable=False), Column("last", Integer, nullable=False), key=("kind",)
)


async def next_number(tx: Transaction, kind: str) -> int:
    """The next number of `kind` in this tenant. Holds the counter's row lock until the transaction ends."""
    statement = (
        insert(reference_counters)
        .values(tenant_id=tx.tenant, kind=kind, last=FIRST_NUMBER)
        .on_conflict_do_update(index_elements=["tenant_id", "kind"], set_={"last": reference_counters.c.last + 1})
        .returning(reference_counters.c.last)
    )
    return int((await tx.connection.execute(statement)).scalar_one())


async def is_numbered(tx: Transaction, kind: str, number: int) -> bool:
    """Whether something of `kind` in this tenant has the number: none is left out, and none is given back."""
    counted = select(reference_counters.c.last).where(
        reference_counters.c.tenant_id == tx.tenant, reference_counters.c.kind == kind
    )
    last = (await tx.connection.execute(counted)).scalar_one_or_none()
    return last is not None and FIRST_NUMBER <= number <= last


async def id_behind(
    tx: Transaction, which: UUID | int, *, kind: str, ids: Column[UUID], numbers: Column[int], unknown: type[NotFound]
) -> UUID:
    """The id behind `kind`-<number>; an id is not looked up. Raises `unknown`."""
    if not isinstance(which, int):
        return which
    wanted = select(ids).where(ids.table.c.tenant_id == tx.tenant, numbers == which)
    found: UUID | None = (await tx.connection.execute(wanted)).scalar()
    if found is None:
        raise unknown(f"There is no {kind}-{which} here.", where=ids.name.removesuffix("_id"))
    return found
