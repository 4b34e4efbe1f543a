"""The frame of every use case: one transaction, and a record of each refusal (R6).

A refusal rolls the use case back, so its record is written in a transaction of its own, before the caller hears of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from core.actor import Actor
from core.audit.record import AuditCategory, AuditResult
from core.audit.service import record
from core.db import Database, Transaction
from core.errors import Forbidden


@asynccontextmanager
async def audited(
    database: Database, actor: Actor, *, action: str, resource: str, details: Mapping[str, Any] | None = None
) -> AsyncIterator[Transaction]:
    """A transaction in the actor's tenant; a Forbidden raised inside is recorded as denied and goes on."""
    try:
        async with database.tenant(actor.tenant) as tx:
            yield tx
    except Forbidden as exc:
        async with database.tenant(actor.tenant) as tx:
            await record(
                tx,
                actor,
                action=action,
                resource=resource,
                result=AuditResult.DENIED,
                category=AuditCategory.SECURITY,
                details={**(details or {}), "code": exc.code, "reason": exc.message},
            )
        raise
