"""All SQL of what belongs to a bypass: its uses, its extensions, its remediations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from core.db import Transaction
from core.emergency.model import extensions, remediations, uses


async def add_use(tx: Transaction, **values: Any) -> None:
    """The action stands under its bypass."""
    await tx.connection.execute(uses.insert().values(tenant_id=tx.tenant, **values))


async def set_outcome(tx: Transaction, decision_id: UUID, outcome: str) -> None:
    """What the platform reports of the action stands beside it, if it was done under a bypass."""
    columns = uses.c
    await tx.connection.execute(
        update(uses).where(columns.tenant_id == tx.tenant, columns.decision_id == decision_id).values(outcome=outcome)
    )


async def uses_of(tx: Transaction, ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """What was done under these bypasses, oldest first."""
    columns = uses.c
    wanted = select(uses).where(columns.tenant_id == tx.tenant, columns.bypass_id.in_(tuple(ids)))
    return (await tx.connection.execute(wanted.order_by(columns.used_at, columns.decision_id))).all()


async def add_extension(tx: Transaction, **values: Any) -> None:
    """It waits to be decided."""
    await tx.connection.execute(extensions.insert().values(tenant_id=tx.tenant, **values))


async def decide_extension(tx: Transaction, extension_id: UUID, *, state: str, by: UUID | None) -> None:
    """It does not wait any more."""
    columns = extensions.c
    await tx.connection.execute(
        update(extensions)
        .where(columns.tenant_id == tx.tenant, columns.extension_id == extension_id)
        .values(state=state, decided_by=by, decided_at=tx.now)
    )


async def extensions_of(tx: Transaction, ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """The extensions of these bypasses, oldest first."""
    columns = extensions.c
    wanted = select(extensions).where(columns.tenant_id == tx.tenant, columns.bypass_id.in_(tuple(ids)))
    return (await tx.connection.execute(wanted.order_by(columns.extension_id))).all()


async def add_remediations(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """These are to be done."""
    await tx.connection.execute(remediations.insert(), [{"tenant_id": tx.tenant, **row} for row in rows])


async def lock_remediation(tx: Transaction, remediation_id: UUID) -> Row[Any] | None:
    """The remediation, held for the rest of the transaction."""
    columns = remediations.c
    wanted = select(remediations).where(columns.tenant_id == tx.tenant, columns.remediation_id == remediation_id)
    return (await tx.connection.execute(wanted.with_for_update())).first()


async def change_remediation(tx: Transaction, remediation_id: UUID, **values: Any) -> None:
    """The remediation has these values."""
    columns = remediations.c
    await tx.connection.execute(
        update(remediations)
        .where(columns.tenant_id == tx.tenant, columns.remediation_id == remediation_id)
        .values(**values)
    )


async def remediations_of(tx: Transaction, ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """The remediations of these bypasses, what is due first coming first."""
    columns = remediations.c
    wanted = select(remediations).where(columns.tenant_id == tx.tenant, columns.bypass_id.in_(tuple(ids)))
    return (await tx.connection.execute(wanted.order_by(columns.due_at, columns.remediation_id))).all()


async def remediations_page(
    tx: Transaction, *, states: Sequence[str], owner: UUID | None, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Remediations, newest first; of any state if none is named."""
    columns = remediations.c
    wanted = select(remediations).where(columns.tenant_id == tx.tenant)
    if states:
        wanted = wanted.where(columns.state.in_(tuple(states)))
    if owner:
        wanted = wanted.where(columns.owner_id == owner)
    if after:
        wanted = wanted.where(columns.remediation_id < after)
    return (await tx.connection.execute(wanted.order_by(columns.remediation_id.desc()).limit(limit))).all()
