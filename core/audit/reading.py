"""The trail read on from a position, for what follows from it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.audit.model import audit_events
from core.db import Transaction

_C = audit_events.c


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record at its position."""

    position: int
    occurred_at: datetime
    action: str
    resource: str
    result: str
    subject_id: UUID | None
    details: dict[str, Any]


async def records_after(
    tx: Transaction, position: int, *, actions: Collection[str], limit: int
) -> tuple[Recorded, ...]:
    """Records of these actions beyond the position, in its order."""
    wanted = (
        select(_C.position, _C.occurred_at, _C.action, _C.resource, _C.result, _C.subject_id, _C.record)
        .where(_C.tenant_id == tx.tenant, _C.position > position, _C.action.in_(actions))
        .order_by(_C.position)
        .limit(limit)
    )
    return tuple(
        Recorded(
            row.position,
            row.occurred_at,
            row.action,
            row.resource,
            row.result,
            row.subject_id,
            json.loads(row.record)["details"],
        )
        for row in await tx.connection.execute(wanted)
    )


async def positions_between(tx: Transaction, *, after: int, until: int, limit: int) -> tuple[int, ...]:
    """The first positions beyond `after`, `until` included, in order."""
    rows = await tx.connection.execute(
        select(_C.position)
        .where(_C.tenant_id == tx.tenant, _C.position > after, _C.position <= until)
        .order_by(_C.position)
        .limit(limit)
    )
    return tuple(rows.scalars())


async def records_between(tx: Transaction, *, after: int, until: int) -> tuple[dict[str, Any], ...]:
    """The records beyond `after`, `until` included, in order."""
    rows = await tx.connection.execute(
        select(_C.record)
        .where(_C.tenant_id == tx.tenant, _C.position > after, _C.position <= until)
        .order_by(_C.position)
    )
    return tuple(json.loads(record) for record in rows.scalars())


async def records_by_hour(
    tx: Transaction, position: int, *, since: datetime, until: datetime
) -> tuple[tuple[datetime, int], ...]:
    """How many records beyond the position each hour has, from `since` to before `until`."""
    hour = func.date_trunc("hour", _C.occurred_at, "UTC")
    wanted = (
        select(hour, func.count())
        .where(_C.tenant_id == tx.tenant, _C.position > position, _C.occurred_at >= since, _C.occurred_at < until)
        .group_by(hour)
        .order_by(hour)
    )
    return tuple((found, int(number)) for found, number in await tx.connection.execute(wanted))


async def position_before(tx: Transaction, at: datetime, *, after: int = 0) -> int:
    """A position, `after` or later, beyond which everything lies that was recorded at that instant or later."""
    mine = (_C.tenant_id == tx.tenant, _C.position > after)
    first = (await tx.connection.execute(select(func.min(_C.position)).where(*mine, _C.occurred_at >= at))).scalar()
    if first is not None:
        return int(first) - 1
    return max(after, await last_position(tx))


async def last_position(tx: Transaction) -> int:
    """Of the newest record; 0 if there is none."""
    last = (await tx.connection.execute(select(func.max(_C.position)).where(_C.tenant_id == tx.tenant))).scalar()
    return int(last or 0)
