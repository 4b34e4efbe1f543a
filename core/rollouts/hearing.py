"""Use cases: what the platform says of a rollout, and what its checks came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from core.actor import system_actor
from core.db import Database
from core.ids import TenantId
from core.rollouts import rules, store
from core.rollouts.events import RolloutEvent
from core.rollouts.moving import hold, moved, tell
from core.rollouts.plan import Plan
from core.rollouts.rules import Move, Report, Result
from core.rollouts.state import CHECKED, OVER, Known, RolloutState, Said, target


async def hear(database: Database, tenant: TenantId, rollout_id: UUID, report: Report) -> RolloutState:
    """The report is taken; where the rollout is then. Late, repeated and disordered ones are harmless.

    Raises UnknownRollout.
    """
    async with database.tenant(tenant) as tx:
        row = await hold(tx, rollout_id)
        state, known, plan = RolloutState(row.state), Known(row.known), Plan.from_json(row.plan)
        move = rules.heard(state, known, plan, report)
        values: dict[str, Any] = {"known": rules.known_after(known, report.said)}
        if state in OVER and move is None:
            if values["known"] != known:
                await store.change(tx, rollout_id, values)
            return state
        values |= {"heard_at": tx.now, "told_silent_at": None}
        if report.message.strip():
            values["message"] = report.message.strip()[: rules.MESSAGE_MAX]
        if report.progress is not None:
            values["progress"] = min(100, max(0, report.progress))
        if report.metrics:
            values["metrics"] = {**row.metrics, **dict(list(report.metrics.items())[: rules.METRICS_MAX])}
        if move is not None:
            changed = await moved(tx, system_actor(tenant), row, move, values=values)
            return RolloutState(changed.state)
        changed = await store.change(tx, rollout_id, values)
        if (changed.progress, changed.message) != (row.progress, row.message) or row.told_silent_at is not None:
            await tell(tx, changed, RolloutEvent.PROGRESSED)
        return state


async def note_refused(
    database: Database, tenant: TenantId, rollout_id: UUID, reason: str, *, ordered: RolloutState
) -> None:
    """The platform does not take the order: a start is given up, and what cannot be undone has failed.

    `ordered`: where the rollout was when that was ordered. Where it is further by now, another order stands.
    """
    async with database.tenant(tenant) as tx:
        row = await hold(tx, rollout_id)
        to = target(Said.GIVE_UP, RolloutState(row.state))
        if to is not None and row.state == ordered:
            await moved(tx, system_actor(tenant), row, Move(to, (f"The platform refused the order: {reason}",)))


async def note_unknown(
    database: Database, tenant: TenantId, rollout_id: UUID, reason: str, *, ordered: RolloutState
) -> None:
    """The platform has no such rollout: one that is to be undone, and that it has never acknowledged, is undone so."""
    async with database.tenant(tenant) as tx:
        row = await hold(tx, rollout_id)
        move = rules.never_began(RolloutState(row.state), Known(row.known))
        if move is not None:
            await moved(tx, system_actor(tenant), row, move)
            return
    await note_refused(database, tenant, rollout_id, reason, ordered=ordered)


async def record_round(
    database: Database, tenant: TenantId, rollout_id: UUID, results: Sequence[Result]
) -> RolloutState:
    """What the checks came to stands with the rollout, and what follows from it has happened; where it is then."""
    async with database.tenant(tenant) as tx:
        row = await hold(tx, rollout_id)
        state, plan = RolloutState(row.state), Plan.from_json(row.plan)
        if state not in CHECKED:
            return state
        if results:
            await store.add_round(tx, rollout_id, state, tx.now, results)
        rounds = await store.rounds(tx, rollout_id, since=row.moved_at)
        move = rules.judged(state, plan, rounds, since=row.moved_at, now=tx.now)
        if move is None:
            if results:
                await tell(tx, row, RolloutEvent.PROGRESSED)
            return state
        return RolloutState((await moved(tx, system_actor(tenant), row, move)).state)
