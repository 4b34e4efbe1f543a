"""Turns of the calls to one destination, over every process: each takes the next free one from a row of the database.

The time is the database's own, since it is the one clock that all processes share.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from core.db import Database
from core.ids import TenantId

# A turn that a crash forgets costs a moment of pace, which is not worth waiting for the disk.
_CHEAPLY: Final = text("SET LOCAL synchronous_commit = off")
_TAKE: Final = text(
    "INSERT INTO call_turns AS t (tenant_id, destination, next_at) "
    "VALUES (:tenant, :destination, clock_timestamp() + make_interval(secs => :gap_s)) "
    "ON CONFLICT (tenant_id, destination) DO UPDATE "
    "SET next_at = greatest(t.next_at, clock_timestamp()) + make_interval(secs => :gap_s) "
    "RETURNING extract(epoch FROM next_at - clock_timestamp())::float8 - :gap_s"
)


async def take_turn(database: Database, tenant: TenantId, destination: str, *, gap_s: float) -> float:
    """Seconds until the turn that is taken for one call, `gap_s` after the one before it, whoever took that."""
    async with database.tenant(tenant) as tx:
        await tx.connection.execute(_CHEAPLY)
        taken = {"tenant": tenant, "destination": destination, "gap_s": gap_s}
        wait_s = float((await tx.connection.execute(_TAKE, taken)).scalar_one())
    return max(0.0, wait_s)
