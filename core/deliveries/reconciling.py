"""Asking for a walk through a connector's tickets, and looking at what walks have found, by those who may (N1, N6)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from core.access import Permission, TokenScope, require
from core.actor import Actor
from core.audit import audited
from core.db import Database
from core.deliveries.values import Connected
from core.errors import NotFound
from core.tickets import WalkView, ask_for_walk, last_walks, latest_walks, load_walk


async def reconcile(
    database: Database, actor: Actor, connected: Connected, *, name: str, is_dry_run: bool = False
) -> WalkView:
    """A walk through the connector's tickets is asked for, or the one under way; it has begun within seconds.

    Raises NotFound for a connector that is no ticket system of the tenant.
    """
    async with audited(database, actor, action="connector.reconcile", resource=name) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        connection = connected.find(actor.tenant, name)
        if connection is None or not connection.keeps_tickets:
            raise NotFound(
                "There are no tickets to compare here.",
                where="connector",
                accepted=tuple(each.name for each in connected.of(actor.tenant) if each.keeps_tickets),
            )
        walk = await ask_for_walk(tx, name, actor=actor, is_dry_run=is_dry_run)
    return await load_walk(database, actor.tenant, walk)


async def reconciliations(
    database: Database, actor: Actor, *, name: str, after: UUID | None = None, limit: int
) -> tuple[WalkView, ...]:
    """The walks through the connector's tickets, newest first, beyond the cursor `after`."""
    async with audited(database, actor, action="connector.reconciliations", resource=name) as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        return await latest_walks(tx, name, before=after, limit=limit)


async def last_reconciliations(database: Database, actor: Actor) -> Mapping[str, WalkView]:
    """The latest walk through the tickets of each connector, by its name."""
    async with audited(database, actor, action="connector.reconciliations", resource="all") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        return await last_walks(tx)
