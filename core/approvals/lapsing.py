"""A request that is over because what it was about is over, or went on without it."""

from __future__ import annotations

from uuid import UUID

from core.actor import system_actor
from core.approvals import rules
from core.approvals.consequences import follow
from core.approvals.loading import hold
from core.db import Transaction
from core.ids import RequestId


async def lapse_request(tx: Transaction, request_id: UUID, *, reason: str) -> None:
    """Nobody is asked any more, and an approval that nobody has used holds no longer; what is over stays as it is.

    Raises UnknownRequest.
    """
    held = await hold(tx, request_id)
    effects = rules.expire(held.state, now=tx.now) or rules.on_unused(
        held.state, is_used=held.row.used_by is not None, now=tx.now
    )
    if effects:
        about = RequestId(request_id), held.row.number, held.row.resource_name
        await follow(tx, system_actor(tx.tenant), *about, effects, note=reason)
