"""What was done under a bypass, told by the gate as it allows it, and what became of that (E5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.actor import Actor
from core.db import Transaction
from core.emergency import part_store, store
from core.emergency.events import EmergencyEvent
from core.ids import BypassId
from core.outbox import emit


@dataclass(frozen=True, slots=True)
class Use:
    """One action that the gate allows because of a bypass. `before` None: there was no such agent."""

    decision_id: UUID
    bypass_id: BypassId
    action: str
    resource: str
    context: Mapping[str, Any]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


async def note_use(tx: Transaction, actor: Actor, use: Use) -> None:
    """The action stands under its bypass, and whoever follows that hears of it."""
    await part_store.add_use(
        tx,
        decision_id=use.decision_id,
        bypass_id=use.bypass_id,
        user_id=actor.user,
        action=use.action,
        resource_name=use.resource,
        context=dict(use.context),
        before=None if use.before is None else dict(use.before),
        after=dict(use.after),
        used_at=tx.now,
    )
    reference = f"BYP-{(await store.numbers(tx, [use.bypass_id]))[use.bypass_id]}"
    await emit(
        tx,
        subject=f"bypass:{use.bypass_id}",
        type=EmergencyEvent.USED,
        data={"reference": reference, "action": use.action, "resource": use.resource, "by": actor.email},
    )


async def note_outcome(tx: Transaction, decision_id: UUID, outcome: str) -> None:
    """What the platform reports stands beside what was allowed, if a bypass allowed it."""
    await part_store.set_outcome(tx, decision_id, outcome)
