"""Setting and clearing deadlines inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.deadlines.model import deadlines


async def set_deadline(
    tx: Transaction,
    subject: UUID,
    kind: str,
    due_at: datetime,
    *,
    part: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """The use case registered for `kind` runs at `due_at`; an earlier one of the same (subject, kind, part) is gone."""
    values = {"due_at": due_at, "data": dict(data or {}), "attempts": 0, "last_error": None}
    await tx.connection.execute(
        insert(deadlines)
        .values(tenant_id=tx.tenant, subject_id=subject, kind=kind, part=part, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "subject_id", "kind", "part"], set_=values)
    )


async def set_deadlines(tx: Transaction, kind: str, due_at: Mapping[UUID, datetime]) -> None:
    """The same for many new subjects, each at its own instant."""
    await tx.connection.execute(
        deadlines.insert(),
        [
            {"tenant_id": tx.tenant, "subject_id": subject, "kind": kind, "due_at": instant}
            for subject, instant in due_at.items()
        ],
    )


async def hasten(tx: Transaction, subject: UUID, kind: str, due_at: datetime) -> None:
    """The subject's deadline of that kind, if it has one, is due at `due_at` at the latest."""
    columns = deadlines.c
    await tx.connection.execute(
        update(deadlines)
        .where(
            columns.tenant_id == tx.tenant,
            columns.subject_id == subject,
            columns.kind == kind,
            columns.due_at > due_at,
        )
        .values(due_at=due_at)
    )


async def has_deadline(tx: Transaction, subject: UUID, kind: str) -> bool:
    """Whether the subject has a deadline of that kind."""
    columns = deadlines.c
    wanted = select(columns.kind).where(
        columns.tenant_id == tx.tenant, columns.subject_id == subject, columns.kind == kind
    )
    return (await tx.connection.execute(wanted)).first() is not None


async def parts_of(tx: Transaction, subject: UUID, kind: str) -> dict[str, Mapping[str, Any]]:
    """The parts of the subject that have a deadline of that kind, each with the deadline's data."""
    columns = deadlines.c
    wanted = select(columns.part, columns.data).where(
        columns.tenant_id == tx.tenant, columns.subject_id == subject, columns.kind == kind
    )
    return {row.part: row.data for row in await tx.connection.execute(wanted)}


async def clear(tx: Transaction, subject: UUID, *, kind: str | None = None, part: str | None = None) -> None:
    """The subject has no deadline any more (of that kind and part, where given)."""
    columns = deadlines.c
    statement = delete(deadlines).where(columns.tenant_id == tx.tenant, columns.subject_id == subject)
    if kind is not None:
        statement = statement.where(columns.kind == kind)
    if part is not None:
        statement = statement.where(columns.part == part)
    await tx.connection.execute(statement)
