"""What stands for the subject of an event: a change speaks and has its ticket through the request that approved it."""

from __future__ import annotations

from uuid import UUID

from core.changes import load_change
from core.db import Transaction
from core.rollouts import drill_view


async def stands_for(tx: Transaction, subject: str) -> str:
    """The request of a change, or of the change that is rolled out; every other subject stands for itself.

    Raises UnknownChange or UnknownRollout for one that is gone.
    """
    kind, _, name = subject.partition(":")
    if kind == "rollout":
        rollout = await drill_view(tx, UUID(name))
        kind, name = rollout.kind, str(rollout.subject_id)
    if kind != "change":
        return subject
    request_id = (await load_change(tx, UUID(name))).request_id
    return f"request:{request_id}" if request_id else subject
