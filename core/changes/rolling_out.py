"""What a change hears of its rollout, so that the registry says what is true (G6, G7, G10)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from core.actor import system_actor
from core.audit import AuditCategory
from core.changes import drilling, implementing, rolling_back, rules
from core.changes.alarm import raised, told_of
from core.changes.catalogue import ChangeCatalogue
from core.changes.events import ChangeEvent
from core.changes.loading import Held, hold, policy_of, settle_on
from core.changes.policy import ChangePolicy
from core.changes.state import ChangeState, Step, target
from core.db import Database, Transaction
from core.outbox import Event
from core.rollouts import RolloutEvent, RolloutState, RolloutView, rollouts_of

HEARD_OF_ROLLOUTS: Final = frozenset(map(str, (RolloutEvent.MOVED, RolloutEvent.PROGRESSED, RolloutEvent.WENT_SILENT)))


async def hear_of_rollout(database: Database, catalogue: ChangeCatalogue, event: Event) -> None:
    """The change, or the drill, stands where its rollout leads; heard again, nothing happens."""
    if event.data["kind"] == "drill":
        await drilling.hear(database, event)
        return
    async with database.tenant(event.tenant) as tx:
        policy = await policy_of(tx, catalogue)
        held = await hold(tx, UUID(event.data["subject"]))
        rollout = (await rollouts_of(tx, [held.id])).get(held.id)
        if rollout is None or rollout.id != event.subject_id:
            return  # of a rollout that another has followed
        match event.type:
            case RolloutEvent.PROGRESSED:
                await _note(tx, held, ChangeEvent.PROGRESSED)
            case RolloutEvent.WENT_SILENT:
                what = f"Nothing is heard of the agent platform since {event.data['since'][:16]} UTC."
                values = await raised(tx, policy, held, what)
                await _note(tx, held, ChangeEvent.WENT_SILENT, values=values, reason=what, **told_of(values))
            case _:
                await _moved(tx, policy, held, rollout, RolloutState(event.data["to"]), tuple(event.data["reasons"]))


async def _moved(
    tx: Transaction,
    policy: ChangePolicy,
    held: Held,
    rollout: RolloutView,
    to: RolloutState,
    reasons: tuple[str, ...],
) -> None:
    who = system_actor(tx.tenant)
    match to:
        case RolloutState.WATCHING:
            if target(Step.COMPLETE, held.state) is not None:
                await implementing.completed(tx, who, held, rollout.message)
        case RolloutState.SUCCEEDED:
            if held.state is ChangeState.VALIDATE:
                notes = (
                    "; ".join(f"{each.name}: {each.value}" for each in rollout.checks) or "Nothing was to be checked."
                )
                await implementing.validated(tx, who, held, rules.PASSED, notes)
        case RolloutState.ROLLING_BACK:
            why = " ".join(reasons)
            is_told = held.row.note in {*reasons, why}  # of a person's order; or this was heard before
            if held.state in rules.CAN_ROLL_BACK and not is_told:
                await _note(tx, held, ChangeEvent.ROLLBACK_STARTED, values={"note": why}, reason=why)
        case RolloutState.RECOVERING:
            if held.state in rules.CAN_ROLL_BACK:
                await rolling_back.undone(tx, who, held, reasons or rollout.reasons)
            elif held.state is ChangeState.CLOSED:  # done there, and decided by nobody here (X8)
                await _alarm(tx, policy, held, f"It was rolled back after it was closed. {' '.join(reasons)}")
        case RolloutState.ROLLED_BACK:
            if _waits_for_recovery(held):
                seen = "; ".join(f"{each.name}: {each.value}" for each in rollout.checks)
                await rolling_back.recovered(tx, who, held, seen or "Nothing was to be checked.")
        case RolloutState.FAILED:
            await _failed(tx, policy, held, " ".join(reasons))
        case _:
            await _note(tx, held, ChangeEvent.PROGRESSED)


async def _failed(tx: Transaction, policy: ChangePolicy, held: Held, why: str) -> None:
    """It is neither out nor undone, or what was undone does not work: somebody must look at once."""
    if _waits_for_recovery(held):
        await rolling_back.not_recovered(tx, policy, system_actor(tx.tenant), held, why)
    elif held.state in rules.CAN_ROLL_BACK:
        await _alarm(tx, policy, held, why)


async def _alarm(tx: Transaction, policy: ChangePolicy, held: Held, why: str) -> None:
    values = {"note": why, **await raised(tx, policy, held, why)}
    await _note(tx, held, ChangeEvent.ROLLOUT_FAILED, values=values, reason=why, **told_of(values))


def _waits_for_recovery(held: Held) -> bool:
    return held.state is ChangeState.ROLLED_BACK and (held.row.recovery or {}).get("state") == "due"


async def _note(
    tx: Transaction, held: Held, event: ChangeEvent, *, values: dict[str, Any] | None = None, **said: Any
) -> None:
    await settle_on(
        tx, system_actor(tx.tenant), held, event, values=values or {}, details=said, category=AuditCategory.SYSTEM
    )
