"""Which requests changed a moment ago, for pages that keep themselves current."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from core.approvals import queries
from core.db import Database
from core.ids import TenantId
from core.outbox import latest_events

LOOKED_AT: Final = 200  # events; more within one look are not shown by themselves, only on reload
_PREFIX: Final = "request:"


async def changed_requests(database: Database, tenant: TenantId) -> Mapping[UUID, str]:
    """The latest events about requests, oldest first: event id -> the request's reference.

    A look that knows the last one's ids misses nothing, also where events were committed in another order than they
    were written. The caller has authorised the reader; a reference says nothing but that something changed.
    """
    async with database.tenant(tenant) as tx:
        events = {
            event: UUID(subject.removeprefix(_PREFIX))
            for event, subject in await latest_events(tx, prefix=_PREFIX, limit=LOOKED_AT)
        }
        numbers = await queries.numbers(tx, set(events.values()))
        return {event: f"REQ-{numbers[request]}" for event, request in events.items() if request in numbers}
