"""What a change hears of its rollout, so that the registry says what is true (G6, G7, G10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from core.actor import system_actor
from core.audit import AuditCategory
from core.changes import drilling, implementing, rolling_back, rules
from core.changes.alarm import raised, silence_over, told_of
from core.changes.catalogue import ChangeCatalogue
from core.changes.events import ChangeEvent
from core.changes.loading import Held, hold, policy_of, settle_on
from core.changes.policy import ChangePolicy
from core.changes.state import ENDS, ChangeState, Step, target
from core.changes.timetable import told_at
from core.db import Database, Transaction
from core.one_line import as_sentences
from core.outbox import Event
from core.rollouts import RolloutEvent, RolloutState, RolloutView, rollouts_of
from core.tenants import tenant_policy

_OVER_HERE: Final = {ChangeState.CLOSED: "was closed", ChangeState.FAILED: "was given up"}
HEARD_OF_ROLLOUTS: Final = frozenset(map(str, (RolloutEvent.MOVED, RolloutEvent.PROGRESSED, RolloutEvent.WENT_SILENT)))


@dataclass(frozen=True, slots=True)
class _Moved:
    """The rollout as it is, and the move that is told of: others may have followed it."""

    rollout: RolloutView
    before: RolloutState
    to: RolloutState
    reasons: tuple[str, ...]

    @property
    def why(self) -> str:
        """The reasons as one text."""
        return as_sentences(self.reasons)


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
        if not rollout.is_silent:
            held = await silence_over(tx, held)
        match event.type:
            case RolloutEvent.PROGRESSED:
                await _note(tx, held, ChangeEvent.PROGRESSED)
            case RolloutEvent.WENT_SILENT:
                since = told_at(datetime.fromisoformat(event.data["since"]), (await tenant_policy(tx)).time_zone)
                what = f"Nothing is heard of the agent platform since {since}."
                values = await raised(tx, policy, held, what, is_silence=True)
                await _note(tx, held, ChangeEvent.WENT_SILENT, values=values, reason=what, **told_of(values))
            case _:
                before, to = (RolloutState(event.data[key]) for key in ("from", "to"))
                moved = _Moved(rollout, before, to, tuple(event.data["reasons"]))
                await (_after_the_end if held.state in ENDS else _moved)(tx, policy, held, moved)


async def _moved(tx: Transaction, policy: ChangePolicy, held: Held, moved: _Moved) -> None:
    who, rollout = system_actor(tx.tenant), moved.rollout
    match moved.to:
        case RolloutState.WATCHING:
            if target(Step.COMPLETE, held.state) is not None:
                await implementing.completed(tx, who, held, rollout.message)
        case RolloutState.SUCCEEDED:
            if held.state is ChangeState.VALIDATE:
                await implementing.validated(tx, who, held, rules.PASSED, _seen(rollout))
        case RolloutState.ROLLING_BACK:
            is_told = held.row.note in {*moved.reasons, moved.why}  # of a person's order; or this was heard before
            if held.state in rules.CAN_ROLL_BACK and not is_told:
                await _note(tx, held, ChangeEvent.ROLLBACK_STARTED, values={"note": moved.why}, reason=moved.why)
        case RolloutState.RECOVERING:
            if held.state in rules.CAN_ROLL_BACK:
                await rolling_back.undone(tx, who, held, moved.reasons or rollout.reasons)
        case RolloutState.ROLLED_BACK:
            if moved.before is RolloutState.ROLLING_BACK and held.state in rules.CAN_ROLL_BACK:  # it had never begun
                held = await rolling_back.undone(tx, who, held, rollout.reasons)
                await rolling_back.recovered(tx, who, held, moved.why)
        case RolloutState.FAILED:  # it is neither out nor undone: somebody must look at once
            if held.state in rules.CAN_ROLL_BACK:
                await _alarm(tx, policy, held, moved, ChangeEvent.ROLLOUT_FAILED, moved.why)
        case _:
            await _note(tx, held, ChangeEvent.PROGRESSED)


async def _after_the_end(tx: Transaction, policy: ChangePolicy, held: Held, moved: _Moved) -> None:
    """What is done there after the change is over here, and was decided by nobody here, is told and alarmed (X8)."""
    who, rollout = system_actor(tx.tenant), moved.rollout
    is_recovering = held.state is ChangeState.ROLLED_BACK and (held.row.recovery or {}).get("state") == "due"
    match moved.to:
        case RolloutState.ROLLED_BACK if is_recovering:
            await rolling_back.recovered(tx, who, held, _seen(rollout))
        case RolloutState.FAILED if is_recovering:
            await rolling_back.not_recovered(tx, policy, who, held, moved.why)
        case RolloutState.RECOVERING if held.state in _OVER_HERE:
            what = f"It was rolled back after it {_OVER_HERE[held.state]}. {moved.why}".strip()
            await _alarm(tx, policy, held, moved, ChangeEvent.UNDONE_LATE, what)
        case RolloutState.ROLLING_BACK if moved.before is RolloutState.ROLLED_BACK:  # begun there after all
            await _alarm(tx, policy, held, moved, ChangeEvent.ROLLOUT_FAILED, moved.why)
        case RolloutState.FAILED if rollout.moved_at > held.row.ended_at:  # and not given up with it
            await _alarm(tx, policy, held, moved, ChangeEvent.ROLLOUT_FAILED, moved.why)
        case _:
            await _note(tx, held, ChangeEvent.PROGRESSED)


async def _alarm(
    tx: Transaction, policy: ChangePolicy, held: Held, moved: _Moved, event: ChangeEvent, why: str
) -> None:
    """People are told of this move until somebody looks after it; heard again, it is told already."""
    alarm = held.row.alarm
    if alarm and alarm["what"] == why and datetime.fromisoformat(alarm["at"]) >= moved.rollout.moved_at:
        return
    values = {"note": why, **await raised(tx, policy, held, why)}
    await _note(tx, held, event, values=values, reason=why, **told_of(values))


def _seen(rollout: RolloutView) -> str:
    """What its checks last saw."""
    return "; ".join(f"{each.name}: {each.value}" for each in rollout.checks) or "Nothing was to be checked."


async def _note(
    tx: Transaction, held: Held, event: ChangeEvent, *, values: dict[str, Any] | None = None, **said: Any
) -> None:
    await settle_on(
        tx, system_actor(tx.tenant), held, event, values=values or {}, details=said, category=AuditCategory.SYSTEM
    )
