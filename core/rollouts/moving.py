"""What every use case of rollouts ends with: a move that is recorded and told, and the clock that follows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.actor import Actor
from core.audit import AuditCategory, record
from core.db import Transaction
from core.deadlines import clear, set_deadline
from core.outbox import emit
from core.rollouts import store
from core.rollouts.errors import UnknownRollout
from core.rollouts.events import RolloutEvent
from core.rollouts.plan import Plan
from core.rollouts.rules import Move, known_when_ordered, progress_shown
from core.rollouts.state import OVER, Known, RolloutState

LOOK: Final = "rollouts.look"


async def hold(tx: Transaction, rollout_id: UUID) -> Row[Any]:
    """The rollout, locked. Raises UnknownRollout."""
    row = await store.lock(tx, rollout_id)
    if row is None:
        raise UnknownRollout(where="rollout")
    return row


async def moved(
    tx: Transaction, actor: Actor, row: Row[Any], move: Move, *, values: Mapping[str, Any] | None = None
) -> Row[Any]:
    """The rollout is in its new state, which is recorded and told; what is undone is ordered from the platform."""
    reasons = list(dict.fromkeys([*row.reasons, *move.reasons]))
    is_over, is_undone = move.to in OVER, move.to is RolloutState.ROLLING_BACK
    changed = await store.change(
        tx,
        row.rollout_id,
        {
            **({"known": known_when_ordered(Known(row.known))} if is_undone else {}),
            **(values or {}),
            "state": move.to,
            "reasons": reasons,
            "moved_at": tx.now,
            "ended_at": tx.now if is_over else None,
            **({"progress": 0} if is_undone else {}),
        },
    )
    said = {"from": row.state, "to": str(move.to), "reasons": list(move.reasons)}
    await record(
        tx,
        actor,
        action=str(RolloutEvent.MOVED),
        resource=row.reference,
        subject_id=row.rollout_id,
        category=AuditCategory.USER if actor.user else AuditCategory.SYSTEM,
        details={"rollout": str(row.rollout_id), **said},
    )
    if is_undone:
        await tell(tx, changed, RolloutEvent.UNDO_ORDERED, reasons=list(move.reasons))
    await tell(tx, changed, RolloutEvent.MOVED, **said)
    if is_over:
        await clear(tx, row.rollout_id)
    else:
        await set_deadline(tx, row.rollout_id, LOOK, tx.now + Plan.from_json(row.plan).every)
    return changed


async def tell(tx: Transaction, row: Row[Any], event: RolloutEvent, **said: Any) -> None:
    """The event is on its way, with whose rollout it is and how that stands: whoever hears of it may do so late."""
    state = RolloutState(row.state)
    about = {
        "kind": row.kind,
        "subject": str(row.subject_id),
        "reference": row.reference,
        "state": state.value,
        "progress": progress_shown(state, row.progress),
    }
    await emit(tx, subject=f"rollout:{row.rollout_id}", type=event, data={**about, **said})
