"""SQL of approvals as they stand in ticket systems."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.tickets.model import ticket_approvals, tickets_shown
from core.tickets.values import Decision
from core.tickets.weighing import Known, Outcome

_A: Final = ticket_approvals.c
_KEY: Final = ("tenant_id", "system", "approval_id")
_KEPT: Final = tuple(column.name for column in _A if column.name not in _KEY)


@dataclass(frozen=True, slots=True)
class Where:
    """One request's ticket in one system."""

    system: str
    subject_id: UUID


async def find(tx: Transaction, system: str, approval_id: str) -> Known | None:
    """What is known of this approval."""
    found = await tx.connection.execute(
        select(ticket_approvals).where(_A.tenant_id == tx.tenant, _A.system == system, _A.approval_id == approval_id)
    )
    row = found.first()
    return None if row is None else _known(row)


async def on_ticket(tx: Transaction, where: Where) -> Mapping[str, Known]:
    """What is known of each approval of this ticket."""
    rows = await tx.connection.execute(
        select(ticket_approvals).where(
            _A.tenant_id == tx.tenant, _A.subject_id == where.subject_id, _A.system == where.system
        )
    )
    return {row.approval_id: _known(row) for row in rows}


async def keep(tx: Transaction, where: Where, known: Collection[Known]) -> None:
    """This is known of these approvals from now on."""
    if not known:
        return
    given = insert(ticket_approvals).values(
        [
            {
                "tenant_id": tx.tenant,
                "system": where.system,
                "approval_id": each.id,
                "subject_id": where.subject_id,
                "account": each.account,
                "digest": each.digest,
                "version": each.version,
                "decision": each.decision,
                "outcome": each.outcome,
                "updated_at": tx.now,
            }
            for each in known
        ]
    )
    await tx.connection.execute(
        given.on_conflict_do_update(index_elements=_KEY, set_={name: given.excluded[name] for name in _KEPT})
    )


async def digest_shown(tx: Transaction, where: Where) -> str:
    """Of which state of the request the ticket says what it asks; empty if of none."""
    columns = tickets_shown.c
    found = await tx.connection.execute(
        select(columns.digest).where(
            columns.tenant_id == tx.tenant, columns.system == where.system, columns.subject_id == where.subject_id
        )
    )
    return str(found.scalar_one_or_none() or "")


async def keep_shown(tx: Transaction, where: Where, digest: str) -> None:
    """The ticket says what this state of the request asks."""
    values = {"digest": digest, "shown_at": tx.now}
    await tx.connection.execute(
        insert(tickets_shown)
        .values(tenant_id=tx.tenant, system=where.system, subject_id=where.subject_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "system", "subject_id"], set_=values)
    )


def _known(row: Row[Any]) -> Known:
    return Known(
        id=row.approval_id,
        account=row.account,
        digest=row.digest,
        version=row.version,
        decision=Decision(row.decision),
        outcome=Outcome(row.outcome),
    )
