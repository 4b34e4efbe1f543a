"""Improvement plans drafted from data, and actions with owner and effect (S6, S10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, find_person, member_of, permitted, require
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.choices import check_choice
from core.db import Database, Transaction, next_number
from core.roles.permissions import Permission
from core.sla import plan_store
from core.sla.catalogue import SlaCatalogue
from core.sla.drafting import Proposed, propose
from core.sla.errors import InvalidPlan, UnknownAction, UnknownPlan, WrongState
from core.sla.judging import judge
from core.sla.measuring import figures, measure, service_row, span_until
from core.sla.plan_views import COMPARED, ActionView, PlanView, action_view, action_views, plan_view, plan_views
from core.sla.promises import promises_of
from core.sla.reminding import end, give
from core.sla.trending import trends_of
from core.sla.windows import DAY

DRAFTED_FROM: Final = 30  # days
TITLE_MAX: Final = 200  # characters
WORDS_MAX: Final = 2000
ENDS: Final = ("done", "dropped")


async def draft_plan(database: Database, catalogue: SlaCatalogue, actor: Actor, service: str) -> PlanView:
    """A draft with what the last thirty days say and what could be done about it. Raises UnknownService."""
    async with audited(database, actor, action="sla.plan_drafted", resource=service[:120]) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        promised = await promises_of(tx, catalogue)
        row = await service_row(tx, service)
        trends = await trends_of(tx, promised, service, days=DRAFTED_FROM)
        found = await measure(tx, promised, row, span_until(tx.now, DRAFTED_FROM * DAY))
        judged = [judge(found.over(each), row.last_at) for each in found.objectives]
        findings, proposed = propose(judged, trends)
        week = (await measure(tx, promised, row, span_until(tx.now, COMPARED))).whole()
        number = await next_number(tx, "PLAN")
        plan_id = await plan_store.add_plan(
            tx,
            {
                "number": number,
                "service": service,
                "title": f"Improve {service}"[:TITLE_MAX],
                "state": "draft",
                "findings": list(findings),
                "before": figures(week),
                "author_id": actor.user,
            },
        )
        await _propose(tx, plan_id, service, proposed)
        await _recorded(tx, actor, "sla.plan_drafted", f"PLAN-{number}", plan_id, service=service)
        return await plan_view(tx, promised, plan_id)


async def list_plans(
    database: Database,
    catalogue: SlaCatalogue,
    actor: Actor,
    *,
    service: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> tuple[PlanView, ...]:
    """Plans, newest first, beyond the number `after`."""
    async with permitted(database, actor, TokenScope.READ, action="sla.plans", resource="plans") as tx:
        promised = await promises_of(tx, catalogue)
        rows = await plan_store.page_of_plans(tx, service=service, after=after, limit=limit)
        return await plan_views(tx, promised, rows)


async def get_plan(database: Database, catalogue: SlaCatalogue, actor: Actor, plan_id: UUID) -> PlanView:
    """The plan. Raises UnknownPlan."""
    async with permitted(database, actor, TokenScope.READ, action="sla.plan", resource=str(plan_id)) as tx:
        return await plan_view(tx, await promises_of(tx, catalogue), plan_id)


async def adopt_plan(database: Database, catalogue: SlaCatalogue, actor: Actor, plan_id: UUID) -> PlanView:
    """It is no draft any more: its actions count from now on. Raises UnknownPlan, WrongState."""
    return await _move_plan(database, catalogue, actor, plan_id, "adopted", note="")


async def close_plan(
    database: Database, catalogue: SlaCatalogue, actor: Actor, plan_id: UUID, *, state: str, note: str
) -> PlanView:
    """It is done, or dropped. Raises UnknownPlan, WrongState."""
    if state not in ENDS:
        raise InvalidPlan(f"A plan does not end as '{state[:40]}'.", where="state", accepted=ENDS)
    return await _move_plan(database, catalogue, actor, plan_id, state, note=note)


async def add_action(  # noqa: PLR0913  the fields of a form, named
    database: Database,
    catalogue: SlaCatalogue,
    actor: Actor,
    *,
    service: str,
    title: str,
    owner: str,
    due_at: datetime,
    why: str = "",
    plan_id: UUID | None = None,
) -> ActionView:
    """Somebody is to do it until then. Raises UnknownService, UnknownPlan, UnknownPerson, InvalidPlan."""
    async with audited(database, actor, action="sla.action_added", resource=service[:120]) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        await service_row(tx, service)
        if plan_id is not None:
            await _plan_of(tx, plan_id, service)
        person = await find_person(tx, owner, where="owner")
        _check_due(tx, due_at)
        values = {"service": service, "title": _title(title), "why": why[:WORDS_MAX]}
        action_id = await plan_store.add_action(
            tx, {**values, "plan_id": plan_id, "owner_id": person.id, "due_at": due_at}
        )
        await _recorded(tx, actor, "sla.action_added", service, action_id, title=title, owner=person.email)
        await give(tx, actor, await _open_action(tx, action_id))
        return await action_view(tx, await promises_of(tx, catalogue), action_id)


async def take_action(
    database: Database, catalogue: SlaCatalogue, actor: Actor, action_id: UUID, *, owner: str, due_at: datetime
) -> ActionView:
    """It is this person's, until then. Raises UnknownAction, WrongState, UnknownPerson."""
    async with audited(database, actor, action="sla.action_given", resource=str(action_id)) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        row = await _open_action(tx, action_id)
        if row.plan_id is not None:
            await _plan_of(tx, row.plan_id, row.service)
        person = await find_person(tx, owner, where="owner")
        _check_due(tx, due_at)
        await plan_store.change_action(tx, action_id, {"owner_id": person.id, "due_at": due_at})
        await _recorded(tx, actor, "sla.action_given", row.service, action_id, owner=person.email)
        await give(tx, actor, await _open_action(tx, action_id))
        return await action_view(tx, await promises_of(tx, catalogue), action_id)


async def finish_action(
    database: Database, catalogue: SlaCatalogue, actor: Actor, action_id: UUID, *, state: str, evidence: str
) -> ActionView:
    """It is done, and its effect is measured from now on; or dropped. By its owner, or who may change configuration.

    Raises UnknownAction, WrongState, InvalidPlan, PermissionMissing.
    """
    if state not in ENDS:
        raise InvalidPlan(f"An action does not end as '{state[:40]}'.", where="state", accepted=ENDS)
    async with permitted(
        database, actor, TokenScope.REQUEST, action=f"sla.action_{state}", resource=str(action_id)
    ) as tx:
        row = await _open_action(tx, action_id)
        if row.owner_id is None or row.owner_id != actor.user:
            await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        promised = await promises_of(tx, catalogue)
        before = (await measure(tx, promised, await service_row(tx, row.service), span_until(tx.now, COMPARED))).whole()
        values = {
            "state": state,
            "before": figures(before),
            "evidence": evidence[:WORDS_MAX],
            "done_by": member_of(actor),
            "done_at": tx.now,
        }
        await plan_store.change_action(tx, action_id, values)
        await end(tx, actor, row)
        await _recorded(tx, actor, f"sla.action_{state}", row.service, action_id, title=row.title)
        return await action_view(tx, promised, action_id)


async def list_actions(
    database: Database,
    catalogue: SlaCatalogue,
    actor: Actor,
    *,
    service: str | None = None,
    state: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> tuple[ActionView, ...]:
    """Actions, newest first, with what those that are done have changed. Raises InvalidInput for no state of one."""
    check_choice("state", state, ("open", *ENDS))
    async with permitted(database, actor, TokenScope.READ, action="sla.actions", resource="actions") as tx:
        promised = await promises_of(tx, catalogue)
        rows = await plan_store.find_actions(tx, service=service, state=state, after=after, limit=limit)
        return await action_views(tx, promised, rows)


async def _move_plan(
    database: Database, catalogue: SlaCatalogue, actor: Actor, plan_id: UUID, state: str, *, note: str
) -> PlanView:
    async with audited(database, actor, action=f"sla.plan_{state}", resource=str(plan_id)) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        row = await plan_store.lock_plan(tx, plan_id)
        if row is None:
            raise UnknownPlan(where="plan")
        if row.state in ENDS or (state == "adopted" and row.state != "draft"):
            raise WrongState(f"PLAN-{row.number} is {row.state} already.", where="state")
        at = {"adopted_at": tx.now} if state == "adopted" else {"closed_at": tx.now, "note": note[:WORDS_MAX]}
        await plan_store.change_plan(tx, plan_id, {"state": state, **at})
        if state in ENDS:
            await _drop_open(tx, actor, plan_id, f"PLAN-{row.number}")
        await _recorded(tx, actor, f"sla.plan_{state}", f"PLAN-{row.number}", plan_id, note=note[:WORDS_MAX])
        return await plan_view(tx, await promises_of(tx, catalogue), plan_id)


async def _drop_open(tx: Transaction, actor: Actor, plan_id: UUID, plan: str) -> None:
    """Nobody is reminded any more of what a plan asked for that is over."""
    for row in await plan_store.open_actions(tx, plan_id):
        values = {"state": "dropped", "evidence": f"{plan} is over.", "done_by": member_of(actor), "done_at": tx.now}
        await plan_store.change_action(tx, row.action_id, values)
        await end(tx, actor, row)
        await _recorded(tx, actor, "sla.action_dropped", row.service, row.action_id, title=row.title)


async def _plan_of(tx: Transaction, plan_id: UUID, service: str) -> None:
    """Raises UnknownPlan, or WrongState for one that is over or of another service."""
    row = await plan_store.plan_by_id(tx, plan_id)
    if row is None:
        raise UnknownPlan(where="plan")
    if row.state in ENDS:
        raise WrongState(f"PLAN-{row.number} is {row.state} already.", where="plan")
    if row.service != service:
        raise WrongState(f"PLAN-{row.number} is of {row.service}.", where="plan")


async def _propose(tx: Transaction, plan_id: UUID, service: str, proposed: Sequence[Proposed]) -> None:
    for each in proposed:
        values = {"plan_id": plan_id, "service": service, "title": each.title[:TITLE_MAX], "why": each.why}
        await plan_store.add_action(tx, values)


async def _open_action(tx: Transaction, action_id: UUID) -> Row[Any]:
    row = await plan_store.lock_action(tx, action_id)
    if row is None:
        raise UnknownAction(where="action")
    if row.state != "open":
        raise WrongState(f"It is {row.state} already.", where="state")
    return row


async def _recorded(tx: Transaction, actor: Actor, action: str, resource: str, subject: UUID, **details: Any) -> None:
    category = AuditCategory.PERFORMANCE
    await record(tx, actor, action=action, resource=resource, subject_id=subject, category=category, details=details)


def _check_due(tx: Transaction, due_at: datetime) -> None:
    last = tx.now + timedelta(days=366)
    if not tx.now < due_at <= last:
        accepted = (f"after now, until {last:%Y-%m-%d}",)
        raise InvalidPlan("An action is due within a year from now.", where="due_at", accepted=accepted)


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not title:
        raise InvalidPlan("Say what is to be done.", where="title")
    return title[:TITLE_MAX]
