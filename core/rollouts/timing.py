"""What time does to a rollout: it is looked at again and again, it is late, and a silence is told of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.actor import system_actor
from core.db import Transaction
from core.deadlines import DeadlineHandler, Due, set_deadline
from core.rollouts import rules, store
from core.rollouts.events import RolloutEvent
from core.rollouts.moving import LOOK, hold, moved, tell
from core.rollouts.plan import Plan
from core.rollouts.state import AT_WORK, OVER, RolloutState


async def _on_look(tx: Transaction, due: Due) -> None:
    row = await hold(tx, due.subject)
    state, plan = RolloutState(row.state), Plan.from_json(row.plan)
    if state in OVER:
        return
    move = rules.overdue(state, plan, since=row.moved_at, now=tx.now)
    if move is not None:
        await moved(tx, system_actor(tx.tenant), row, move)
        return
    await set_deadline(tx, row.rollout_id, LOOK, tx.now + plan.every)
    await tell(tx, row, RolloutEvent.LOOK_DUE)
    is_silent = state in AT_WORK and tx.now - row.heard_at > plan.silence
    if is_silent and row.told_silent_at is None:
        row = await store.change(tx, row.rollout_id, {"told_silent_at": tx.now})
        await tell(tx, row, RolloutEvent.WENT_SILENT, since=row.heard_at.isoformat())


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {LOOK: _on_look}
