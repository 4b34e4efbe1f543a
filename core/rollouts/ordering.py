"""Use cases: a rollout is opened, undone, given up, looked at. Inside the transaction of whoever it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, permitted
from core.actor import Actor
from core.db import Database, Transaction
from core.deadlines import set_deadline
from core.ids import uuid7
from core.outbox import Event
from core.rollouts import store
from core.rollouts.errors import CannotUndo
from core.rollouts.events import RolloutEvent
from core.rollouts.moving import LOOK, hold, moved, tell
from core.rollouts.plan import Check, Plan
from core.rollouts.rules import Move, progress_shown
from core.rollouts.state import AT_WORK, CHECKED, Known, RolloutState, Said, target
from core.rollouts.views import CheckView, RolloutView


@dataclass(frozen=True, slots=True)
class Work:
    """What the platform is to do, and for what. `kind` is change or drill."""

    kind: str
    subject_id: UUID
    reference: str
    title: str
    resources: Sequence[str]
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A rollout as whoever speaks with the platform needs it."""

    id: UUID
    kind: str
    reference: str
    title: str
    resources: tuple[str, ...]
    environment: str
    state: RolloutState
    reasons: tuple[str, ...]
    ordered_by: str
    plan: Plan
    metrics: Mapping[str, float]


async def open_rollout(tx: Transaction, actor: Actor, work: Work, plan: Plan) -> UUID:
    """The rollout is there, and the platform will be told to begin."""
    rollout_id = uuid7()
    await store.add(
        tx,
        {
            "rollout_id": rollout_id,
            "kind": work.kind,
            "subject_id": work.subject_id,
            "reference": work.reference,
            "title": work.title,
            "resources": list(work.resources),
            "environment": work.environment,
            "state": RolloutState.STARTING,
            "known": Known.NOTHING,
            "plan": plan.to_json(),
            "ordered_by": actor.name,
            "moved_at": tx.now,
            "heard_at": tx.now,
            "created_at": tx.now,
        },
    )
    await tell(tx, await hold(tx, rollout_id), RolloutEvent.START_ORDERED)
    await set_deadline(tx, rollout_id, LOOK, tx.now + plan.every)
    return rollout_id


async def undo(tx: Transaction, actor: Actor, rollout_id: UUID, *, reason: str) -> bool:
    """The platform will be told to roll it back. False if that is under way already: of two orders one counts.

    Raises CannotUndo for what is undone already.
    """
    row = await hold(tx, rollout_id)
    state = RolloutState(row.state)
    if state in (RolloutState.ROLLING_BACK, RolloutState.RECOVERING):
        return False
    to = target(Said.UNDO, state)
    if to is None:
        raise CannotUndo(f"The rollout of {row.reference} is {state.replace('_', ' ')}.", where="state")
    await moved(tx, actor, row, Move(to, (reason,)))
    return True


async def end_rollout(tx: Transaction, actor: Actor, rollout_id: UUID, *, reason: str) -> None:
    """Nobody waits for it any more."""
    row = await hold(tx, rollout_id)
    if (to := target(Said.GIVE_UP, RolloutState(row.state))) is not None:
        await moved(tx, actor, row, Move(to, (reason,)))


async def rollouts_of(tx: Transaction, subjects: Collection[UUID]) -> dict[UUID, RolloutView]:
    """The last rollout of each of these changes that has one."""
    if not subjects:
        return {}
    latest = await store.latest_of(tx, subjects)
    shown = await _views(tx, list(latest.values()))
    return {each.subject_id: each for each in shown}


async def page_of_drills(
    database: Database, actor: Actor, *, after: UUID | None, limit: int
) -> tuple[RolloutView, ...]:
    """Drills, the newest first, with what they came to."""
    async with permitted(database, actor, TokenScope.READ, action="drill.list", resource="drills") as tx:
        return await _views(tx, await store.page(tx, "drill", after=after, limit=limit))


async def drill_view(tx: Transaction, rollout_id: UUID) -> RolloutView:
    """The rollout as doors show it. Raises UnknownRollout."""
    return (await _views(tx, [await hold(tx, rollout_id)]))[0]


async def load_order(database: Database, event: Event) -> Order | None:
    """The rollout of the event as it is now; None if it is gone."""
    async with database.tenant(event.tenant) as tx:
        row = await store.by_id(tx, event.subject_id)
    if row is None:
        return None
    return Order(
        id=row.rollout_id,
        kind=row.kind,
        reference=row.reference,
        title=row.title,
        resources=tuple(row.resources),
        environment=row.environment,
        state=RolloutState(row.state),
        reasons=tuple(row.reasons),
        ordered_by=row.ordered_by,
        plan=Plan.from_json(row.plan),
        metrics=row.metrics,
    )


async def _views(tx: Transaction, rows: Sequence[Row[Any]]) -> tuple[RolloutView, ...]:
    if not rows:
        return ()
    made = await store.last_checks(tx, [row.rollout_id for row in rows])
    return tuple(_view(row, made.get(row.rollout_id, {}), now=tx.now) for row in rows)


def _view(row: Row[Any], made: Mapping[str, Row[Any]], *, now: datetime) -> RolloutView:
    plan, state = Plan.from_json(row.plan), RolloutState(row.state)
    is_watched = state in CHECKED
    return RolloutView(
        id=row.rollout_id,
        kind=row.kind,
        subject_id=row.subject_id,
        reference=row.reference,
        title=row.title,
        resources=tuple(row.resources),
        environment=row.environment,
        state=row.state,
        progress=progress_shown(state, row.progress),
        message=row.message,
        reasons=tuple(row.reasons),
        checks=tuple(_check(each, made.get(each.name)) for each in plan.checks),
        ordered_by=row.ordered_by,
        is_silent=state in AT_WORK and now - row.heard_at > plan.silence,
        watched_until=row.moved_at + plan.watch if is_watched else None,
        created_at=row.created_at,
        moved_at=row.moved_at,
        ended_at=row.ended_at,
    )


def _check(check: Check, row: Row[Any] | None) -> CheckView:
    wanted = check.bounds or "answers"
    return (
        CheckView(check.name, wanted, row.passed, row.value, row.at)
        if row
        else CheckView(check.name, wanted, None, "", None)
    )
