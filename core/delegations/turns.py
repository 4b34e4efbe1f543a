"""What the clock does with a delegation: it begins, and it ends. Whoever routes work hears of it through `turned`."""

from __future__ import annotations

from core.access import directory
from core.actor import system_actor
from core.audit import AuditCategory, record
from core.db import Transaction
from core.deadlines import Due
from core.delegations import store
from core.delegations.chains import Delegation
from core.delegations.events import DelegationEvent
from core.delegations.service import END, START
from core.outbox import emit

__all__ = ["END", "START", "turned"]


async def turned(tx: Transaction, due: Due) -> Delegation | None:
    """The delegation whose beginning or end has come, recorded and told; None if it never began to matter.

    One that was ended before its time was told of when somebody ended it.
    """
    row = await store.by_id(tx, due.subject)
    if row is None:
        return None
    found = store.delegation_of(row)
    if due.kind == START and not found.is_in_force(tx.now):
        return None
    if row.ended_at is None:
        event = DelegationEvent.STARTED if due.kind == START else DelegationEvent.ENDED
        await record(
            tx,
            system_actor(tx.tenant),
            action="delegation.start" if due.kind == START else "delegation.end",
            resource=(await directory(tx)).people[found.absent].email,
            subject_id=found.id,
            category=AuditCategory.SYSTEM,
            details={"stand_in": (await directory(tx)).people[found.stand_in].email},
        )
        await emit(tx, subject=f"delegation:{found.id}", type=event, data={})
    return found
