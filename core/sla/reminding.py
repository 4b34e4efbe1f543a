"""Owners of actions are told of them, and reminded when they are due, until they are over (S6, S10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import PersonView, TokenScope, directory, permitted, require
from core.actor import Actor, system_actor
from core.audit import AuditCategory, record
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.ids import UserId
from core.outbox import emit
from core.roles.permissions import Permission
from core.sla import plan_store
from core.sla.errors import UnknownAction, WrongState
from core.sla.events import SlaEvent

ACTION: Final = "sla.action"
SUBJECT: Final = "sla_action"
REMIND_EVERY: Final = timedelta(days=1)  # of what is overdue


@dataclass(frozen=True, slots=True)
class OwedAction:
    """An action as its owner is told of it."""

    id: UUID
    service: str
    title: str
    why: str
    owner: PersonView
    due_at: datetime
    state: str
    evidence: str


async def give(tx: Transaction, actor: Actor, row: Row[Any]) -> None:
    """Its owner is told, and reminded when it is due."""
    await set_deadline(tx, row.action_id, ACTION, row.due_at)
    await _tell(tx, row, SlaEvent.ACTION_GIVEN, by=actor.name)


async def end(tx: Transaction, actor: Actor, row: Row[Any]) -> None:
    """Nobody is reminded any more, and what was told says that it is over."""
    await clear(tx, row.action_id, kind=ACTION)
    if row.owner_id is not None:
        await _tell(tx, row, SlaEvent.ACTION_ENDED, by=actor.name)


async def get_owed(database: Database, actor: Actor, action_id: UUID) -> OwedAction:
    """The open action, for whoever may finish it: its owner, or who may change configuration.

    Raises UnknownAction, WrongState, PermissionMissing.
    """
    async with permitted(database, actor, TokenScope.REQUEST, action="sla.action", resource=str(action_id)) as tx:
        found = await load_owed(tx, action_id)
        if found is None:
            raise UnknownAction(where="action")
        if found.owner.id != actor.user:
            await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        if found.state != "open":
            raise WrongState(f"It is {found.state} already.", where="state")
        return found


async def load_owed(tx: Transaction, action_id: UUID) -> OwedAction | None:
    """The action, for subscribers; None if nobody owns it."""
    rows = await plan_store.find_actions(tx, action_id=action_id)
    if not rows or rows[0].owner_id is None or rows[0].due_at is None:
        return None
    (row,) = rows
    owner = (await directory(tx)).people.get(UserId(row.owner_id))
    if owner is None:
        return None
    return OwedAction(row.action_id, row.service, row.title, row.why, owner, row.due_at, row.state, row.evidence)


async def _on_due(tx: Transaction, due: Due) -> None:
    """The owner hears that it is due, and again every day until it is over."""
    row = await plan_store.lock_action(tx, due.subject)
    if row is None or row.state != "open" or row.owner_id is None or row.due_at is None:
        return
    if row.due_at > tx.now:  # it has another day by now
        await set_deadline(tx, row.action_id, ACTION, row.due_at)
        return
    await set_deadline(tx, row.action_id, ACTION, tx.now + REMIND_EVERY)
    details = {"title": row.title, "owner": str(row.owner_id), "due_at": row.due_at.isoformat()}
    await record(
        tx,
        system_actor(tx.tenant),
        action=str(SlaEvent.ACTION_DUE),
        resource=row.service,
        subject_id=row.action_id,
        category=AuditCategory.PERFORMANCE,
        details=details,
    )
    await _tell(tx, row, SlaEvent.ACTION_DUE)


async def _tell(tx: Transaction, row: Row[Any], event: SlaEvent, *, by: str = "") -> None:
    said = {"service": row.service, "title": row.title, "owner": str(row.owner_id), "state": row.state, "by": by}
    await emit(tx, subject=f"{SUBJECT}:{row.action_id}", type=event, data=said)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {ACTION: _on_due}
