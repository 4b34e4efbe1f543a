"""All SQL of what is agreed on with tickets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.tickets.merging import Agreed
from core.tickets.model import ticket_fields

_KEY: Final = ("tenant_id", "subject_id", "system", "field")
_KEPT: Final = tuple(column.name for column in ticket_fields.c if column.name not in _KEY)


async def agreed(tx: Transaction, subject: UUID, system: str) -> dict[str, Agreed]:
    """What is agreed on for each field, held for the rest of the transaction."""
    f = ticket_fields.c
    rows = await tx.connection.execute(
        select(f.field, f.sent, f.seen, f.here_version, f.there_version, f.origin, f.is_pending, f.declined, f.put_back)
        .where(f.tenant_id == tx.tenant, f.subject_id == subject, f.system == system)
        .order_by(f.field)
        .with_for_update()
    )
    return {
        row.field: Agreed(
            sent=row.sent,
            seen=row.seen,
            here_version=row.here_version,
            there_version=row.there_version,
            is_ours=row.origin == "ours",
            is_pending=row.is_pending,
            declined=row.declined,
            put_back=row.put_back,
        )
        for row in rows
    }


async def save(tx: Transaction, subject: UUID, system: str, fields: Mapping[str, Agreed]) -> None:
    """This is agreed on for these fields."""
    if not fields:
        return
    given = insert(ticket_fields).values(
        [
            {
                "tenant_id": tx.tenant,
                "subject_id": subject,
                "system": system,
                "field": name,
                "sent": each.sent,
                "seen": each.seen,
                "seen_hash": each.seen_hash,
                "here_version": each.here_version,
                "there_version": each.there_version,
                "origin": "ours" if each.is_ours else "theirs",
                "is_pending": each.is_pending,
                "declined": each.declined,
                "put_back": each.put_back,
                "updated_at": tx.now,
            }
            for name, each in sorted(fields.items())
        ]
    )
    await tx.connection.execute(
        given.on_conflict_do_update(index_elements=_KEY, set_={name: given.excluded[name] for name in _KEPT})
    )


async def forget(tx: Transaction, subject: UUID, system: str) -> None:
    """Nothing is agreed on with the ticket that stands for the subject there."""
    f = ticket_fields.c
    await tx.connection.execute(
        delete(ticket_fields).where(f.tenant_id == tx.tenant, f.subject_id == subject, f.system == system)
    )
