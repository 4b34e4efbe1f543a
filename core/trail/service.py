"""Reading the trail, by those who may (R6: reading it leaves a record only when it is exported or refused)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from core.access import Permission, TokenScope, require
from core.actor import Actor
from core.audit.guard import audited
from core.audit.record import AuditCategory
from core.audit.service import AuditFilter, record, search
from core.db import Database

EXPORT_BATCH = 500


async def search_trail(
    database: Database, actor: Actor, wanted: AuditFilter, *, after: int | None, limit: int
) -> tuple[tuple[int, dict[str, Any]], ...]:
    """(position, record) pairs, newest first. Raises PermissionMissing for those who may not view the audit."""
    async with audited(database, actor, action="audit.search", resource="audit") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        return await search(tx, wanted, after=after, limit=limit)


async def export_trail(database: Database, actor: Actor, wanted: AuditFilter) -> AsyncIterator[dict[str, Any]]:
    """Every matching record, newest first, in batches: memory stays flat. The export itself is recorded first."""
    async with audited(database, actor, action="audit.export", resource="audit") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        await record(tx, actor, action="audit.export", resource="audit", category=AuditCategory.COMPLIANCE)
    return _batches(database, actor, wanted)


async def _batches(database: Database, actor: Actor, wanted: AuditFilter) -> AsyncIterator[dict[str, Any]]:
    after: int | None = None
    while True:
        async with database.tenant(actor.tenant) as tx:
            found = await search(tx, wanted, after=after, limit=EXPORT_BATCH)
        for _position, entry in found:
            yield entry
        if len(found) < EXPORT_BATCH:
            return
        after = found[-1][0]
