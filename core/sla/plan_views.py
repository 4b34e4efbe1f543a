"""Plans and actions as they stand now, with what they have changed (S6, S10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import PersonView, directory
from core.db import Transaction
from core.ids import UserId
from core.sla import plan_store, sample_store
from core.sla.effects import Effect, effect
from core.sla.errors import UnknownAction, UnknownPlan
from core.sla.measuring import figures, measure_all
from core.sla.promises import Promises
from core.sla.windows import DAY, Span

COMPARED: Final = 7 * DAY  # before and after an action


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """Something that is to make a service better, and what it has changed once it is done."""

    id: UUID
    plan_id: UUID | None
    service: str
    title: str
    why: str
    owner: PersonView | None
    due_at: datetime | None
    is_overdue: bool
    state: str
    evidence: str
    done_by: PersonView | None
    created_at: datetime
    done_at: datetime | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    effect: Effect | None  # None until it is done


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan. `now` are the figures of the last week, `before` those that it was drafted from."""

    id: UUID
    reference: str
    service: str
    title: str
    state: str
    findings: tuple[str, ...]
    before: dict[str, Any]
    now: dict[str, Any] | None
    effect: Effect | None
    actions: tuple[ActionView, ...]
    author: PersonView | None
    note: str
    created_at: datetime
    adopted_at: datetime | None
    closed_at: datetime | None


async def plan_view(tx: Transaction, promised: Promises, plan_id: UUID) -> PlanView:
    """The plan. Raises UnknownPlan."""
    row = await plan_store.plan_by_id(tx, plan_id)
    if row is None:
        raise UnknownPlan(where="plan")
    (view,) = await plan_views(tx, promised, [row])
    return view


async def plan_views(tx: Transaction, promised: Promises, rows: Sequence[Row[Any]]) -> tuple[PlanView, ...]:
    """These plans with their actions, in as many statements as for one."""
    people = (await directory(tx)).people if rows else {}
    of_plans = await plan_store.actions_of_plans(tx, [row.plan_id for row in rows])
    actions: dict[UUID, list[ActionView]] = {row.plan_id: [] for row in rows}
    for each in await action_views(tx, promised, of_plans):
        assert each.plan_id is not None  # they were found by it
        actions[each.plan_id].append(each)
    nows = await _nows(tx, promised, rows)
    return tuple(_plan(row, nows.get(row.plan_id), actions[row.plan_id], people) for row in rows)


async def action_view(tx: Transaction, promised: Promises, action_id: UUID) -> ActionView:
    """The action. Raises UnknownAction."""
    rows = await plan_store.find_actions(tx, action_id=action_id)
    if not rows:
        raise UnknownAction(where="action")
    (view,) = await action_views(tx, promised, rows)
    return view


async def action_views(tx: Transaction, promised: Promises, rows: Sequence[Row[Any]]) -> tuple[ActionView, ...]:
    """These actions with what they have changed, in as many statements as for one."""
    people = (await directory(tx)).people if rows else {}
    afters = await _afters(tx, promised, rows)
    found = []
    for row in rows:
        after = afters.get(row.action_id)
        found.append(
            ActionView(
                id=row.action_id,
                plan_id=row.plan_id,
                service=row.service,
                title=row.title,
                why=row.why,
                owner=people.get(UserId(row.owner_id)) if row.owner_id else None,
                due_at=row.due_at,
                is_overdue=plan_store.is_late(row, tx.now),
                state=row.state,
                evidence=row.evidence,
                done_by=people.get(UserId(row.done_by)) if row.done_by else None,
                created_at=row.created_at,
                done_at=row.done_at,
                before=row.before,
                after=after,
                effect=effect(row.before, after) if after is not None and row.state == "done" else None,
            )
        )
    return tuple(found)


async def _afters(tx: Transaction, promised: Promises, rows: Sequence[Row[Any]]) -> dict[UUID, dict[str, Any]]:
    """By action, the figures of the week after it was done, as far as that has come."""
    done = [row for row in rows if row.done_at is not None and row.before is not None]
    services = await _services(tx, done)
    done = [row for row in done if row.service in services]
    spans = [(services[row.service], Span(row.done_at, min(row.done_at + COMPARED, tx.now))) for row in done]
    measured = await measure_all(tx, promised, spans)
    return {row.action_id: figures(found.whole()) for row, found in zip(done, measured, strict=True)}


async def _nows(tx: Transaction, promised: Promises, rows: Sequence[Row[Any]]) -> dict[UUID, dict[str, Any]]:
    """By plan, the figures of the last week that it was followed; of drafts none."""
    begun = [row for row in rows if row.state != "draft"]
    services = await _services(tx, begun)
    begun = [row for row in begun if row.service in services]
    spans = [(services[row.service], _followed(row, tx.now)) for row in begun]
    measured = await measure_all(tx, promised, spans)
    return {row.plan_id: figures(found.whole()) for row, found in zip(begun, measured, strict=True)}


async def _services(tx: Transaction, rows: Sequence[Row[Any]]) -> dict[str, Row[Any]]:
    return {row.service: row for row in await sample_store.load_services(tx, {row.service for row in rows})}


def _followed(row: Row[Any], now: datetime) -> Span:
    end = min(row.closed_at or now, now)
    return Span(max(row.adopted_at or end, end - COMPARED), end)


def _plan(
    row: Row[Any], now: dict[str, Any] | None, actions: Sequence[ActionView], people: Mapping[UserId, PersonView]
) -> PlanView:
    return PlanView(
        id=row.plan_id,
        reference=f"PLAN-{row.number}",
        service=row.service,
        title=row.title,
        state=row.state,
        findings=tuple(row.findings),
        before=row.before,
        now=now,
        effect=effect(row.before, now) if now is not None else None,
        actions=tuple(actions),
        author=people.get(UserId(row.author_id)) if row.author_id else None,
        note=row.note,
        created_at=row.created_at,
        adopted_at=row.adopted_at,
        closed_at=row.closed_at,
    )
