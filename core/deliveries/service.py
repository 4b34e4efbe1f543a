"""Use cases over deliveries."""

from __future__ import annotations

from uuid import UUID

from core.access import Permission, TokenScope, require
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.db import Database
from core.outbox import DeliveryView, list_deliveries, replay


async def list_all(
    database: Database, actor: Actor, *, subscriber: str | None, state: str | None, after: UUID | None, limit: int
) -> tuple[DeliveryView, ...]:
    """Deliveries, newest first, beyond the cursor `after`."""
    async with audited(database, actor, action="deliveries.list", resource=subscriber or "all") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        return await list_deliveries(tx, subscriber=subscriber, state=state, after=after, limit=limit)


async def replay_one(database: Database, actor: Actor, event_id: UUID, *, subscriber: str) -> None:
    """The dead delivery is tried again from the start. Raises NotFound if there is none."""
    async with audited(database, actor, action="delivery.replay", resource=str(event_id)) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        await replay(tx, event_id, subscriber)
        await record(
            tx,
            actor,
            action="delivery.replay",
            resource=str(event_id),
            category=AuditCategory.SYSTEM,
            details={"subscriber": subscriber},
        )
