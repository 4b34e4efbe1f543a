"""Which rules of workflow automation a subject, or what stands in a ticket now, comes from (N5)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.links.model import origins
from core.origin import Origin


async def keep_origin(tx: Transaction, subject: str, origin: Origin) -> None:
    """Whatever happens to the subject from now on comes from these rules; those that it came from before are left out.

    `subject` is that of the outbox, or `ticket_place` for what our account writes into a ticket.
    """
    rules = list(origin.rules)
    await tx.connection.execute(
        insert(origins)
        .values(tenant_id=tx.tenant, subject=subject, rules=rules, kept_at=tx.now)
        .on_conflict_do_update(index_elements=["tenant_id", "subject"], set_={"rules": rules, "kept_at": tx.now})
    )


async def origin_of(tx: Transaction, subject: str) -> Origin:
    """Where it comes from; from no rule, if nothing was kept."""
    columns = origins.c
    found = await tx.connection.execute(
        select(columns.rules).where(columns.tenant_id == tx.tenant, columns.subject == subject)
    )
    return Origin(tuple(found.scalar() or ()))


def ticket_place(system: str, external_id: str) -> str:
    """Under which name it is kept that rules made our account write into a ticket, since before they did."""
    return f"place:{system}:{external_id}"
