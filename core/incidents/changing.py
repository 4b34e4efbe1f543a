"""Which incidents changed a moment ago, for pages that keep themselves current."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from core.db import Database
from core.ids import TenantId
from core.incidents import store
from core.outbox import latest_events

LOOKED_AT: Final = 200  # events; more within one look are not shown by themselves, only on reload
_PREFIX: Final = "incident:"


async def changed_incidents(database: Database, tenant: TenantId) -> Mapping[UUID, str]:
    """The latest events about incidents, oldest first: event id -> the incident's reference.

    As `changed_requests` of core/approvals: the caller has authorised the reader.
    """
    async with database.tenant(tenant) as tx:
        events = {
            event: UUID(subject.removeprefix(_PREFIX))
            for event, subject in await latest_events(tx, prefix=_PREFIX, limit=LOOKED_AT)
        }
        rows = await store.by_ids(tx, set(events.values())) if events else ()
        numbers = {row.incident_id: row.number for row in rows}
        return {event: f"INC-{numbers[incident]}" for event, incident in events.items() if incident in numbers}
